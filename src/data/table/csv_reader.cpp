#include "data/table/csv_reader.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace elbo::data {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// The separator that occurs most often in the first line, outside quotes.
char find_separator(std::string_view text) {
  constexpr std::array kSeparators = {',', ';', '\t'};
  std::array<int, kSeparators.size()> counts{};
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' || c == '\r') break;
    for (std::size_t i = 0; i < kSeparators.size(); ++i) counts[i] += c == kSeparators[i];
  }
  return kSeparators[static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin())];
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

CsvReader::CsvReader(std::string_view text, std::string_view origin) : rest_(text), origin_(origin) {
  if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  set_separator(find_separator(rest_));
}

CsvReader::CsvReader(std::string_view text, std::string_view origin, char separator, std::int64_t line)
    : rest_(text), origin_(origin), next_line_(line) {
  set_separator(separator);
}

void CsvReader::set_separator(char separator) {
  separator_ = separator;
  for (const char end : {separator, '\r', '\n'}) ends_field_[static_cast<unsigned char>(end)] = true;
}

bool CsvReader::next(std::vector<std::string_view>& fields) {
  do {
    if (rest_.empty()) return false;
    line_ = next_line_;
    row_ = rest_;
    fields.clear();
    unquoted_count_ = 0;
    do {
      fields.push_back(read_field());
    } while (take(separator_));
    end_line();
  } while (fields.size() == 1 && fields[0].empty() && !quoted_);
  return true;
}

std::string CsvReader::place() const {
  return concat(origin_, ":", line_);
}

bool CsvReader::take(char c) {
  if (rest_.empty() || rest_[0] != c) return false;
  rest_.remove_prefix(1);
  return true;
}

void CsvReader::end_line() {
  if (rest_.empty()) return;
  if (take('\r')) {
    take('\n');
  } else if (!take('\n')) {
    throw DataError(concat(place(), ": there is text after a closing quote"));
  }
  ++next_line_;
}

std::string_view CsvReader::read_field() {
  quoted_ = take('"');
  if (quoted_) return read_quoted();
  std::size_t end = 0;
  while (end < rest_.size() && !ends_field_[static_cast<unsigned char>(rest_[end])]) ++end;
  const std::string_view field = trimmed(rest_.substr(0, end));
  rest_.remove_prefix(end);
  return field;
}

std::string_view CsvReader::read_quoted() {
  if (unquoted_.size() == unquoted_count_) unquoted_.emplace_back();
  std::string& field = unquoted_[unquoted_count_++];
  field.clear();
  while (!rest_.empty()) {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    if (c == '"' && !take('"')) return field;  // two quotes stand for one
    next_line_ += c == '\n';
    field.push_back(c);
  }
  throw DataError(concat(place(), ": a quote is opened but never closed"));
}

}  // namespace elbo::data
