// Files and names made to do harm: control characters, runs cut off at their begin.

#include <gtest/gtest.h>

#include <sys/stat.h>

#include "io/file.h"
#include "io/safetensors.h"
#include "support/cli.h"
#include "tools/elbo/drawing/svg.h"

namespace elbo::test {
namespace {

TEST(CliHostile, ControlCharactersInNamesAreWrongUsage) {
  const TempFolder folder;
  write(folder / "r.toml", "name = \"\\u0000x\"\n");
  CommandSettings inside;
  inside.folder = folder.path().string();
  expect_complaint(run_elbo({"train", "r.toml", "--epochs", "0", "-q"}, inside), 2,
                   {"r.toml:1: name cannot hold the control character \\x00"});
  expect_complaint(run_elbo({"train", "digits", "--out", "runs/\x1b[31m"}, inside), 2,
                   {"argument 4", "\"runs/\\x1b[31m\""});
  EXPECT_EQ(files_below(folder.path()), std::vector<std::string>{"r.toml"});
}

TEST(CliHostile, EscapeSequencesOfFilesAreShown) {
  const TempFolder folder;
  io::SafetensorsWriter kind;
  kind.text("elbo.format", "2");
  kind.text("elbo.kind",
            "\x1b]0;owned\x07 \xC2\x9B"
            "31m");
  kind.write(folder / "kind.safetensors");
  const auto about_kind = run_elbo({"eval", folder / "kind.safetensors"});
  expect_complaint(about_kind, 1, {"\\x1b]0;owned\\x07 \\xc2\\x9b31m"});
  EXPECT_EQ(about_kind.err.find('\x1b'), std::string::npos);
}

TEST(CliHostile, ReportsAndJsonShowControlCharacters) {
  const TempFolder folder;
  std::string rows = "a\x1b[2J,\"b\x7f\"\n";
  for (int i = 0; i < 40; ++i) rows += std::to_string(i % 7) + "," + std::to_string(i % 5) + "\n";
  write(folder / "table.csv", rows);
  const auto run = folder / "run";
  ASSERT_EQ(run_elbo(small_training({"--data", folder / "table.csv", "--out", run, "--epochs", "1", "-q",
                                     "--set", "model.likelihood=gaussian", "--set", "data.standardize=true"}))
                .code,
            0);
  for (const bool json : {false, true}) {
    std::vector<std::string> arguments = {"eval", run, "--device", device().name()};
    if (json) arguments.push_back("--json");
    const auto said = run_elbo(arguments);
    EXPECT_EQ(said.out.find_first_of("\x1b\x7f"), std::string::npos) << said.out;
  }
}

TEST(CliHostile, DrawingsHaveNoControlCharacters) {
  command::Svg svg(10, 10);
  svg.text(0, 0, "a\x1b<b>&\x01", {});
  EXPECT_SAYS(svg.document(), "a\\x1b&lt;b>&amp;\\x01</text>");
}

TEST(CliHostile, APipeAmongInputsIsRefused) {
  const TempFolder folder;
  for (const char* name : {"model.safetensors", "r.toml", "a.npy"}) {
    ASSERT_EQ(mkfifo((folder / name).c_str(), 0600), 0);
  }
  expect_complaint(run_elbo({"eval", folder / "model.safetensors"}), 1, {"not a plain file"});
  expect_complaint(run_elbo({"train", folder / "r.toml"}), 1, {"not a plain file"});
  expect_complaint(run_elbo({"train", "--data", folder / "a.npy"}), 1, {"neither a file nor a folder"});
}

TEST(CliHostile, ResumeBeginsARunOfWhichNothingIsLeft) {
  const TempFolder folder;
  const auto run = folder / "run";
  std::filesystem::create_directories(run);
  write(run / "recipe.toml.0123456789abcdef.part", "half");
  expect_complaint(run_elbo({"train", "--resume", "--out", run}), 1, {"no recipe.toml"});
  auto arguments = small_training({"digits", "--out", run, "--epochs", "1", "--resume", "-q"});
  ASSERT_EQ(run_elbo(arguments).code, 0);
  EXPECT_FALSE(std::filesystem::exists(run / "recipe.toml.0123456789abcdef.part"));
  EXPECT_EQ(run_elbo({"train", "digits", "--out", run, "--resume", "--epochs", "2", "-q", "--device",
                      device().name()})
                .code,
            0);
}

}  // namespace
}  // namespace elbo::test
