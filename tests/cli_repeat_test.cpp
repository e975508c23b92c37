// Several trainings in one command: seeds (train --repeat) and latent sizes (select).

#include <gtest/gtest.h>
#include <signal.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "elbo/error.h"
#include "io/file.h"
#include "tools/elbo/selection.h"
#include "support/cli.h"
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
  // Each is the training of its seed.
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
  // Anew where that is asked for.
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

// An importance-weighted training is judged by its NLL, which others give where it is asked for.
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

// What --force replaces is one kind of run by the other, whole.
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
  // What is no training of ours, or cannot be replaced, stays.
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
    EXPECT_LE(nll, -size.at("elbo").at("mean").get<double>() + 0.5) << "an estimate of the same from above";
  }
  EXPECT_TRUE(fs::exists(out + "/select.png"));
  EXPECT_TRUE(fs::exists(out + "/latent-1/seed-2/model.safetensors"));
  // The same once more trains nothing.
  const auto again = run_elbo({"select", "--resume", "--out", out, "--latent", "1,2", "--repeat", "2",
                               "--nll-samples", "3", "--device", device().name()});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_SAYS(again.err, "finished already");
  EXPECT_EQ(again.err.find("epoch 1/"), std::string::npos) << again.err;
  for (const char* part : {"latent", "-ELBO", "NLL", "active units", "lowest", "enough"})
    EXPECT_SAYS(again.out, part);
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

/// A size with seeds of these NLLs.
command::Size size(std::int64_t latent, const std::vector<double>& nlls, double error_over_examples = 0.0) {
  std::vector<command::Json> runs;
  for (const double nll : nlls) {
    command::Json run;
    run["test"] = {{"elbo", -nll - 1.0}, {"reconstruction", nll}, {"kl", 1.0}};
    run["active_units"] = 2;
    run["nll"] = nll;
    run["nll_standard_error"] = error_over_examples;
    runs.push_back(run);
  }
  return command::size_of(latent, "test", runs);
}

// Over seeds: of 10 dimensions the mean is 90 and the deviation 1, so the standard error 1/√4 = 0.5.
TEST(Selection, TheSmallestWithinOneStandardErrorIsEnough) {
  std::vector<command::Size> sizes = {size(2, {95, 96, 97, 96}), size(5, {90.2, 90.4, 90.6, 90.4}),
                                      size(10, {88.5, 90.5, 90.5, 90.5}), size(20, {91, 91, 91, 91})};
  auto selection = command::select(sizes, "test", true);
  EXPECT_EQ(selection.best_size().latent, 10);
  EXPECT_NEAR(selection.standard_error.value(), 0.5, 1e-12);
  EXPECT_EQ(selection.chosen_size().latent, 5);  // 90.4 ≤ 90.5
  EXPECT_SAYS(selection.rule(), "5: more does not help");
  sizes[1] = size(5, {90.6, 90.6, 90.6, 90.6});
  selection = command::select(sizes, "test", true);
  EXPECT_EQ(selection.chosen_size().latent, 10);
  EXPECT_SAYS(selection.rule(), "no smaller size");
  EXPECT_SAYS(selection.rule(), "The test data chose it");
  EXPECT_EQ(selection.rule().find("No larger size"), std::string::npos);
}

TEST(Selection, SaysWhatIsNotKnown) {
  const auto growing = command::select({size(1, {91.0}, 0.1), size(2, {90.0}, 0.1)}, "test", true);
  EXPECT_SAYS(growing.rule(), "No larger size was tried");
  std::vector<command::Size> by_elbo = {size(1, {91.0}), size(2, {90.0}), size(3, {90.5})};
  for (command::Size& one : by_elbo) one.nll.reset(), one.nll_standard_error.reset();
  const auto single = command::select(by_elbo, "test", true);
  EXPECT_FALSE(single.standard_error);
  EXPECT_EQ(single.chosen_size().latent, 2);
  EXPECT_SAYS(single.rule(), "How exact that is");
}

// 0.3 over seeds, 0.4 over examples.
TEST(Selection, TheErrorOverExamplesCountsBesideThatOverSeeds) {
  const auto selection =
      command::select({size(1, {90.45, 90.45}, 0.4), size(2, {89.7, 90.3}, 0.4)}, "test", true);
  EXPECT_NEAR(selection.standard_error.value(), 0.5, 1e-12);
  EXPECT_EQ(selection.chosen_size().latent, 1);
  EXPECT_SAYS(selection.rule(), "over seeds and examples");
  const auto own =
      command::select({size(1, {90.45, 90.45}, 0.4), size(2, {89.7, 90.3}, 0.4)}, "validation", false);
  EXPECT_NEAR(own.standard_error.value(), 0.3, 1e-12) << "seeds that hold out their own examples tell both";
}

TEST(Selection, OfASingleSeedTheErrorIsOverExamples) {
  const auto selection =
      command::select({size(1, {91.0}, 0.1), size(2, {90.3}, 0.2), size(3, {90.0}, 0.4)}, "test", true);
  EXPECT_EQ(selection.standard_error, 0.4);
  EXPECT_EQ(selection.chosen_size().latent, 2);
  EXPECT_SAYS(selection.rule(), "over examples");
}

}  // namespace
}  // namespace elbo::test
