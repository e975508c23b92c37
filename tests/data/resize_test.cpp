// Resizing pictures to one size and kind.

#include <gtest/gtest.h>

#include <vector>

#include "data/sources/resize.h"
#include "support/data.h"
#include "support/file_formats.h"
#include "support/random.h"

namespace elbo {
namespace {

using data::resize_picture;
using test::expect_error;
using test::png;
using test::TempFolder;
using test::write;
using Values = std::vector<std::uint8_t>;

Values resized(const Values& pixels, const PictureShape& shape, const PictureShape& wanted) {
  Values result(static_cast<std::size_t>(wanted.height * wanted.width * wanted.channels), 77);
  resize_picture(pixels, shape, result, wanted);
  return result;
}

TEST(ResizePicture, TheSameShapeIsTheSamePicture) {
  const Values pixels = test::Random(3).bytes(5 * 7 * 3);
  EXPECT_EQ(resized(pixels, {5, 7, 3}, {5, 7, 3}), pixels);
}

TEST(ResizePicture, OneValueStaysWhateverTheSizes) {
  for (const std::int64_t size : {1, 2, 9, 64, 301}) {
    EXPECT_EQ(resized(Values(40 * 60 * 3, 201), {40, 60, 3}, {size, size, 3}),
              Values(static_cast<std::size_t>(3 * size * size), 201))
        << size;
  }
}

// Catmull-Rom weights add up to 1 and are symmetrical, so a ramp stays a ramp away from edges.
TEST(ResizePicture, ARampStaysARampWhenShrunk) {
  Values ramp;
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 40; ++x) ramp.push_back(static_cast<std::uint8_t>(6 * x));
  }
  const Values small = resized(ramp, {40, 40, 1}, {10, 10, 1});
  for (int y = 0; y < 10; ++y) {
    for (int x = 2; x < 8; ++x) EXPECT_NEAR(small[static_cast<std::size_t>(10 * y + x)], 24 * x + 9, 1) << x;
  }
}

// The second of four new pixels is a quarter from the first of two old ones. With edges repeated, the other
// old pixel gets Catmull-Rom's w(0.75) + w(1.75) = 0.2265625 − 0.0234375.
TEST(ResizePicture, EnlargedBetweenTwoPixels) {
  const Values wide = resized({0, 160, 0, 160}, {2, 2, 1}, {4, 4, 1});
  const double further = 160.0 * 0.203125;
  EXPECT_NEAR(wide[1], further, 1);
  EXPECT_NEAR(wide[2], 160.0 - further, 1);
  EXPECT_EQ(wide[1], wide[13]);
}

TEST(ResizePicture, TheMiddleIsKept) {
  EXPECT_EQ(resized({1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16}, {2, 6, 1}, {2, 2, 1}),
            (Values{3, 4, 13, 14}));
  EXPECT_EQ(resized({1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16}, {6, 2, 1}, {2, 2, 1}),
            (Values{5, 6, 11, 12}));
  EXPECT_EQ(resized({7, 8, 9}, {1, 3, 1}, {2, 2, 1}), (Values{8, 8, 8, 8}));
}

TEST(ResizePicture, GreyAndColour) {
  EXPECT_EQ(resized({9, 200}, {1, 2, 1}, {1, 2, 3}), (Values{9, 9, 9, 200, 200, 200}));
  EXPECT_EQ(resized({255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}, {1, 4, 3}, {1, 4, 1}),
            (Values{76, 150, 29, 255}));
}

TEST(DataPicturesResized, OfAllSizesAndKindsBecomeOne) {
  TempFolder folder;
  write(folder / "a.png", png(3, 2, 1));
  write(folder / "b.png", png(4, 4, 3, 100));
  write(folder / "c.png", png(2, 2, 3, 50));
  const Dataset data = load_dataset(folder.path().string(), {.resize = PictureShape{2, 2, 0}});
  EXPECT_EQ(data.picture, (PictureShape{2, 2, 3}));
  EXPECT_EQ(data.train.count, 3);
  EXPECT_EQ(Values(data.train.bytes.end() - 12, data.train.bytes.end()),
            (Values{50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61}));
  ASSERT_EQ(data.notes.size(), 1u);
  EXPECT_NE(data.notes[0].find("2 of 3 pictures"), std::string::npos) << data.notes[0];
  EXPECT_NE(data.notes[0].find("2x2 in colour"), std::string::npos) << data.notes[0];

  const Dataset grey = load_dataset(folder.path().string(), {.resize = PictureShape{2, 2, 1}});
  EXPECT_EQ(grey.picture, (PictureShape{2, 2, 1}));
  EXPECT_EQ(grey.train.dims, 4);
}

TEST(DataPicturesResized, NothingIsSaidWhereNothingChanges) {
  TempFolder folder;
  write(folder / "a.png", png(2, 2, 1));
  const Dataset data = load_dataset(folder.path().string(), {.resize = PictureShape{2, 2, 0}});
  EXPECT_EQ(data.picture, (PictureShape{2, 2, 1}));
  EXPECT_TRUE(data.notes.empty());
}

TEST(DataPicturesResized, OtherDataIsRefused) {
  TempFolder folder;
  const auto table = write(folder / "a.csv", "1,2\n3,4\n").string();
  for (const std::string& name : {table, std::string("digits")}) {
    expect_error<ConfigError>(
        [&] {
          load_dataset(name, {.resize = PictureShape{8, 8, 0}});
        },
        {name, "data.picture_size"});
  }
}

TEST(DataPicturesResized, DamagedPicturesAreNamed) {
  TempFolder folder;
  write(folder / "a.png", png(3, 2, 1));
  write(folder / "b.png", png(5, 4, 1).substr(0, 60));
  expect_error<DataError>(
      [&] {
        load_dataset(folder.path().string(), {.resize = PictureShape{2, 2, 0}});
      },
      {"b.png", "damaged"});
}

}  // namespace
}  // namespace elbo
