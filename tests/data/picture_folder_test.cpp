// Which files of a folder are pictures, of which split and class.

#include <gtest/gtest.h>

#include "elbo/dataset.h"
#include "support/data.h"
#include "support/file_formats.h"

namespace elbo {
namespace {

using test::expect_error;
using test::png;
using test::TempFolder;
using test::write;
using Labels = std::vector<std::int32_t>;
using Values = std::vector<std::uint8_t>;

Dataset load(const TempFolder& folder) {
  return load_dataset(folder.path().string());
}

bool says(const Dataset& data, const std::string& text) {
  return std::ranges::any_of(data.notes,
                             [&](const auto& note) { return note.find(text) != std::string::npos; });
}

TEST(DataPictureFolder, SplitsInAnyCase) {
  for (const auto& [train, validation, test] :
       {std::array{"Train", "Val", "Test"}, std::array{"TRAIN", "VALIDATION", "TEST"},
        std::array{"Training", "Valid", "testing"}}) {
    TempFolder folder;
    write(folder / train / "a.png", png(1, 1, 1, 1));
    write(folder / train / "b.png", png(1, 1, 1, 2));
    write(folder / validation / "a.png", png(1, 1, 1, 3));
    write(folder / test / "a.png", png(1, 1, 1, 4));
    const Dataset data = load(folder);
    EXPECT_EQ(data.train.bytes, (Values{1, 2})) << train;
    EXPECT_EQ(data.validation.bytes, (Values{3})) << train;
    EXPECT_EQ(data.test.bytes, (Values{4})) << train;
    EXPECT_TRUE(data.train.labels.empty());
    EXPECT_TRUE(says(data, std::string(train) + " for train")) << train;
  }
}

TEST(DataPictureFolder, OneSplitTwiceIsRefused) {
  TempFolder folder;
  write(folder / "train/a.png", png(1, 1, 1));
  write(folder / "val/a.png", png(1, 1, 1));
  write(folder / "Valid/a.png", png(1, 1, 1));
  expect_error<DataError>([&] { load(folder); }, {"val", "Valid", "split validation"});
}

TEST(DataPictureFolder, ASplitsNameAloneIsAClassAndSaidToBe) {
  TempFolder folder;
  write(folder / "control/a.png", png(1, 1, 1, 1));
  write(folder / "Test/a.png", png(1, 1, 1, 2));
  const Dataset data = load(folder);
  EXPECT_EQ(data.train.count, 2);
  EXPECT_TRUE(data.test.empty());
  EXPECT_TRUE(says(data, "the folder Test was taken for a class"));
}

TEST(DataPictureFolder, DeeperFoldersBelongToTheFirst) {
  TempFolder folder;
  write(folder / "train/cat/indoor/day/1.png", png(1, 1, 1, 1));
  write(folder / "train/cat/2.png", png(1, 1, 1, 2));
  write(folder / "train/ant/3.png", png(1, 1, 1, 3));
  write(folder / "test/cat/night/4.png", png(1, 1, 1, 4));
  const Dataset data = load(folder);
  EXPECT_EQ(data.train.bytes, (Values{3, 2, 1}));
  EXPECT_EQ(data.train.labels, (Labels{0, 1, 1}));
  EXPECT_EQ(data.test.labels, (Labels{1}));
  EXPECT_EQ(data.label_names, (std::vector<std::string>{"ant", "cat"}));
  TempFolder plain;
  write(plain / "b/deep/1.png", png(1, 1, 1, 1));
  write(plain / "a/1.png", png(1, 1, 1, 2));
  EXPECT_EQ(load(plain).train.labels, (Labels{0, 1}));
}

TEST(DataPictureFolder, LinksThatLeadBackAreReadOnce) {
  TempFolder folder;
  write(folder / "a/1.png", png(1, 1, 1, 1));
  std::filesystem::create_directory_symlink(folder / "a", folder / "a/again");
  EXPECT_EQ(load(folder).train.count, 1);
}

TEST(DataPictureFolder, MvtecsLayout) {
  TempFolder folder;
  write(folder / "train/good/0.png", png(1, 1, 1, 1));
  write(folder / "train/good/1.png", png(1, 1, 1, 2));
  write(folder / "test/good/0.png", png(1, 1, 1, 3));
  write(folder / "test/broken/0.png", png(1, 1, 1, 4));
  write(folder / "test/worn/0.png", png(1, 1, 1, 5));
  write(folder / "ground_truth/broken/0_mask.png", png(1, 1, 1, 6));
  write(folder / "license.txt", "free");
  const Dataset data = load(folder);
  EXPECT_EQ(data.train.labels, (Labels{0, 0}));
  EXPECT_EQ(data.test.bytes, (Values{4, 3, 5}));
  EXPECT_EQ(data.test.labels, (Labels{1, 0, 2}));
  EXPECT_EQ(data.label_names, (std::vector<std::string>{"good", "broken", "worn"}));
  EXPECT_TRUE(says(data, "label 0 is good"));
  EXPECT_TRUE(says(data, "beside the splits")) << data.notes.back();
  EXPECT_TRUE(says(data, "\"ground_truth\""));
  EXPECT_TRUE(says(data, "\"license.txt\""));
}

TEST(DataPictureFolder, SplitsBelowAClassAreNotMixed) {
  TempFolder folder;
  write(folder / "bottle/train/good/0.png", png(1, 1, 1));
  write(folder / "bottle/test/good/0.png", png(1, 1, 1));
  expect_error<DataError>([&] { load(folder); },
                          {"bottle", "train and test", "Name this folder as the data"});
}

TEST(DataPictureFolder, WhatIsNoPictureIsNamed) {
  TempFolder folder;
  write(folder / "a.png", png(1, 1, 1));
  EXPECT_TRUE(load(folder).notes.empty());
  for (const char* name : {"b.gif", "c.txt", "d.csv", "e.heic", ".hidden"}) write(folder / name, "x");
  const Dataset data = load(folder);
  ASSERT_EQ(data.notes.size(), 1u);
  EXPECT_EQ(data.notes[0],
            "4 files that are no pictures were left out: \"b.gif\", \"c.txt\", \"d.csv\" and others");
}

TEST(DataPictureFolder, BadFilesAreSkippedUpToTheSetting) {
  TempFolder folder;
  for (int i = 0; i < 6; ++i)
    write(folder / (i % 2 ? "x" : "y") / (std::to_string(i) + ".png"), png(2, 1, 1, 10 * i));
  write(folder / "x/3.png", png(2, 1, 1).substr(0, 60));  // its pixels are damaged
  write(folder / "y/4.png", "no picture");                // its header is
  const auto load = [&](std::int64_t bad) { return load_dataset(folder.path().string(), {.skip_bad = bad}); };
  expect_error<DataError>([&] { load(0); }, {"4.png", "not a PNG", "data.skip_bad", "it is 0"});
  expect_error<DataError>([&] { load(1); }, {"data.skip_bad", "it is 1"});
  const Dataset data = load(2);
  EXPECT_EQ(data.train.bytes, (Values{10, 11, 50, 51, 0, 1, 20, 21}));
  EXPECT_EQ(data.train.labels, (Labels{0, 0, 1, 1}));
  EXPECT_EQ(data.train.count, 4);
  ASSERT_EQ(data.notes.size(), 1u);
  for (const char* part : {"2 files", "skipped", "3.png", "4.png"}) EXPECT_TRUE(says(data, part)) << part;
  EXPECT_EQ(
      load_dataset(folder.path().string(), {.resize = PictureShape{1, 1, 0}, .skip_bad = 9}).train.count, 4);
}

TEST(DataPictureFolder, NothingButBadFilesIsAnError) {
  TempFolder folder;
  write(folder / "a.png", "no picture");
  expect_error<DataError>([&] { load_dataset(folder.path().string(), {.skip_bad = 5}); },
                          {"holds no pictures to train on"});
}

TEST(DataPictureFolder, OnePictureIsOneExample) {
  TempFolder folder;
  const Dataset data = load_dataset(write(folder / "a.PNG", png(3, 2, 1)).string());
  EXPECT_EQ(data.picture, (PictureShape{2, 3, 1}));
  EXPECT_EQ(data.train.bytes, (Values{0, 1, 2, 3, 4, 5}));
  EXPECT_TRUE(data.train.labels.empty());
  expect_error<DataError>([&] { load_dataset(write(folder / "b.jpg", "no picture").string()); },
                          {"b.jpg", "not a PNG, JPEG, BMP, WebP or TIFF picture"});
}

TEST(DataPictureFolder, ChannelsAlone) {
  TempFolder folder;
  write(folder / "a.png", png(2, 1, 1, 7));
  write(folder / "b.png", png(2, 1, 3, 100));
  expect_error<DataError>([&] { load(folder); }, {"b.png", "data.channels"});
  const Dataset colour = load_dataset(folder.path().string(), {.resize = PictureShape{0, 0, 3}});
  EXPECT_EQ(colour.picture, (PictureShape{1, 2, 3}));
  EXPECT_EQ(colour.train.bytes, (Values{7, 7, 7, 8, 8, 8, 100, 101, 102, 103, 104, 105}));
  EXPECT_TRUE(says(colour, "1 of 2 pictures were brought to 2x1 in colour (data.channels)"));
  EXPECT_EQ(load_dataset(folder.path().string(), {.resize = PictureShape{0, 0, 1}}).train.bytes,
            (Values{7, 8, 101, 104}));
  write(folder / "c.png", png(1, 1, 1));
  expect_error<DataError>(
      [&] {
        load_dataset(folder.path().string(), {.resize = PictureShape{0, 0, 1}});
      },
      {"c.png", "data.resize"});
}

TEST(DataPictureFolder, SizesNeedNotBeSquare) {
  TempFolder folder;
  write(folder / "a.png", png(8, 8, 1));
  const Dataset data = load_dataset(folder.path().string(), {.resize = PictureShape{2, 4, 0}});
  EXPECT_EQ(data.picture, (PictureShape{2, 4, 1}));
  EXPECT_TRUE(says(data, "brought to 4x2 in grey, the middle of each (data.resize)"));
}

TEST(DataPictureFolder, PicturesOfSixteenBitsAreResized) {
  TempFolder folder;
  std::string rows;
  for (int y = 0; y < 4; ++y) rows += std::string(1, '\0') + "\x12\x34\x12\x34\x12\x34\x12\x34";
  write(folder / "a.png", test::png_file({.width = 4, .height = 4, .depth = 16, .rows = rows}));
  const Dataset data = load_dataset(folder.path().string(), {.resize = PictureShape{2, 2, 3}});
  EXPECT_EQ(data.train.floats, std::vector<float>(12, 0x1234 / 65535.0f));
}

}  // namespace
}  // namespace elbo
