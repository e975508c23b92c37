// Folders of pictures of all sizes, through the command.

#include <gtest/gtest.h>

#include "base/check.h"
#include "support/cli.h"
#include "support/file_formats.h"

namespace elbo::test {
namespace {

// Rows count up, so that pictures differ.
void write_folder(const std::filesystem::path& folder, int count, int channels, int smallest) {
  for (int i = 0; i < count; ++i) {
    write(folder / concat("picture-", i, ".png"), png(smallest + i % 3, smallest + i % 2, channels, 7 * i));
  }
}

TEST(CliPictures, OfAllSizesTrainAndLaterOnesAreBroughtToTheSame) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  write_folder(folder / "colour", 24, 3, 9);
  write_folder(folder / "grey", 6, 1, 5);
  const std::string run = folder / "run", dev = device().name();
  const auto trained = run_elbo(small_training(
      {"pictures", "--data", folder / "colour", "--epochs", "1", "--out", run, "--set", "model.latent=2",
       "--set", "data.picture_size=8", "--set", "train.batch=8", "--set", "data.validation=0.25"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_SAYS(trained.err, "24 of 24 pictures were brought to 8x8 in colour");

  const auto evaluated = run_elbo({"eval", run, "--data", folder / "grey", "--device", dev});
  EXPECT_EQ(evaluated.code, 0) << evaluated.err;
  EXPECT_SAYS(evaluated.err, "6 of 6 pictures were brought to 8x8 in colour");
  EXPECT_EQ(run_elbo({"reconstruct", run, "--out", folder / "r.png", "--device", dev}).code, 0);

  const auto repeated = run_elbo(
      small_training({"pictures", "--data", folder / "colour", "--epochs", "1", "--repeat", "2", "--out",
                      folder / "several", "--set", "model.latent=2", "--set", "data.picture_size=8"}));
  EXPECT_EQ(repeated.code, 0) << repeated.err;
}

TEST(CliPictures, UnlikePicturesNameTheSetting) {
  const TempFolder folder;
  write_folder(folder / "some", 3, 1, 4);
  const auto result =
      run_elbo({"train", "digits", "--data", folder / "some", "--epochs", "1", "--out", folder / "run"});
  expect_complaint(result, 1, {"picture-1.png", "data.picture_size"});
  expect_complaint(run_elbo({"train", "digits", "--set", "data.picture_size=8", "--out", folder / "run"}), 2,
                   {"digits", "data.picture_size"});
  expect_complaint(run_elbo({"train", "pictures", "--out", folder / "run"}), 2, {"pictures", "folder"});
}

}  // namespace
/// Trains for an epoch in `folder` and returns what was said.
CommandResult train_in(const TempFolder& folder, const std::string& data,
                       std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"train",
                                        "digits",
                                        "--data",
                                        data,
                                        "--epochs",
                                        "1",
                                        "--out",
                                        "run",
                                        "--force",
                                        "--device",
                                        device().name(),
                                        "--set",
                                        "model.encoder=[4]",
                                        "--set",
                                        "model.decoder=[4]",
                                        "--set",
                                        "data.validation=0",
                                        "--set",
                                        "model.latent=2"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  CommandSettings settings;
  settings.folder = folder.path().string();
  settings.environment = {"ELBO_DATA=",
                          "XDG_CACHE_HOME=" + settings.folder};  // no known data is on this machine
  return run_elbo(arguments, settings);
}

TEST(CliPictures, AFolderOfAKnownNameIsMentioned) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  write_folder(folder / "uniform10", 1, 1, 4);
  const auto known = train_in(folder, "uniform10");
  EXPECT_EQ(known.code, 0) << known.err;
  EXPECT_SAYS(known.err, "the built-in data set was taken; what lies here under that name is ./uniform10");
  const auto mine = train_in(folder, "./uniform10");
  EXPECT_EQ(mine.code, 0) << mine.err;
  EXPECT_EQ(mine.err.find("built-in"), std::string::npos) << mine.err;
  write_folder(folder / "mnist-binarized", 1, 1, 4);
  expect_complaint(train_in(folder, "mnist-binarized"), 1, {"not on this machine", "./mnist-binarized"});
}

TEST(CliPictures, SettingsOfPictures) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  write_folder(folder / "some", 4, 3, 8);
  write(folder / "some/bad.png", "no picture");
  const auto trained = train_in(folder, "some",
                                {"--set", "data.resize=6x4", "--set", "data.channels=1", "--set",
                                 "data.skip_bad=1", "--set", "data.background=255"});
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_SAYS(trained.err, "1 file that cannot be read was skipped");
  EXPECT_SAYS(trained.err, "4 of 4 pictures were brought to 6x4 in grey");
  expect_complaint(train_in(folder, "some"), 1, {"bad.png", "data.skip_bad"});
}

TEST(CliPictures, GreyLevelsAsFloatsAreNotCutAtAHalf) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  std::vector<float> grey(16 * 4);
  std::vector<std::uint8_t> bytes(grey.size());
  for (std::size_t i = 0; i < grey.size(); ++i) grey[i] = bytes[i] = static_cast<std::uint8_t>(i * 37 % 256);
  const auto trained = [&](const std::string& array, const std::string& binarize) {
    write(folder / "x.npy", array);
    const auto result = train_in(folder, "x.npy", {"--set", binarize});
    EXPECT_EQ(result.code, 0) << result.err;
    return std::pair(io::read_file(folder / "run/model.safetensors"), result.err);
  };
  write(folder / "table.npy", npy("<f4", "(16, 4)", grey));
  for (const std::string binarize : {"data.binarize=threshold", "data.binarize=dynamic"}) {
    const auto [of_grey, said] = trained(npy("<f4", "(16, 2, 2)", grey), binarize);
    EXPECT_SAYS(said, "divided by 255");
    EXPECT_EQ(trained(npy("|u1", "(16, 2, 2)", bytes), binarize).first, of_grey);
    expect_complaint(train_in(folder, "table.npy", {"--set", binarize}), 1, {"binarize", "[0, 1]"});
  }
}

}  // namespace elbo::test
