#pragma once
// Checks that throw typed errors, which name the failing expression and its place.

#include <source_location>
#include <sstream>
#include <string>

#include "elbo/error.h"

namespace elbo {

/// Joins its arguments into one string, each by operator<<.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
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
