#pragma once
// A folder with data and a finished run, and the command run there with one call that fails or kills it.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "io/file.h"
#include "support/cli.h"
#include "support/places.h"
#include "support/temp_folder.h"

/// Skips a test where no call can be made to fail.
#define ELBO_REQUIRE_FAULTS()                                                         \
  do {                                                                                \
    if (::elbo::test::fault_shim().empty()) GTEST_SKIP() << "this build has no shim"; \
  } while (false)

namespace elbo::test {

/// The contents of files by their names.
using Files = std::map<std::string, std::string>;

inline Files contents(const std::filesystem::path& folder) {
  Files files;
  for (const std::string& name : files_below(folder)) files[name] = io::read_file(folder / name);
  return files;
}

/// A number that says how long a test runs, from the environment.
inline int from_environment(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atoi(text) : otherwise;
}

/// A training of a moment, which --resume begins or continues.
inline std::vector<std::string> brief_training(const std::vector<std::string>& arguments,
                                               const std::string& command = "train") {
  std::vector<std::string> all = {command, "brief.toml", "-q", "--device", "cpu"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

/// Makes brief.toml, table.csv, holes.csv with missing cells, a finished run in run/ and an older codes.npy.
inline void make_world(const std::filesystem::path& folder) {
  std::string table = "a,b,c\n", holes = "a,b,c\n";
  for (int i = 0; i < 60; ++i) {
    const std::string a = std::to_string(i * 7 % 11), b = std::to_string(i * 5 % 13),
                      c = std::to_string(i % 3);
    table += a + "," + b + "." + c + "," + c + ".5\n";
    holes += a + "," + (i % 4 == 1 ? "" : b + "." + c) + "," + (i % 5 == 2 ? "" : c + ".5") + "\n";
  }
  write(folder / "brief.toml",
        "name = \"brief\"\n"
        "[data]\nname = \"table.csv\"\nvalidation = 0.2\n"
        "[model]\nencoder = [8]\ndecoder = [8]\nlatent = 2\nlikelihood = \"gaussian\"\n"
        "[train]\nepochs = 3\nbatch = 16\n");
  write(folder / "table.csv", table);
  write(folder / "holes.csv", holes);
  write(folder / "codes.npy", "older");
  CommandSettings inside;
  inside.folder = folder.string();
  const auto trained = run_elbo(brief_training({"--out", "run"}), inside);
  ASSERT_EQ(trained.code, 0) << trained.err;
}

/// A folder as make_world() makes it, again and again at the same path, which runs remember.
class World {
 public:
  World() {
    make_world(path());
    std::filesystem::rename(path(), pristine());
  }
  std::filesystem::path path() const { return folder_ / "w"; }
  std::filesystem::path pristine() const { return folder_ / "pristine"; }
  /// Makes it anew, and returns its path.
  std::filesystem::path fresh() const {
    std::filesystem::remove_all(path());
    std::filesystem::copy(pristine(), path(), std::filesystem::copy_options::recursive);
    return path();
  }

 private:
  TempFolder folder_;
};

/// Settings for a run in `folder` with a fault, as shim.cpp has it; "" is none.
inline CommandSettings with_fault(const std::filesystem::path& folder, const std::string& fault) {
  CommandSettings settings;
  settings.folder = folder.string();
  // Without the restart for brief spinning the calls of one program are counted.
  settings.environment = {"LD_PRELOAD=" + fault_shim().string(), "ELBO_FAULT=" + fault, "GOMP_SPINCOUNT=1000",
                          "OMP_NUM_THREADS=2"};
  return settings;
}

/// Runs the command, and returns the number of its calls of each kind.
inline std::map<std::string, long> count_calls(const std::vector<std::string>& arguments,
                                               CommandSettings settings, CommandResult& result) {
  const TempFolder apart;
  settings.environment.push_back("ELBO_FAULT_COUNTS=" + (apart / "counts").string());
  result = run_elbo(arguments, settings);
  std::map<std::string, long> counts;
  std::istringstream lines(io::read_file(apart / "counts"));
  std::string call;
  for (long number = 0; lines >> call >> number;) counts[call] = number;
  return counts;
}

}  // namespace elbo::test
