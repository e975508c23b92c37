// Commands killed at random moments, one in five of them during a save, and then given again: they end with
// the files of a command that was never killed.
//
// ELBO_TEST_KILLS is the number of kills of each command; tests/faults/long.sh.

#include <chrono>
#include <nlohmann/json.hpp>

#include "faults/faults.h"
#include "support/random.h"
#include "support/training.h"

namespace elbo::test {
namespace {

namespace fs = std::filesystem;
using Microseconds = std::chrono::microseconds;

/// A JSON text, or lines of it, without what depends on time.
std::string timeless(const std::string& text) {
  std::istringstream lines(text);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    bool timed = false;
    for (const char* key : {"seconds", "per_second", "already_finished", "\"interrupted\""}) {
      timed = timed || line.find(key) != line.npos;
    }
    if (!timed) kept += line + "\n";
  }
  return kept;
}

class Kills : public testing::Test {
 protected:
  /// Runs the command to its end, then kills it often, each time giving it `again` in the end, and compares
  /// the files.
  void kill_often(const std::vector<std::string>& arguments, const std::vector<std::string>& again) {
    const fs::path whole = world_.fresh();
    CommandResult result;
    const auto begun = std::chrono::steady_clock::now();
    const auto counts = count_calls(arguments, with_fault(whole, ""), result);
    const auto took = std::chrono::duration_cast<Microseconds>(std::chrono::steady_clock::now() - begun);
    ASSERT_EQ(result.code, 0) << result.err;
    const Files expected = contents(whole);
    int cut_off = 0;
    const int kills = from_environment("ELBO_TEST_KILLS", 5);
    for (int i = 0; i < kills && !HasFailure(); ++i) {
      const fs::path folder = world_.fresh();
      cut_off +=
          i % 5 == 0 ? kill_in_a_save(arguments, folder, counts) : kill_within(arguments, folder, took);
      expect_intact(folder, expected);
      CommandSettings inside;
      inside.folder = folder.string();
      const auto rest = run_elbo(again, inside);
      ASSERT_EQ(rest.code, 0) << rest.err;
      expect_equal(contents(folder), expected);
    }
    EXPECT_GE(cut_off, 1) << "nothing was killed midway: the test shows little";
  }

 private:
  bool kill_within(const std::vector<std::string>& arguments, const fs::path& folder, Microseconds took) {
    CommandSettings settings;
    settings.folder = folder.string();
    settings.kill_after = Microseconds(random_.below(took.count()));
    return run_elbo(arguments, settings).code == 128 + SIGKILL;
  }
  bool kill_in_a_save(const std::vector<std::string>& arguments, const fs::path& folder,
                      const std::map<std::string, long>& counts) {
    const char* call = std::vector{"write", "fsync", "rename"}[static_cast<std::size_t>(random_.below(3))];
    const auto fault = std::string(call) + ":" + std::to_string(1 + random_.below(counts.at(call))) + ":kill";
    SCOPED_TRACE(fault);
    const auto killed = run_elbo(arguments, with_fault(folder, fault));
    EXPECT_EQ(killed.code, 128 + SIGKILL) << killed.err;
    return killed.code == 128 + SIGKILL;
  }
  /// Expects what was there before the command to be as it was, or as the command makes it.
  void expect_intact(const fs::path& folder, const Files& expected) const {
    const Files now = contents(folder);
    for (const auto& [name, bytes] : contents(world_.pristine())) {
      ASSERT_TRUE(now.contains(name)) << name << " is gone";
      EXPECT_TRUE(now.at(name) == bytes || now.at(name) == expected.at(name)) << name << " was damaged";
    }
  }
  static void expect_equal(const Files& actual, const Files& expected) {
    for (const auto& [name, bytes] : expected) {
      ASSERT_TRUE(actual.contains(name)) << name << " is missing";
      if (name.ends_with(".jsonl")) {
        EXPECT_EQ(epochs_of(actual.at(name)), epochs_of(bytes)) << name;
      } else if (name.ends_with(".json")) {
        EXPECT_EQ(timeless(actual.at(name)), timeless(bytes)) << name;
      } else {
        EXPECT_TRUE(actual.at(name) == bytes) << name << " differs";
      }
    }
    for (const auto& [name, bytes] : actual) {
      if (!name.ends_with(".part")) {
        EXPECT_TRUE(expected.contains(name)) << name << " should not be there";
      }
    }
  }
  /// metrics.jsonl without times.
  static std::string epochs_of(const std::string& lines) {
    std::istringstream all(lines);
    std::string text;
    for (std::string line; std::getline(all, line);) {
      auto json = nlohmann::json::parse(line);
      json.erase("seconds");
      json.erase("examples_per_second");
      text += json.dump() + "\n";
    }
    return text;
  }

  World world_;
  Random random_{static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())};
};

std::vector<std::string> with(std::vector<std::string> arguments, const std::string& more) {
  arguments.push_back(more);
  return arguments;
}

TEST_F(Kills, OfATraining) {
  ELBO_REQUIRE_FAULTS();
  const auto arguments = brief_training({"--out", "new", "--epochs", "30"});
  kill_often(arguments, with(arguments, "--resume"));
}

TEST_F(Kills, OfSeveralSeeds) {
  ELBO_REQUIRE_FAULTS();
  const auto arguments = brief_training({"--out", "new", "--repeat", "2", "--epochs", "8"});
  kill_often(arguments, with(arguments, "--resume"));
}

TEST_F(Kills, OfASelection) {
  ELBO_REQUIRE_FAULTS();
  const auto arguments =
      brief_training({"--out", "new", "--latent", "1,2", "--epochs", "8", "--nll-samples", "3"}, "select");
  kill_often(arguments, with(arguments, "--resume"));
}

TEST_F(Kills, OfImputing) {
  ELBO_REQUIRE_FAULTS();
  const std::vector<std::string> arguments = {"impute",    "run", "--data", "holes.csv",
                                              "--samples", "40",  "--out",  "filled.csv"};
  kill_often(arguments, arguments);
}

TEST_F(Kills, OfEncoding) {
  ELBO_REQUIRE_FAULTS();
  const std::vector<std::string> arguments = {"encode", "run", "--out", "codes.npy"};
  kill_often(arguments, arguments);
}

}  // namespace
}  // namespace elbo::test
