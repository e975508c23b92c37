// EXIF's orientation: found in the metadata, and pictures turned by it.

#include "data/sources/exif.h"

#include <gtest/gtest.h>

#include "data/sources/turn.h"
#include "elbo/dataset.h"
#include "support/data.h"
#include "support/file_formats.h"

namespace elbo {
namespace {

using test::exif;
using test::TempFolder;
using test::with_exif;
using test::write;
using Values = std::vector<std::uint8_t>;

/// The six pixels of a picture stored as 3 × 2, as it is shown in each orientation.
constexpr struct {
  int orientation;
  std::int64_t height, width;
  std::uint8_t pixels[6];
} kShown[] = {{1, 2, 3, {1, 2, 3, 4, 5, 6}}, {2, 2, 3, {3, 2, 1, 6, 5, 4}}, {3, 2, 3, {6, 5, 4, 3, 2, 1}},
              {4, 2, 3, {4, 5, 6, 1, 2, 3}}, {5, 3, 2, {1, 4, 2, 5, 3, 6}}, {6, 3, 2, {4, 1, 5, 2, 6, 3}},
              {7, 3, 2, {6, 3, 5, 2, 4, 1}}, {8, 3, 2, {3, 6, 2, 5, 1, 4}}};

data::Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(DataExif, TheOrientationIsRead) {
  for (int i = 1; i <= 8; ++i) {
    for (const bool little_endian : {true, false}) {
      const std::string metadata = exif(i, little_endian);
      EXPECT_EQ(data::exif_orientation(bytes_of(metadata)), i);
      EXPECT_EQ(data::jpeg_orientation(bytes_of(with_exif(test::jpeg(8, 8, 1, 9), metadata))), i);
    }
  }
  EXPECT_EQ(data::jpeg_orientation(bytes_of(test::jpeg(8, 8, 1, 9))), 1);
}

TEST(DataExif, WebpHasItInAChunk) {
  const std::string metadata = exif(6);
  const std::string chunk = "EXIF" + std::string{static_cast<char>(metadata.size()), 0, 0, 0} + metadata;
  const std::string odd = std::string("VP8 \x03\0\0\0abc\0", 12);
  const std::string file = std::string("RIFF\0\0\0\0WEBP", 12) + odd + chunk;
  EXPECT_EQ(data::webp_orientation(bytes_of(file)), 6);
  EXPECT_EQ(data::webp_orientation(bytes_of(file.substr(0, 30))), 1);
}

TEST(DataExif, MalformedMetadataIsIgnored) {
  EXPECT_EQ(data::exif_orientation(bytes_of(exif(0))), 1);
  EXPECT_EQ(data::exif_orientation(bytes_of(exif(9))), 1);
  EXPECT_EQ(data::exif_orientation({}), 1);
  const std::string whole = exif(6), picture = with_exif(test::jpeg(8, 8, 1, 9), whole);
  for (std::size_t size = 0; size + 8 < whole.size(); ++size) {
    // A copy of its own, so that the sanitizers see what lies behind it.
    const Values cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(data::exif_orientation(cut), 1) << size;
  }
  for (std::size_t size = 0; size < 6 + 10 + whole.size() - 8; ++size) {
    const Values cut(picture.begin(), picture.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(data::jpeg_orientation(cut), 1) << size;
  }
  std::string far = whole;
  far.replace(4, 4, "\xF0\xFF\xFF\xFF");  // where the directory would be
  EXPECT_EQ(data::exif_orientation(bytes_of(far)), 1);
  std::string many = whole;
  many.replace(8, 2, "\xFF\xFF");  // entries, more than there are
  EXPECT_EQ(data::exif_orientation(bytes_of(many)), 6);
}

TEST(DataExif, EachOrientationMovesPixels) {
  for (const auto& shown : kShown) {
    const PictureShape stored{2, 3, 1};
    EXPECT_EQ(data::turned(stored, shown.orientation), (PictureShape{shown.height, shown.width, 1}));
    Values turned(6);
    data::turn(Values{1, 2, 3, 4, 5, 6}, stored, 1, shown.orientation, turned);
    EXPECT_EQ(turned, Values(shown.pixels, shown.pixels + 6)) << shown.orientation;
    Values pairs(12);
    data::turn(Values{1, 101, 2, 102, 3, 103, 4, 104, 5, 105, 6, 106}, stored, 2, shown.orientation, pairs);
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(pairs[2 * i], shown.pixels[i]);
      EXPECT_EQ(pairs[2 * i + 1], shown.pixels[i] + 100);
    }
  }
}

TEST(DataExif, PicturesAreTurned) {
  for (const auto& shown : kShown) {
    TempFolder folder;
    const std::string metadata = test::png_chunk("eXIf", exif(shown.orientation, false));
    const std::string rows("\0\1\2\3\0\4\5\6", 8);
    write(folder / "a.png", test::png_file({.width = 3, .height = 2, .rows = rows, .chunks = metadata}));
    const Dataset data = load_dataset(folder.path().string());
    EXPECT_EQ(data.picture, (PictureShape{shown.height, shown.width, 1}));
    EXPECT_EQ(data.train.bytes, Values(shown.pixels, shown.pixels + 6)) << shown.orientation;
    EXPECT_EQ(data.notes.size(), shown.orientation == 1 ? 0u : 1u);
  }
}

TEST(DataExif, WhatIsShownIsTheShape) {
  TempFolder folder;
  write(folder / "a.jpg", with_exif(test::jpeg(12, 8, 3, 100), exif(6, false)));
  write(folder / "b.jpg", test::jpeg(8, 12, 3, 50));
  const Dataset data = load_dataset(folder.path().string());
  EXPECT_EQ(data.picture, (PictureShape{12, 8, 3}));
  ASSERT_EQ(data.notes.size(), 1u);
  EXPECT_NE(data.notes[0].find("1 of 2 pictures were turned"), std::string::npos) << data.notes[0];
}

}  // namespace
}  // namespace elbo
