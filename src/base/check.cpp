#include "base/check.h"

#include <charconv>
#include <iterator>

namespace elbo {
namespace {

template <class... Number>
void append_digits(std::string& text, Number... number) {
  char digits[32];
  text.append(digits, std::to_chars(std::begin(digits), std::end(digits), number...).ptr);
}

}  // namespace

void append_number(std::string& text, long long value) {
  append_digits(text, value);
}
void append_number(std::string& text, unsigned long long value) {
  append_digits(text, value);
}
void append_number(std::string& text, double value) {
  constexpr int kDigits = 6;  // what an output stream writes
  append_digits(text, value, std::chars_format::general, kDigits);
}

std::string place(const std::source_location& where) {
  std::string_view file = where.file_name();
  for (std::string_view root : {"/src/", "/kernels/", "/tests/", "/tools/"}) {
    if (auto at = file.rfind(root); at != std::string_view::npos) {
      file.remove_prefix(at + 1);
      break;
    }
  }
  return concat(file, ":", where.line());
}

std::string describe_failure(const std::string& message, const char* expression,
                             const std::source_location& where) {
  return concat(message, ": `", expression, "` failed (", place(where), ")");
}

}  // namespace elbo
