#pragma once
// Rows of fields of a text file: comma-separated values (RFC 4180), also separated by semicolons or tabs.

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace elbo::data {

/// Reads a text row by row. The text and the name of its origin must outlive the reader.
class CsvReader {
 public:
  /// The separator is whichever of , ; and tab occurs most often in the first line. A byte order mark is
  /// skipped.
  CsvReader(std::string_view text, std::string_view origin);
  /// Reads a part of a text whose separator is known, and which begins in line `line`.
  CsvReader(std::string_view text, std::string_view origin, char separator, std::int64_t line = 1);

  /// Reads the next row's fields, without quotes and outer blanks, which stay until the next call; false at
  /// the end. Blank lines are skipped,
  /// but not a row of one quoted field that is empty. Throws DataError, with the line, for a quote that is
  /// not closed or text after a closing quote.
  bool next(std::vector<std::string_view>& fields);

  char separator() const { return separator_; }
  /// "file:line" of the last row read.
  std::string place() const;
  std::int64_t line() const { return line_; }
  /// Where the last row read begins: what remained of the text before it.
  std::string_view row_and_rest() const { return row_; }
  /// What remains after it, and the line that this begins in.
  std::string_view rest() const { return rest_; }
  std::int64_t next_line() const { return next_line_; }

 private:
  void set_separator(char separator);
  bool take(char c);
  void end_line();
  std::string_view read_field();
  std::string_view read_quoted();

  std::string_view rest_, row_;
  std::string_view origin_;
  char separator_ = ',';
  std::array<bool, 256> ends_field_ = {};
  bool quoted_ = false;               // the last field was
  std::deque<std::string> unquoted_;  // the row's fields with quotes within
  std::size_t unquoted_count_ = 0;
  std::int64_t line_ = 0;
  std::int64_t next_line_ = 1;
};

}  // namespace elbo::data
