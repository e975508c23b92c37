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
}  // namespace elbo::test
