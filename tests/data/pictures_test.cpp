// Folders of pictures, good and bad.

#include <gtest/gtest.h>

#include <sys/stat.h>

#include "elbo/dataset.h"
#include "support/data.h"
#include "support/file_formats.h"

namespace elbo {
namespace {

using test::expect_error;
using test::jpeg;
using test::png;
using test::TempFolder;
using test::write;

TEST(DataPictures, PlainFolderInOrderOfNames) {
  TempFolder folder;
  write(folder / "b.png", png(3, 2, 1, 100));
  write(folder / "a.PNG", png(3, 2, 1, 0));
  write(folder / "readme.txt", "not a picture");
  write(folder / ".hidden.png", "not to be read");
  const Dataset dataset = load_dataset(folder.path().string());
  EXPECT_EQ(dataset.picture, (PictureShape{2, 3, 1}));
  EXPECT_EQ(dataset.train.count, 2);
  EXPECT_EQ(dataset.train.bytes, (std::vector<std::uint8_t>{0, 1, 2, 3, 4, 5, 100, 101, 102, 103, 104, 105}));
  EXPECT_TRUE(dataset.train.labels.empty());
}

TEST(DataPictures, ColourIsChannelsLastAndTransparencyIsDropped) {
  TempFolder folder;
  write(folder / "a.png", png(2, 1, 3));
  write(folder / "b.png", png(2, 1, 4));
  const Dataset dataset = load_dataset(folder.path().string());
  EXPECT_EQ(dataset.picture, (PictureShape{1, 2, 3}));
  EXPECT_EQ(dataset.train.bytes, (std::vector<std::uint8_t>{0, 1, 2, 3, 4, 5, 0, 1, 2, 4, 5, 6}));
}

TEST(DataPictures, ArePlainFiles) {
  TempFolder folder;
  write(folder / "a.png", png(3, 2, 1));
  ASSERT_EQ(mkfifo((folder / "b.png").c_str(), 0600), 0);
  const auto load = [&] { load_dataset(folder.path().string()); };
  expect_error<IoError>(load, {"b.png", "not a plain file"});
  std::filesystem::remove(folder / "b.png");
  std::filesystem::create_symlink("/dev/zero", folder / "c.png");
  expect_error<IoError>(load, {"c.png", "not a plain file"});
}

TEST(DataPictures, Jpeg) {
  TempFolder folder;
  write(folder / "a.jpg", jpeg(8, 8, 3, 200));
  write(folder / "b.jpeg", jpeg(8, 8, 3, 30));
  const Dataset dataset = load_dataset(folder.path().string());
  EXPECT_EQ(dataset.picture, (PictureShape{8, 8, 3}));
  EXPECT_NEAR(dataset.train.bytes[0], 200, 2);
  EXPECT_NEAR(dataset.train.bytes[192], 30, 2);
}

TEST(DataPictures, SubFoldersAreLabels) {
  TempFolder folder;
  write(folder / "cat/1.png", png(1, 1, 1, 1));
  write(folder / "ant/1.png", png(1, 1, 1, 2));
  write(folder / "cat/0.png", png(1, 1, 1, 3));
  const Dataset words = load_dataset(folder.path().string());
  EXPECT_EQ(words.train.labels, (std::vector<std::int32_t>{0, 1, 1}));
  EXPECT_EQ(words.train.bytes, (std::vector<std::uint8_t>{2, 3, 1}));
  TempFolder numbered;
  write(numbered / "10/a.png", png(1, 1, 1));
  write(numbered / "9/a.png", png(1, 1, 1));
  const Dataset numbers = load_dataset(numbered.path().string());
  EXPECT_EQ(numbers.train.labels, (std::vector<std::int32_t>{10, 9}));
  EXPECT_TRUE(numbers.label_names.empty());
}

TEST(DataPictures, Splits) {
  TempFolder folder;
  write(folder / "train/x/1.png", png(1, 1, 1, 1));
  write(folder / "train/y/1.png", png(1, 1, 1, 2));
  write(folder / "test/y/1.png", png(1, 1, 1, 3));
  write(folder / "val/x/1.png", png(1, 1, 1, 4));
  const Dataset dataset = load_dataset(folder.path().string());
  EXPECT_EQ(dataset.train.labels, (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(dataset.test.labels, (std::vector<std::int32_t>{1}));
  EXPECT_EQ(dataset.validation.labels, (std::vector<std::int32_t>{0}));
  EXPECT_EQ(dataset.validation.bytes[0], 4);
}

TEST(DataPictures, BadFolders) {
  TempFolder folder;
  const auto load = [&] { load_dataset(folder.path().string()); };
  expect_error<DataError>(load, {folder.path().string(), "holds no data", "PNG"});
  write(folder / "a.png", png(3, 2, 1));
  write(folder / "b.png", png(2, 3, 1));
  expect_error<DataError>(load, {"b.png", "2x3 in grey", "3x2 in grey"});
  write(folder / "b.png", png(3, 2, 3));
  expect_error<DataError>(load, {"b.png", "3x2 in colour", "3x2 in grey"});
  write(folder / "b.png", png(3, 2, 1).substr(0, 60));
  expect_error<DataError>(load, {"b.png", "damaged"});
  write(folder / "b.png", "no picture");
  expect_error<DataError>(load, {"b.png", "not a PNG, JPEG"});
  write(folder / "b.png", "");
  expect_error<DataError>(load, {"b.png", "not a PNG, JPEG"});
  std::filesystem::remove(folder / "b.png");
  EXPECT_NO_THROW(load());
  write(folder / "sub/c.png", png(3, 2, 1));
  expect_error<DataError>(load, {"beside and in sub-folders"});
}

TEST(DataPictures, TrainFolderMayNotBeEmpty) {
  TempFolder folder;
  write(folder / "test/a.png", png(1, 1, 1));
  std::filesystem::create_directory(folder / "train");
  expect_error<DataError>([&] { load_dataset(folder.path().string()); }, {"train", "no pictures"});
}

}  // namespace
}  // namespace elbo
