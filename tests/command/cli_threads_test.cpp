// --threads and OMP_NUM_THREADS: how many threads compute.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/cli.h"

namespace elbo::test {
namespace {

using Json = nlohmann::json;

CommandSettings with_environment(const char* setting) {
  CommandSettings settings;
  settings.environment = {setting};
  return settings;
}

int planned_threads(const std::vector<std::string>& more, const CommandSettings& settings) {
  std::vector<std::string> arguments = {"info", "--plan", "latent-2d", "--device", "cpu", "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const CommandResult result = run_elbo(arguments, settings);
  EXPECT_EQ(result.code, 0) << result.err;
  return Json::parse(result.out).at("threads").get<int>();
}

TEST(CliThreads, AreThoseOfTheEnvironmentUnlessGiven) {
  const CommandSettings three = with_environment("OMP_NUM_THREADS=3");
  EXPECT_SAYS(run_elbo({"info"}, three).out, "3 on the CPU, as OMP_NUM_THREADS says");
  EXPECT_EQ(planned_threads({}, three), 3);
  EXPECT_EQ(planned_threads({"--threads", "5"}, three), 5);
  EXPECT_EQ(planned_threads({"--threads=1"}, with_environment("OMP_NUM_THREADS=")), 1);
}

TEST(CliThreads, ChangeNoByteOfATraining) {
  const TempFolder folder;
  std::string one;
  for (const char* threads : {"1", "4", "8", "16"}) {
    const std::string run = (folder / threads).string();
    const CommandResult result =
        run_elbo({"train", "digits", "--device", "cpu", "--threads", threads, "--epochs", "1", "--batch",
                  "100", "--set", "data.limit=400", "--set", "model.encoder=[200]", "--set",
                  "model.decoder=[200]", "--out", run});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_SAYS(result.out, std::string(threads) + (threads == std::string("1") ? " thread)" : " threads)"));
    const std::string bytes = io::read_file(folder / threads / "model.safetensors");
    if (one.empty()) one = bytes;
    EXPECT_TRUE(bytes == one) << threads << " threads";
  }
}

/// A command's files, and what it prints as JSON but for times.
std::string results_on(const char* threads, std::vector<std::string> arguments,
                       const std::filesystem::path& file) {
  arguments.insert(arguments.end(), {"--device", "cpu", "--threads", threads});
  const CommandResult result = run_elbo(arguments);
  EXPECT_EQ(result.code, 0) << result.err;
  if (!file.empty()) return io::read_file(file);
  Json json = Json::parse(result.out);
  EXPECT_EQ(json.erase("seconds") + json.erase("examples_per_second"), 2u) << result.out;
  return json.dump();
}

TEST(CliThreads, ChangeNoByteOfWhatIsMeasuredOrMade) {
  const TempFolder folder;
  const std::string run = (folder / "run").string();
  const CommandResult trained =
      run_elbo(small_training({"--data", write_pictures(folder / "pictures", 150, 90), "--out", run,
                               "--epochs", "2", "--set", "data.validation=0.2", "--quiet"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  const std::string map = (folder / "map.csv").string(), drawn = (folder / "drawn.npy").string();
  const std::vector<std::pair<std::vector<std::string>, std::string>> commands = {
      {{"eval", run, "--json", "--nll-samples", "5", "--probe"}, ""},
      {{"encode", run, "--map", "tsne", "--out", map}, map},
      {{"sample", run, "--draw", "--out", drawn}, drawn},
  };
  for (const auto& [arguments, file] : commands) {
    const std::string alone = results_on("1", arguments, file);
    EXPECT_GT(alone.size(), 100u);
    for (const char* threads : {"3", "16"})
      EXPECT_TRUE(results_on(threads, arguments, file) == alone)
          << arguments[0] << ", " << threads << " threads";
  }
}

TEST(CliThreads, AreAnOptionOfEveryCommandThatComputes) {
  for (const char* command : {"train", "select", "eval", "anomalies", "sample", "reconstruct", "edit",
                              "encode", "decode", "impute", "info"}) {
    EXPECT_SAYS(run_elbo({command, "--help"}).out, "--threads N");
  }
  EXPECT_SAYS(run_elbo({"data", "show", "--help"}).out, "--threads N");
  EXPECT_EQ(run_elbo({"data", "show", "digits", "--threads", "3"}).out,
            run_elbo({"data", "show", "digits"}).out);
}

TEST(CliThreads, OtherValuesAreRefused) {
  for (const char* wrong : {"0", "-1", "1025", "100000", "99999999999999999999", "many", "2.5", "3 ", ""}) {
    expect_complaint(run_elbo({"train", "digits", "--threads", wrong}), 2,
                     {"--threads", "at least 1 and at most 1024", "not \"" + std::string(wrong) + "\""});
  }
  expect_complaint(run_elbo({"train", "digits", "--threads", "2", "--threads", "3"}), 2,
                   {"--threads was given more than once"});
  expect_complaint(run_elbo({"info", "--threads", "2"}), 2, {"--threads requires --plan"});
}

}  // namespace
}  // namespace elbo::test
