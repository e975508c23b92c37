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

std::string wrapped(const std::string& text, std::size_t indent) {
  if (!has_table_width()) return text;
  std::string lines;
  std::size_t at = indent;
  for (const std::string_view word : data::words(text)) {
    const std::size_t length = characters(word);
    if (at > indent && at + 1 + length > table_width()) {
      lines += '\n' + std::string(indent, ' ');
      at = indent;
    }
    if (at > indent) lines += ' ';
    lines += word;
    at += length + (at > indent ? 1 : 0);
  }
  return lines;
}

void print_described(const std::vector<std::pair<std::string, std::string>>& names) {
  std::size_t width = 0;
  for (const auto& [name, text] : names) width = std::max(width, characters(name) + 2);
  for (const auto& [name, text] : names)
    std::cout << padded(name, -static_cast<int>(width)) << wrapped(text, width) << '\n';
}

}  // namespace elbo::command
