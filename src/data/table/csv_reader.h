#pragma once
// Rows of fields of a text file: comma-separated values (RFC 4180), also separated by semicolons or tabs.

#include <cstdint>
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
  /// Reads a part of a text whose separator is known.
  CsvReader(std::string_view text, std::string_view origin, char separator);

  /// Reads the next row's fields, without quotes and outer blanks; false at the end. Blank lines are skipped,
  /// but not a row of one quoted field that is empty. Throws DataError, with the line, for a quote that is
  /// not closed or text after a closing quote.
  bool next(std::vector<std::string>& fields);

  char separator() const { return separator_; }
  /// "file:line" of the last row read.
  std::string place() const;
  std::int64_t line() const { return line_; }
  /// Where the last row read begins: what remained of the text before it.
  std::string_view row_and_rest() const { return row_; }

 private:
  bool take(char c);
  void end_line();
  void read_field(std::string& field);
  void read_quoted(std::string& field);

  std::string_view rest_, row_;
  std::string_view origin_;
  char separator_ = ',';
  bool quoted_ = false;  // the last field was
  std::int64_t line_ = 0;
  std::int64_t next_line_ = 1;
};

}  // namespace elbo::data
