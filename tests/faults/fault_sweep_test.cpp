// Every command with one call that fails: a write, a sync, a rename, an open, a mapping, an allocation. Then
// it either succeeds or says why not; no signal ends it, what it publishes is whole, and what was there
// stays.
//
// ELBO_TEST_FAULTS is how many calls of a kind fail, one a run, spread evenly over all; tests/faults/long.sh.

#include <nlohmann/json.hpp>
#include <set>

#include "base/check.h"
#include "faults/faults.h"
#include "io/safetensors.h"
#include "support/file_formats.h"
#include "support/http_server.h"
#include "support/training.h"

namespace elbo::test {
namespace {

namespace fs = std::filesystem;

class Faults : public testing::Test {
 protected:
  static void SetUpTestSuite() { world_ = new World; }
  static void TearDownTestSuite() { delete world_; }

  /// Runs the command once without a fault and then again and again with one. `check` gets the folder of a
  /// run that failed.
  void sweep(const std::vector<std::string>& arguments,
             const std::function<void(const fs::path&)>& check = {}) {
    CommandResult plain;
    const auto counts = count_calls(arguments, settings(world_->fresh(), ""), plain);
    ASSERT_EQ(plain.code, expected_code_) << plain.err;
    printed_ = plain.out;
    expected_ = contents(world_->path());
    for (const auto& [call, number] : counts) {
      const long runs = std::min<long>(number, from_environment("ELBO_TEST_FAULTS", 12));
      for (long i = 0; i < runs && !HasFailure(); ++i) {
        const long which = 1 + (2 * i + 1) * number / (2 * runs);
        run(arguments, call + ":" + std::to_string(which) + ":fail", check);
      }
    }
  }

  int expected_code_ = 0;
  fs::path program_;                      ///< in place of elbo
  std::vector<std::string> environment_;  ///< in addition
  std::set<std::string> timed_;           ///< files whose bytes depend on time
  bool prints_times_ = false;
  Files expected_;  ///< after a run without a fault

 private:
  CommandSettings settings(const fs::path& folder, const std::string& fault) const {
    CommandSettings all = with_fault(folder, fault);
    all.environment.insert(all.environment.end(), environment_.begin(), environment_.end());
    all.program = program_;
    return all;
  }

  void run(const std::vector<std::string>& arguments, const std::string& fault,
           const std::function<void(const fs::path&)>& check) {
    SCOPED_TRACE(fault);
    const CommandResult result = run_elbo(arguments, settings(world_->fresh(), fault));
    EXPECT_LE(result.code, 2) << "ended by a signal: " << result.err;
    if (result.code != 0) {
      EXPECT_GT(result.err.size(), 8u) << "nothing was said";
    }
    if (result.code != expected_code_) {
      EXPECT_NE(result.code, 0);
    } else if (!prints_times_) {
      EXPECT_EQ(result.out, printed_) << "something is missing in what it printed";
    }
    if (check && result.code != 0) return check(world_->path());
    expect_whole(contents(world_->path()), result.code == 0);
  }

  /// Expects files to be as before or as they should become.
  void expect_whole(const Files& files, bool succeeded) const {
    const Files before = contents(world_->pristine());
    for (const auto& [name, bytes] : files) {
      const auto should = expected_.find(name);
      const auto was = before.find(name);
      const bool is_new = should != expected_.end() && (timed_.contains(name) || should->second == bytes);
      const bool is_old = was != before.end() && was->second == bytes;
      EXPECT_TRUE(is_new || (is_old && !succeeded)) << name << " is neither as it was nor as it should be";
    }
    for (const auto& [name, bytes] : succeeded ? expected_ : before) {
      EXPECT_TRUE(files.contains(name)) << name << " is gone";
    }
  }

  std::string printed_;  ///< by a run without a fault

  static inline World* world_ = nullptr;
};

TEST_F(Faults, OfATraining) {
  ELBO_REQUIRE_FAULTS();
  const auto arguments = brief_training({"--out", "new"});
  timed_ = {"new/metrics.jsonl"};
  prints_times_ = true;
  sweep(arguments, [&](const fs::path& folder) {
    for (const auto& [name, bytes] : contents(folder)) {
      if (name.ends_with(".safetensors")) {
        EXPECT_NO_THROW(io::SafetensorsFile(folder / name)) << name;
      }
      if (!name.starts_with("new/")) {
        EXPECT_EQ(bytes, expected_.at(name)) << name << " was touched";
      }
    }
    auto again = arguments;
    again.push_back("--resume");
    CommandSettings inside;
    inside.folder = folder.string();
    const auto resumed = run_elbo(again, inside);
    EXPECT_EQ(resumed.code, 0) << resumed.err;
    for (const auto& [name, bytes] : contents(folder)) {
      EXPECT_TRUE(timed_.contains(name) || bytes == expected_[name]) << name << " is another after --resume";
    }
  });
}

TEST_F(Faults, OfEvaluating) {
  ELBO_REQUIRE_FAULTS();
  prints_times_ = true;
  sweep({"eval", "run", "--nll-samples", "3", "--scores", "scores.csv", "--json"});
}

TEST_F(Faults, OfEncoding) {
  ELBO_REQUIRE_FAULTS();
  sweep({"encode", "run", "--out", "codes.npy"});
}

TEST_F(Faults, OfImputing) {
  ELBO_REQUIRE_FAULTS();
  sweep({"impute", "run", "--data", "holes.csv", "--samples", "8", "--out", "filled.csv"});
}

TEST_F(Faults, OfSampling) {
  ELBO_REQUIRE_FAULTS();
  sweep({"sample", "run", "-n", "5", "--out", "samples.npy"});
}

TEST_F(Faults, OfMakingExamples) {
  ELBO_REQUIRE_FAULTS();
  const TempFolder apart;
  std::string table = "a,b,c,label\n";
  for (int i = 0; i < 20; ++i) table += concat(i % 11, ",", i % 13, ".5,0.5,", i % 2 ? "fern\n" : "moss\n");
  const std::string data = write(apart / "labelled.csv", table);
  for (const char* out : {"made.tsv", "made.npy", "made.npz"})
    sweep({"augment", "run", "--data", data, "--split", "train", "--out", out});
  for (int i = 0; i < 6; ++i)
    write(apart / "pictures" / (i % 2 ? "b" : "a") / concat(i, ".png"), png(6, 6, 1, 30 * i));
  const std::string run = apart / "run";
  const auto trained =
      run_elbo(small_training({"pictures", "--data", apart / "pictures", "--out", run, "--epochs", "1",
                               "--set", "data.picture_size=6", "--set", "data.validation=0", "--set",
                               "train.patience=0", "--set", "model.latent=2", "--quiet"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  sweep({"augment", run, "--data", apart / "pictures", "--split", "train", "-n", "9", "--out", "made/"});
}

TEST_F(Faults, OfTrainingsOfSeveralSeeds) {
  ELBO_REQUIRE_FAULTS();
  timed_ = {"many/repeat.json", "many/seed-1/metrics.jsonl", "many/seed-2/metrics.jsonl",
            "many/seed-1/result.json", "many/seed-2/result.json"};
  prints_times_ = true;
  sweep(brief_training({"--repeat", "2", "--json", "--out", "many"}), [&](const fs::path& folder) {
    for (const auto& [name, bytes] : contents(folder)) {
      if (name.ends_with(".json") && !name.ends_with(".part")) {
        EXPECT_TRUE(nlohmann::json::accept(bytes)) << name << " is cut off";
      }
    }
  });
}

TEST_F(Faults, OfReports) {
  ELBO_REQUIRE_FAULTS();
  sweep({"info", "run", "--json"});
  sweep({"data", "show", "table.csv", "--json"});
  sweep({"anomalies", "run", "--data", "table.csv", "--out", "scores.csv", "--json"});
}

TEST_F(Faults, OfADownload) {
  ELBO_REQUIRE_FAULTS();
  const HttpServer server({{"/mnist/t10k-images-idx3-ubyte.gz", HttpServer::ok(std::string(1648877, 'x'))}});
  environment_ = {"ELBO_MIRROR=" + server.url(), "XDG_CACHE_HOME=cache", "ELBO_DATA=nowhere",
                  "no_proxy=127.0.0.1"};
  expected_code_ = 1;  // the sum is another
  sweep({"data", "get", "mnist"});
}

TEST_F(Faults, OfAProgramThatEmbedsTheLibrary) {
  ELBO_REQUIRE_FAULTS();
  program_ = embedded_program();
  timed_ = {"own/metrics.jsonl"};
  sweep({"own"}, [&](const fs::path& folder) {
    for (const auto& [name, bytes] : contents(folder)) {
      if (name.ends_with(".safetensors")) {
        EXPECT_NO_THROW(io::SafetensorsFile(folder / name)) << name;
      }
    }
  });
}

}  // namespace
}  // namespace elbo::test
