// What the command says of settings and recipes with the names of an earlier elbo.

#include <gtest/gtest.h>

#include "io/file.h"
#include "support/cli.h"

namespace elbo::test {
namespace {

/// The text with all of `from` replaced.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST(CliFormerNames, OfSettingsAndFilesAreNotedOnce) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto pictures = write_pictures(folder / "pictures", 12, 4);
  const auto recipe =
      write(folder / "mine.toml", "[train]\naccumulate = 2\nbatch = 4\nepochs = 1\n").string();
  const auto run = run_elbo(small_training(
      {recipe, "--data", pictures, "--out", folder / "run", "--set", "data.binarize=resample", "-q"}));
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.err, "elbo: " + recipe +
                         ":2: train.accumulate is now called train.accumulation_steps\n"
                         "elbo: data.binarize = \"resample\" is now called \"dynamic\"\n");
  const std::string kept = io::read_file(folder / "run" / "recipe.toml");
  EXPECT_SAYS(kept, "accumulation_steps = 2");
  EXPECT_SAYS(kept, "binarize = \"dynamic\"");
}

TEST(CliFormerNames, OfAnOldRunAreReadInSilence) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto pictures = write_pictures(folder / "pictures", 12, 4);
  const std::string run = folder / "run";
  const auto trained = run_elbo(small_training({"--data", pictures, "--out", run, "--epochs", "1", "--set",
                                                "train.accumulation_steps=2", "--batch", "4", "-q"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  const auto file = folder / "run" / "recipe.toml";
  write(file, replaced(io::read_file(file), "accumulation_steps = ", "accumulate = "));
  const auto resumed =
      run_elbo({"train", "--resume", "--out", run, "--epochs", "2", "--device", device().name(), "-q"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(resumed.err, "");
}

TEST(CliFormerNames, AreRefusedBesideTodays) {
  expect_complaint(run_elbo({"train", "--set", "train.accumulate=2", "--set", "train.accumulation_steps=2"}),
                   2, {"train.accumulate and train.accumulation_steps"});
}

}  // namespace
}  // namespace elbo::test
