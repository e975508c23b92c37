#pragma once
// Numbers in lines of text.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace elbo::data {

/// Reads a text line by line. Lines end with \n or \r\n.
class TextLines {
 public:
  TextLines(std::string_view text, std::string_view origin) : rest_(text), origin_(origin) {}

  /// The next line; false at the end.
  bool next(std::string_view& line);
  /// The last line's number, counted from 1.
  std::int64_t number() const { return number_; }
  /// "file:line", for errors.
  std::string place() const;
  /// Bytes that are not read yet.
  std::size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
  std::string_view origin_;
  std::int64_t number_ = 0;
};

/// The line's words, which spaces and tabs separate.
void split_words(std::string_view line, std::vector<std::string_view>& words);

/// A decimal number, with a sign or without; nothing if the word is none or does not fit.
std::optional<double> to_number(std::string_view word);
std::optional<std::int64_t> to_integer(std::string_view word);

/// A number as a float. Throws DataError, naming `place`, if it is none or too large for one.
float require_float(std::string_view word, std::string_view place);

}  // namespace elbo::data
