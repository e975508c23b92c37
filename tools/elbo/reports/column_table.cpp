#include "reports/column_table.h"

#include <algorithm>
#include <iostream>
#include <numeric>

#include "base/text.h"
#include "reports/report.h"
#include "reports/width.h"

namespace elbo::command {
namespace {

std::vector<std::size_t> widths_of(const std::vector<TableLine>& lines) {
  std::vector<std::size_t> widths;
  for (const TableLine& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], characters(line[i]));
  }
  return widths;
}

std::size_t line_width(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), 2 * (widths.size() - 1));
}

/// Leaves out last columns, at most `spare`, until a line fits.
void leave_out(std::vector<std::size_t>& widths, std::size_t spare) {
  for (; spare > 0 && widths.size() > 1 && line_width(widths) > table_width(); --spare) widths.pop_back();
}

/// Takes from the widest text until a line fits, or all texts are short.
void shorten(std::vector<std::size_t>& widths, std::size_t texts) {
  constexpr std::size_t kShort = 12;
  texts = std::min(texts, widths.size());
  while (texts > 1 && line_width(widths) > table_width()) {
    const auto widest = std::max_element(widths.begin() + 1, widths.begin() + static_cast<long>(texts));
    if (*widest <= kShort) return;
    --*widest;
  }
}

}  // namespace

void print_columns(std::vector<TableLine> lines, std::size_t texts, std::size_t spare) {
  std::vector<std::size_t> widths = widths_of(lines);
  if (widths.empty()) return;
  if (has_table_width()) {
    leave_out(widths, spare);
    shorten(widths, texts);
  }
  for (const TableLine& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < std::min(line.size(), widths.size()); ++i) {
      const int width = static_cast<int>(widths[i]);
      text += (i > 0 ? "  " : "") + padded(shortened(line[i], widths[i]), i < texts ? -width : width);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    std::cout << text << '\n';
  }
}

namespace {

/// Words in lines of at most `width` characters, each after `indent` blanks; the first line begins at `at`.
std::string wrapped_words(const std::string& text, std::size_t at, std::size_t indent, std::size_t width) {
  std::string lines;
  bool first = true;
  for (const std::string_view word : data::words(text)) {
    const std::size_t length = characters(word);
    if (!first && at + 1 + length > width) {
      lines += '\n' + std::string(indent, ' ');
      at = indent;
      first = true;
    }
    if (!first) lines += ' ';
    lines += word;
    at += length + (first ? 0 : 1);
    first = false;
  }
  return lines;
}

constexpr std::size_t kBelow = 6;  // the indent of texts that begin below their names
constexpr std::size_t kDeep = 20;  // a text so far to the right goes on with the line above

std::size_t blanks_at(const std::string& line, std::size_t from) {
  return std::min(line.find_first_not_of(' ', from), line.size()) - from;
}

/// Where the text after a gap of two blanks begins; the line's size if it has no gap.
std::size_t text_after_gap(const std::string& line) {
  const std::size_t gap = line.find("  ", blanks_at(line, 0));
  return gap == std::string::npos ? line.size() : gap + blanks_at(line, gap);
}

std::string fitted_line(const std::string& line, std::size_t width) {
  const std::size_t margin = blanks_at(line, 0), text = text_after_gap(line);
  const bool own_line = margin > width / 2;  // a text whose name is in the line above
  if (own_line) return std::string(kBelow, ' ') + wrapped_words(line, kBelow, kBelow, width);
  if (text < line.size() && text > width / 2) {
    const std::string name = line.substr(margin, line.find_last_not_of(' ', text - 1) + 1 - margin);
    return std::string(margin, ' ') + wrapped_words(name, margin, margin + 2, width) + '\n' +
           std::string(kBelow, ' ') + wrapped_words(line.substr(text), kBelow, kBelow, width);
  }
  if (characters(line) <= width) return line;
  if (text == line.size()) {
    const bool list = margin > 0 && margin < kDeep;
    return std::string(margin, ' ') + wrapped_words(line, margin, list ? margin + 2 : margin, width);
  }
  return line.substr(0, text) + wrapped_words(line.substr(text), text, text, width);
}

}  // namespace

std::string wrapped(const std::string& text, std::size_t indent) {
  return has_table_width() ? wrapped_words(text, indent, indent, table_width()) : text;
}

std::string fitted(const std::string& text) {
  if (!has_table_width()) return text;
  std::string lines;
  for (const std::string_view line : data::pieces(text, '\n'))
    lines += fitted_line(std::string(line), table_width()) + '\n';
  if (!text.ends_with('\n') && !lines.empty()) lines.pop_back();
  return lines;
}

void print_described(const std::vector<std::pair<std::string, std::string>>& names) {
  std::size_t width = 0;
  for (const auto& [name, text] : names) width = std::max(width, characters(name) + 2);
  const bool below = has_table_width() && width > table_width() / 2;
  for (const auto& [name, text] : names) {
    if (below) {
      std::cout << name << "\n    " << wrapped(text, 4) << '\n';
    } else {
      std::cout << padded(name, -static_cast<int>(width)) << wrapped(text, width) << '\n';
    }
  }
}

}  // namespace elbo::command
