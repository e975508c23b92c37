#pragma once
// Helpers of the tests of data: expected errors, changed environments, real data if it is present.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/error.h"
#include "io/file.h"
#include "support/temp_folder.h"

namespace elbo::test {

/// Writes a file of a test, with the folders above it, and returns its path.
inline std::filesystem::path write(const std::filesystem::path& file, std::string_view bytes) {
  io::write_file(file, bytes);
  return file;
}

/// Expects `call` to throw exactly ErrorType, with one to three lines that contain all of `parts`.
template <class ErrorType>
void expect_error(const std::function<void()>& call, const std::vector<std::string>& parts) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const ErrorType& error) {
    const std::string message = error.what();
    for (const auto& part : parts)
      EXPECT_NE(message.find(part), std::string::npos) << "no \"" << part << "\" in: " << message;
    EXPECT_LE(std::count(message.begin(), message.end(), '\n'), 2) << message;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another type of error was thrown: " << error.what();
  }
}

/// Sets an environment variable (or, given nothing, unsets it) until the end of the scope.
class Environment {
 public:
  Environment(const char* name, std::optional<std::string> value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    set(value);
  }
  ~Environment() { set(old_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  void set(const std::optional<std::string>& value) const {
    if (value) {
      setenv(name_, value->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }

  const char* name_;
  std::optional<std::string> old_;
};

}  // namespace elbo::test

/// Skips the test, with a reason, if $ELBO_DATA does not have `name`.
#define ELBO_REQUIRE_DATA(name)                                                                        \
  do {                                                                                                 \
    const char* folder = std::getenv("ELBO_DATA");                                                     \
    if (!folder || !std::filesystem::exists(std::filesystem::path(folder) / (name))) {                 \
      GTEST_SKIP() << "no " << (name) << " under ELBO_DATA (" << (folder ? folder : "not set") << ")"; \
    }                                                                                                  \
  } while (false)
