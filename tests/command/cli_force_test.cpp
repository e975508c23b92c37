// What --force removes of an earlier run, and what it leaves.

#include <gtest/gtest.h>

#include <algorithm>

#include "support/cli.h"

namespace elbo::test {
namespace {

namespace fs = std::filesystem;

/// Rows of three values; `huge` ones make a training diverge.
std::string write_table(const fs::path& file, bool huge) {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 40; ++i)
    text += std::to_string(i % 7) + "," + std::to_string(i % 5) + "," + (huge ? "3e38" : "1") + "\n";
  write(file, text);
  return file.string();
}

CommandResult train_in(const std::string& out, const std::string& data, std::vector<std::string> more) {
  std::vector<std::string> arguments = {"digits", "--data", data, "--out", out, "--epochs", "1", "--quiet"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_elbo(small_training(arguments));
}

const std::vector<std::string> kTable = {"--set", "model.likelihood=gaussian", "--force"};

TEST(CliForce, LeavesNoFiguresOfTheRunThatItReplaces) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const std::string out = folder / "run", pictures = write_pictures(folder / "pictures", 30, 9);
  ASSERT_EQ(train_in(out, pictures, {"--set", "model.latent=2"}).code, 0);
  ASSERT_EQ(run_elbo({"anomalies", out, "--device", device().name()}).code, 0);
  for (const char* figure : {"walk.png", "manifold.png", "anomalies.png"})
    ASSERT_TRUE(fs::exists(fs::path(out) / figure)) << figure;
  write(fs::path(out) / "mine.png", "mine");

  // What is refused replaces nothing.
  EXPECT_NE(train_in(out, pictures, {"--set", "model.likelihood=categorical", "--force"}).code, 0);
  EXPECT_TRUE(fs::exists(fs::path(out) / "walk.png"));
  EXPECT_TRUE(fs::exists(fs::path(out) / "model.safetensors"));

  ASSERT_EQ(train_in(out, write_table(folder / "table.csv", false), kTable).code, 0);
  EXPECT_EQ(files_below(out), (std::vector<std::string>{"checkpoint.safetensors", "curves.png",
                                                        "last.safetensors", "metrics.jsonl", "mine.png",
                                                        "model.safetensors", "recipe.toml", "samples.csv"}));

  const auto diverged = train_in(out, write_table(folder / "huge.csv", true), kTable);
  EXPECT_EQ(diverged.code, 1) << diverged.err;
  EXPECT_FALSE(fs::exists(fs::path(out) / "samples.csv")) << diverged.err;
  EXPECT_TRUE(fs::exists(fs::path(out) / "mine.png"));
}

TEST(CliForce, RemovesTrainingsByOtherSeeds) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const std::string out = folder / "runs", data = write_table(folder / "table.csv", false);
  ASSERT_EQ(train_in(out, data, {"--set", "model.likelihood=gaussian", "--repeat", "3"}).code, 0);
  write(fs::path(out) / "seed-2/mine.txt", "mine");
  auto two = kTable;
  two.insert(two.end(), {"--repeat", "1"});
  ASSERT_EQ(train_in(out, data, two).code, 0);
  EXPECT_TRUE(fs::exists(fs::path(out) / "seed-1/model.safetensors"));
  EXPECT_EQ(files_below(fs::path(out) / "seed-2"), std::vector<std::string>{"mine.txt"});
  EXPECT_FALSE(fs::exists(fs::path(out) / "seed-3"));
  ASSERT_EQ(train_in(out, data, kTable).code, 0);
  EXPECT_FALSE(fs::exists(fs::path(out) / "seed-1"));
  EXPECT_FALSE(fs::exists(fs::path(out) / "repeat.json"));
}

TEST(CliForce, LeavesAFolderWithoutARun) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const std::string out = folder / "pictures";
  write(fs::path(out) / "walk.png", "mine");
  ASSERT_EQ(train_in(out, write_table(folder / "table.csv", false), kTable).code, 0);
  EXPECT_TRUE(fs::exists(fs::path(out) / "walk.png"));
}

}  // namespace
}  // namespace elbo::test
