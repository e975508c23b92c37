// data.limit: which rows a run trains on, and which other commands read.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/cli.h"

namespace elbo::test {
namespace {

/// Rows of two columns; every seventh cell of the second is missing if `gaps`.
std::string write_rows(const std::filesystem::path& file, int count, bool gaps) {
  std::string text = "a,b\n";
  for (int i = 0; i < count; ++i) {
    text += std::to_string(0.1 * i) + ",";
    text += (gaps && i % 7 == 0 ? std::string() : std::to_string((i * 37 % 11) * 0.25)) + "\n";
  }
  return write(file, text).string();
}

/// The number of rows in the file that a command wrote.
std::int64_t rows_after(std::vector<std::string> arguments, const std::filesystem::path& out) {
  arguments.insert(arguments.end(), {"--out", out.string(), "--device", device().name()});
  const CommandResult result = run_elbo(arguments);
  EXPECT_EQ(result.code, 0) << result.err;
  return load_dataset(out.string()).train.count;
}

TEST(CliLimit, IsOfTheRunsOwnTrainingRowsAlone) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const std::string data = write_rows(folder / "data.csv", 80, true), run = folder / "run";
  const auto trained = run_elbo(
      small_training({"latent-2d", "--data", data, "--out", run, "--epochs", "1", "--set", "data.test=0.25",
                      "--set", "data.limit=12", "--set", "data.missing=mask", "--json"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_SAYS(trained.err, "12 of 60 training examples are used (data.limit)");
  EXPECT_EQ(nlohmann::json::parse(trained.out).at("steps"), 1);
  const auto codes = folder / "codes.npy";
  EXPECT_EQ(rows_after({"encode", run, "--split", "train"}, codes), 12);
  EXPECT_EQ(rows_after({"encode", run, "--split", "test"}, codes), 20);
  EXPECT_EQ(rows_after({"encode", run, "--split", "all"}, codes), 80);
  const std::string fresh = write_rows(folder / "fresh.csv", 33, true);
  EXPECT_EQ(rows_after({"encode", run, "--data", fresh}, codes), 33);
  const std::string whole = write_rows(folder / "whole.csv", 80, false);
  EXPECT_EQ(rows_after({"impute", run, "--split", "train", "--truth", whole}, folder / "imputed.npy"), 12);
}

}  // namespace
}  // namespace elbo::test
