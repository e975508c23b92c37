// Several trainings in one command: seeds (train --repeat) and latent sizes (select).

#include <gtest/gtest.h>
#include <signal.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "elbo/elbo.h"
#include "io/file.h"
#include "base/check.h"
#include "tools/elbo/commands/repeat.h"
#include "support/cli.h"
#include "support/file_formats.h"
#include "support/temp_folder.h"

namespace elbo::test {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

std::vector<std::string> repeat(const std::string& out, const std::string& seeds,
                                std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"latent-2d", "--out", out, "--repeat", seeds, "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return small_training(arguments);
}

std::vector<std::string> select_sizes(const std::string& out, const std::string& latents,
                                      std::vector<std::string> more = {}) {
  auto arguments = small_training({"latent-2d", "--out", out, "--epochs", "2"});
  arguments[0] = "select";
  arguments.insert(arguments.end(), {"--latent", latents, "--nll-samples", "3"});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(CliRepeat, TrainsEachSeedAndGivesMeanAndDeviation) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto out = (folder / "all").string(), single = (folder / "single").string();
  const auto result = run_elbo(repeat(out, "3", {"--epochs", "2", "--seed", "5"}));
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = Json::parse(result.out);
  ASSERT_EQ(json.at("runs").size(), 3u);
  double sum = 0.0, squares = 0.0;
  for (const auto& run : json.at("runs")) sum += run.at("test").at("elbo").get<double>();
  for (const auto& run : json.at("runs"))
    squares += std::pow(run.at("test").at("elbo").get<double>() - sum / 3.0, 2);
  EXPECT_GT(squares, 0.0) << "every seed gave the same";
  EXPECT_NEAR(json.at("mean").at("test").at("elbo").get<double>(), sum / 3.0, 1e-9);
  EXPECT_NEAR(json.at("standard_deviation").at("test").at("elbo").get<double>(), std::sqrt(squares / 2.0),
              1e-9);
  EXPECT_EQ(json.at("interrupted"), false);
  // Each result equals the single training with its seed.
  ASSERT_EQ(run_elbo(small_training({"latent-2d", "--out", single, "--epochs", "2", "--seed", "6"})).code, 0);
  EXPECT_EQ(io::read_file(out + "/seed-6/last.safetensors"), io::read_file(single + "/last.safetensors"));
  EXPECT_TRUE(fs::exists(out + "/seed-7/model.safetensors"));
  EXPECT_EQ(Json::parse(io::read_file(out + "/repeat.json")), json);
}

TEST(CliRepeat, OfOneSeedHasNoDeviation) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto result = run_elbo(repeat((folder / "one").string(), "1", {"--epochs", "1"}));
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = Json::parse(result.out);
  EXPECT_EQ(json.at("mean").at("test").at("elbo"), json.at("runs").at(0).at("test").at("elbo"));
  EXPECT_TRUE(json.at("standard_deviation").at("test").at("elbo").is_null());
}

TEST(CliRepeat, FinishedSeedsAreNotRunAgain) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto out = (folder / "all").string();
  const auto first = run_elbo(repeat(out, "2", {"--epochs", "1"}));
  ASSERT_EQ(first.code, 0) << first.err;
  const auto written = fs::last_write_time(out + "/seed-1/checkpoint.safetensors");
  const auto more =
      run_elbo({"train", "--resume", "--repeat", "3", "--out", out, "--json", "--device", device().name()});
  ASSERT_EQ(more.code, 0) << more.err;
  EXPECT_SAYS(more.err, "seed-2 is finished already");
  EXPECT_EQ(fs::last_write_time(out + "/seed-1/checkpoint.safetensors"), written);
  const auto json = Json::parse(more.out);
  ASSERT_EQ(json.at("runs").size(), 3u);
  EXPECT_EQ(json.at("runs").at(1), Json::parse(first.out).at("runs").at(1));
  // With --force, trainings start anew.
  expect_complaint(run_elbo(repeat(out, "2", {"--epochs", "1"})), 2, {"--resume", "--force"});
  const auto forced = run_elbo(repeat(out, "1", {"--epochs", "1", "--force"}));
  EXPECT_EQ(forced.code, 0) << forced.err;
  EXPECT_EQ(forced.err.find("finished already"), std::string::npos) << forced.err;
}

TEST(CliRepeat, InterruptedItGoesOnWhereItWas) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto out = (folder / "all").string(), whole = (folder / "whole").string();
  CommandSettings settings;
  settings.signal_at = [](const std::string& err) {
    const auto second = err.find("seed-2");
    return second != std::string::npos && err.find("epoch 1/", second) != std::string::npos ? SIGINT : 0;
  };
  const auto stopped = run_elbo(repeat(out, "2", {"--epochs", "40"}), settings);
  ASSERT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_SAYS(stopped.err, "1 of 2 seeds done");
  EXPECT_EQ(Json::parse(stopped.out).at("interrupted"), true);
  const auto rest =
      run_elbo({"train", "--resume", "--repeat", "2", "--out", out, "--json", "--device", device().name()});
  ASSERT_EQ(rest.code, 0) << rest.err;
  ASSERT_EQ(run_elbo(repeat(whole, "2", {"--epochs", "40"})).code, 0);
  for (const char* seed : {"/seed-1", "/seed-2"}) {
    EXPECT_EQ(io::read_file(out + seed + "/last.safetensors"),
              io::read_file(whole + seed + "/last.safetensors"));
  }
  EXPECT_EQ(Json::parse(rest.out).at("mean"), Json::parse(io::read_file(whole + "/repeat.json")).at("mean"));
}

TEST(CliRepeat, TextHasMeanAndDeviation) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  auto arguments = repeat((folder / "all").string(), "2", {"--epochs", "1"});
  std::erase(arguments, "--json");
  const auto result = run_elbo(arguments);
  ASSERT_EQ(result.code, 0) << result.err;
  for (const char* part : {"2 seeds", "-ELBO", " ± ", "test", "seed-S"}) EXPECT_SAYS(result.out, part);
}

// An importance-weighted training is judged by its NLL, which others report on request.
TEST(CliRepeat, GivesTheNll) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto weighted =
      run_elbo(repeat((folder / "iwae").string(), "2",
                      {"--epochs", "1", "--set", "objective.kind=iwae", "--set", "objective.samples=4"}));
  ASSERT_EQ(weighted.code, 0) << weighted.err;
  const auto json = Json::parse(weighted.out);
  double sum = 0.0;
  for (const auto& run : json.at("runs")) {
    EXPECT_EQ(run.at("nll_samples"), 4);
    sum += run.at("nll").get<double>();
  }
  EXPECT_NEAR(json.at("mean").at("nll").get<double>(), sum / 2.0, 1e-9);
  auto arguments = repeat((folder / "elbo").string(), "1", {"--epochs", "1", "--nll-samples", "3"});
  std::erase(arguments, "--json");
  const auto plain = run_elbo(arguments);
  EXPECT_EQ(plain.code, 0) << plain.err;
  EXPECT_SAYS(plain.out, "NLL");
  expect_complaint(run_elbo(repeat((folder / "none").string(), "1",
                                   {"--nll-samples", "3", "--set", "model.kind=autoencoder"})),
                   2, {"--nll-samples", "autoencoder"});
}

// --force replaces one kind of run by the other completely.
TEST(CliRepeat, ForceReplacesASingleRunAndIsReplacedByOne) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto out = (folder / "run").string();
  const auto single = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"latent-2d", "--out", out, "--epochs", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_elbo(small_training(arguments)).code;
  };
  const auto resumed = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"train", "--resume", "--out", out, "--device", device().name()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_elbo(arguments).code;
  };
  ASSERT_EQ(single({}), 0);
  ASSERT_EQ(run_elbo(repeat(out, "2", {"--epochs", "1", "--force"})).code, 0);
  EXPECT_FALSE(fs::exists(out + "/model.safetensors"));
  EXPECT_EQ(resumed({"--repeat", "2"}), 0);
  expect_complaint(run_elbo({"eval", out}), 1, {"no model in", "seed-"});
  // Folders that are not elbo's trainings, or cannot be replaced, stay.
  fs::create_directory(out + "/seed-old");
  write(fs::path(out) / "seed-old/checkpoint.safetensors", "mine");
  EXPECT_NE(run_elbo(repeat(out, "1", {"--epochs", "1", "--force", "--data", "nosuch.csv"})).code, 0);
  EXPECT_EQ(resumed({"--repeat", "2"}), 0);
  EXPECT_EQ(resumed({"--repeat", "2", "--force"}), 2);
  ASSERT_EQ(run_elbo(repeat(out, "1", {"--epochs", "1", "--force"})).code, 0);
  EXPECT_TRUE(fs::exists(out + "/seed-old/checkpoint.safetensors"));
  ASSERT_EQ(single({"--force"}), 0);
  EXPECT_FALSE(fs::exists(out + "/repeat.json"));
  EXPECT_EQ(resumed({"--epochs", "2"}), 0);
}

TEST(CliRepeat, WhatCannotBeIsRefused) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto several = (folder / "several").string(), single = (folder / "single").string();
  expect_complaint(run_elbo(repeat(several, "0")), 2, {"--repeat"});
  ASSERT_EQ(run_elbo(repeat(several, "1", {"--epochs", "1"})).code, 0);
  ASSERT_EQ(run_elbo(small_training({"latent-2d", "--out", single, "--epochs", "1"})).code, 0);
  expect_complaint(run_elbo({"train", "--resume", "--out", several, "--epochs", "2"}), 2,
                   {"several", "--repeat"});
  expect_complaint(run_elbo({"train", "--resume", "--repeat", "2", "--out", single}), 2, {"single run"});
  write(folder / "file", "");
  expect_complaint(run_elbo(repeat((folder / "file/run").string(), "2", {"--epochs", "1"})), 1, {"file"});
}

TEST(CliSelect, ComparesSizes) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto out = (folder / "sizes").string();
  const auto result = run_elbo(select_sizes(out, "2,1", {"--repeat", "2", "--json"}));
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = Json::parse(result.out);
  ASSERT_EQ(json.at("sizes").size(), 2u);
  EXPECT_EQ(json.at("sizes").at(0).at("latent"), 1);
  EXPECT_EQ(json.at("sizes").at(1).at("runs").size(), 2u);
  EXPECT_EQ(json.at("split"), "test");
  EXPECT_EQ(json.at("criterion"), "nll");
  for (const auto& size : json.at("sizes")) {
    double nll = 0.0;
    for (const auto& run : size.at("runs")) nll += run.at("nll").get<double>() / 2.0;
    EXPECT_NEAR(size.at("nll").at("mean").get<double>(), nll, 1e-9);
    EXPECT_LE(nll, -size.at("elbo").at("mean").get<double>() + 0.5)
        << "the NLL estimates the same from above";
  }
  // The difference of the examples' costs between runs of one size.
  const auto costs = [&](int latent, int seed) {
    return load_dataset(concat(out, "/latent-", latent, "/seed-", seed, "/held-out.npy")).train.floats;
  };
  for (const auto& size : json.at("sizes")) {
    for (int seed = 1; seed <= 2; ++seed) {
      const auto of = costs(size.at("latent").get<int>(), seed);
      const double mean = std::accumulate(of.begin(), of.end(), 0.0) / static_cast<double>(of.size());
      EXPECT_NEAR(mean, size.at("runs").at(static_cast<std::size_t>(seed - 1)).at("nll").get<double>(), 1e-4);
    }
  }
  const auto& dearer = json.at("sizes").at(json.at("best") == 1 ? 1 : 0);
  EXPECT_GT(dearer.at("above_lowest").get<double>(), 0.0);
  EXPECT_GT(dearer.at("above_lowest_standard_error").get<double>(), 0.0);
  EXPECT_TRUE(fs::exists(out + "/select.png"));
  EXPECT_TRUE(fs::exists(out + "/latent-1/seed-2/model.safetensors"));
  // Repeating the command trains nothing.
  const auto again = run_elbo({"select", "--resume", "--out", out, "--latent", "1,2", "--repeat", "2",
                               "--nll-samples", "3", "--device", device().name()});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_SAYS(again.err, "finished already");
  EXPECT_EQ(again.err.find("epoch 1/"), std::string::npos) << again.err;
  for (const char* part : {"latent", "-ELBO", "NLL", "active units", "lowest", "enough"})
    EXPECT_SAYS(again.out, part);
}

TEST(CliSelect, ComparesAllSizesByOneCost) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto out = (folder / "sizes").string();
  ASSERT_EQ(run_elbo(select_sizes(out, "1")).code, 0);
  const auto result = Json::parse(io::read_file(out + "/latent-1/seed-1/result.json"));
  const auto by_elbo = run_elbo({"select", "--resume", "--out", out, "--latent", "1,2", "--nll-samples", "0",
                                 "--json", "--device", device().name()});
  ASSERT_EQ(by_elbo.code, 0) << by_elbo.err;
  const auto json = Json::parse(by_elbo.out);
  EXPECT_EQ(json.at("criterion"), "elbo");
  for (const auto& size : json.at("sizes")) {
    EXPECT_TRUE(size.at("nll").is_null());
    EXPECT_FALSE(size.at("runs").at(0).contains("nll"));
  }
  EXPECT_EQ(json.at("sizes").at(0).at("runs").at(0).at("seconds"), result.at("seconds"))
      << "earlier trainings keep their times";
}

TEST(CliSelect, WhatCannotBeTrainedLeavesNothing) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto out = (folder / "x").string();
  expect_complaint(run_elbo(select_sizes(out, "1", {"--set", "data.mask=" + (folder / "none.npy").string()})),
                   1, {"none.npy"});
  expect_complaint(run_elbo(select_sizes(out, "1", {"--set", "model.likelihood=bernoulli"})), 1,
                   {"bernoulli"});
  EXPECT_FALSE(fs::exists(out));
  expect_complaint(run_elbo(select_sizes(out, "1", {"--set", "model.latent=3"})), 2, {"--latent"});
}

TEST(CliSelect, KnowsWhichExamplesAllSeedsShare) {
  const TempFolder folder;
  const auto shared = [](const Recipe& recipe, const std::string& split) {
    const command::HeldOut found = command::held_out(recipe);
    EXPECT_EQ(found.split, split);
    return found.same;
  };
  Recipe recipe = Recipe::named("latent-2d");
  EXPECT_TRUE(shared(recipe, "test"));
  recipe.data.validation = 0.1;
  EXPECT_FALSE(shared(recipe, "validation")) << "another tenth for each seed";
  for (const char* part : {"train", "valid", "t10k"}) {
    write(folder / concat(part, "-images-idx3-ubyte"), idx_header(8, {3, 2, 2}) + std::string(12, '\1'));
  }
  recipe.data.name = folder.path().string();
  EXPECT_TRUE(shared(recipe, "validation")) << "it has its own, and the fraction does not count";
}

TEST(CliSelect, WhatCannotBeIsRefused) {
  const TempFolder folder;
  const auto out = (folder / "x").string();
  expect_complaint(run_elbo({"select", "latent-2d", "--out", out}), 2, {"--latent"});
  expect_complaint(run_elbo(select_sizes(out, "2,0")), 2, {"--latent"});
  expect_complaint(run_elbo(select_sizes(out, "2,3,2")), 2, {"twice"});
  expect_complaint(run_elbo(select_sizes(out, "2", {"--set", "model.kind=autoencoder"})), 2, {"autoencoder"});
  expect_complaint(run_elbo({"select", "latent-2d", "--out", out, "--latent", "2", "--nll-samples", "0",
                             "--set", "objective.kind=iwae"}),
                   2, {"--nll-samples"});
  write(folder / "rows.csv", "1,2\n3,4\n5,6\n");
  expect_complaint(run_elbo(select_sizes(out, "2", {"--data", (folder / "rows.csv").string()})), 2,
                   {"data.validation"});
  EXPECT_FALSE(fs::exists(out));
}

}  // namespace
}  // namespace elbo::test
