// --precision for users.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/cli.h"
#include "support/temp_folder.h"

namespace elbo::test {
namespace {

using Json = nlohmann::json;

/// A training of one epoch on the CPU, which has every precision.
std::vector<std::string> training(const std::filesystem::path& run, const std::string& data,
                                  const std::vector<std::string>& more) {
  std::vector<std::string> all = {
      "train",      "--device",          "cpu",   "--data",           data, "--out",
      run.string(), "--epochs",          "1",     "--batch",          "20", "--json",
      "--set",      "model.encoder=[8]", "--set", "model.decoder=[8]"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(CliPrecision, IsNamedWhereverItMatters) {
  const TempFolder folder;
  const auto data = write_pictures(folder / "pictures", 60, 20);
  const auto run = (folder / "run").string();
  const auto trained = run_elbo(training(run, data, {"--precision", "bf16"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_EQ(Json::parse(trained.out).at("precision"), "bf16");
  EXPECT_EQ(Recipe::from_file(run + "/recipe.toml").train.precision, Precision::bf16);
  const auto info = run_elbo({"info", run, "--json"});
  ASSERT_EQ(info.code, 0) << info.err;
  EXPECT_EQ(Json::parse(info.out).at("recipe").at("train").at("precision"), "bf16");

  const auto evaluate = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all = {"eval", run, "--device", "cpu", "--json"};
    all.insert(all.end(), more.begin(), more.end());
    const auto result = run_elbo(all);
    EXPECT_EQ(result.code, 0) << result.err;
    return Json::parse(result.out);
  };
  const auto usual = evaluate({}), rough = evaluate({"--precision", "bf16"});
  EXPECT_EQ(usual.at("precision"), "fp32");
  EXPECT_EQ(usual.at("test"), Json::parse(trained.out).at("test")) << "train reports in fp32 too";
  EXPECT_EQ(rough.at("precision"), "bf16");
  EXPECT_NE(rough.at("test"), usual.at("test"));
  const auto table = run_elbo({"eval", run, "--device", "cpu", "--precision", "tf32"});
  EXPECT_SAYS(table.out, "in tf32");
}

TEST(CliPrecision, TheDefaultIsSpelledOut) {
  const TempFolder folder;
  const auto data = write_pictures(folder / "pictures", 40, 20);
  const auto trained = run_elbo(training(folder / "run", data, {}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_EQ(Json::parse(trained.out).at("precision"), "fp32");
  EXPECT_EQ(Recipe::from_file(folder / "run" / "recipe.toml").train.precision, Precision::fp32);
}

TEST(CliPrecision, MistakesAreWrongUsage) {
  const TempFolder folder;
  const auto data = write_pictures(folder / "pictures", 40, 20);
  const auto run = (folder / "run").string();
  expect_complaint(run_elbo(training(run, data, {"--precision", "fp31"})), 2,
                   {"train.precision", "did you mean \"fp32\""});
  ASSERT_EQ(run_elbo(training(run, data, {})).code, 0);
  expect_complaint(run_elbo({"eval", run, "--precision", "half"}), 2, {"half", "fp32, tf32 or bf16"});
  expect_complaint(run_elbo({"train", "--resume", "--out", run, "--precision", "bf16"}), 2,
                   {"--resume", "train.precision"});
}

}  // namespace
}  // namespace elbo::test
