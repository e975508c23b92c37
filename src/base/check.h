#pragma once
// Text joined from parts, and checks that throw typed errors, which name the failing expression and its
// place.

#include <concepts>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>

#include "elbo/error.h"

namespace elbo {

/// Appends a number in decimal digits; a double has at most six, as by printf's %g. The text does not depend
/// on the program's locale.
void append_number(std::string& text, long long value);
void append_number(std::string& text, unsigned long long value);
void append_number(std::string& text, double value);

/// Appends a text, a character, a number, or a bool as 1 or 0. Throws std::bad_alloc where memory runs out,
/// which an output stream would hide.
template <class Part>
void append_part(std::string& text, const Part& part) {
  using Byte = std::remove_cv_t<Part>;
  if constexpr (std::convertible_to<const Part&, std::string_view>) {
    text += std::string_view(part);
  } else if constexpr (std::same_as<Byte, char> || std::same_as<Byte, signed char> ||
                       std::same_as<Byte, unsigned char>) {
    text += static_cast<char>(part);
  } else if constexpr (std::floating_point<Part>) {
    append_number(text, static_cast<double>(part));
  } else if constexpr (std::unsigned_integral<Part>) {
    append_number(text, static_cast<unsigned long long>(part));
  } else {
    static_assert(std::convertible_to<const Part&, long long>, "a part is a text, a character or a number");
    append_number(text, static_cast<long long>(part));
  }
}

/// Joins its arguments into one string by append_part().
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string text;
  (append_part(text, parts), ...);
  return text;
}

/// "src/ops/linear.cpp:42", without the folders above the project.
std::string place(const std::source_location& where);

/// "message: `expression` failed (file:line)".
std::string describe_failure(const std::string& message, const char* expression,
                             const std::source_location& where);

}  // namespace elbo

/// Throws ErrorType unless `condition` holds; the message parts say what was wrong in the caller's terms.
#define ELBO_CHECK(condition, ErrorType, ...)                                           \
  do {                                                                                  \
    if (!(condition)) {                                                                 \
      throw ErrorType(::elbo::describe_failure(::elbo::concat(__VA_ARGS__), #condition, \
                                               std::source_location::current()));       \
    }                                                                                   \
  } while (false)
