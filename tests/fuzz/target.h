#pragma once
// What a fuzz target is: a function of bytes that reads them as a file of one format. It throws Broken where
// a property of the reader does not hold; any error other than elbo's ends the program.

#include <filesystem>
#include <optional>
#include <ostream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/dataset.h"
#include "elbo/error.h"

namespace elbo::fuzz {

struct Target {
  std::string name;
  void (*run)(std::string_view input);
};

/// Names the tests of INSTANTIATE_TEST_SUITE_P.
inline void PrintTo(const Target& target, std::ostream* out) {
  *out << target.name;
}

/// The targets of this program: all in the tests, one in a fuzzer.
std::vector<Target>& targets();

struct Registration {
  Registration(std::string name, void (*run)(std::string_view)) {
    targets().push_back({std::move(name), run});
  }
};

/// A property that does not hold.
struct Broken : std::logic_error {
  using std::logic_error::logic_error;
};

void require(bool holds, const std::string& property);

/// read()'s result; nothing if it refused its input by one of elbo's errors, which says something.
template <class Read>
auto unless_refused(const Read& read) -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const Error& error) {
    require(std::string_view(error.what()).size() > 10, "an error says what is wrong");
    return std::nullopt;
  }
}

/// A file in memory, where there is /dev/shm, with the input as its content and this name.
class InputFile {
 public:
  InputFile(const std::string& name, std::string_view content);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string content() const;

 private:
  std::filesystem::path path_;
};

/// Whether values are the same, NaN included.
bool same(std::span<const float> a, std::span<const float> b);
/// Requires what Examples and Dataset promise: counts that equal shapes.
void check(const Dataset& data);
/// Requires that a dataset holds the same values and labels as another.
void check_same(const Dataset& a, const Dataset& b);

}  // namespace elbo::fuzz

/// Begins the function of a target.
#define ELBO_FUZZ_TARGET(name)                                                     \
  static void fuzz_##name(std::string_view input);                                 \
  static const ::elbo::fuzz::Registration registration_##name(#name, fuzz_##name); \
  static void fuzz_##name(std::string_view input)
