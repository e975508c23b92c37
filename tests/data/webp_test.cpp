// WebP pictures. The files below were written by libwebp, without loss.

#include <gtest/gtest.h>

#include "elbo/dataset.h"
#include "support/data.h"
#include "support/file_formats.h"

namespace elbo {
namespace {

using test::expect_error;
using test::TempFolder;
using test::write;
using Values = std::vector<std::uint8_t>;

/// 3 × 2: red, green, blue; (10, 20, 30), (40, 50, 60), (70, 80, 90).
const std::string kColour(
    "\x52\x49\x46\x46\x42\x00\x00\x00\x57\x45\x42\x50\x56\x50\x38\x4C\x35\x00\x00\x00\x2F\x02\x40\x00\x00\x2F"
    "\x40\x98\x6D\xB4\x39\xDC\x7B\xFE\x96\xA7\x21\x24\x20\x74\x1F\xFC\x7F\x89\x20\xDB\x66\x17\xA9\xBF\xE5\xE7"
    "\x3F\xE0\xCF\x78\x26\x45\x01\x85\x6C\x23\xC0\xA1\x7B\x05\x4E\xE9\x22\xFA\x1F\xC3\x0B\x00",
    74);
/// 2 × 1: (200, 100, 50) opaque; (100, 50, 20) with alpha 102.
const std::string kClear(
    "\x52\x49\x46\x46\x20\x00\x00\x00\x57\x45\x42\x50\x56\x50\x38\x4C\x13\x00\x00\x00\x2F\x01\x00\x00\x10\x0F"
    "\x50\x99\x92\x9D\xC2\xE3\x66\x99\xC1\xC8\x88\xFE\x07\x00",
    40);

Dataset read_webp(const std::string& bytes, const LoadOptions& options = {}) {
  TempFolder folder;
  return load_dataset(write(folder / "a.webp", bytes).string(), options);
}

/// Whether this build reads WebP; if not, checks that the message says what to install.
bool has_webp() {
  try {
    read_webp(kColour);
    return true;
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("libwebp-dev"), std::string::npos) << error.what();
    return false;
  }
}

#define REQUIRE_WEBP() \
  if (!has_webp()) GTEST_SKIP() << "this build has no libwebp"

TEST(DataWebp, ColoursAreAsStored) {
  REQUIRE_WEBP();
  const Dataset data = read_webp(kColour);
  EXPECT_EQ(data.picture, (PictureShape{2, 3, 3}));
  EXPECT_EQ(data.train.bytes, (Values{255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 40, 50, 60, 70, 80, 90}));
}

TEST(DataWebp, TransparencyIsLaidOverABackground) {
  REQUIRE_WEBP();
  EXPECT_EQ(read_webp(kClear).train.bytes, (Values{200, 100, 50, 100, 50, 20}));
  EXPECT_EQ(read_webp(kClear, {.background = 255}).train.bytes, (Values{200, 100, 50, 193, 173, 161}));
}

TEST(DataWebp, CutOnesAreDamaged) {
  REQUIRE_WEBP();
  for (std::size_t size = 12; size < kColour.size() - 1; ++size)
    expect_error<DataError>([&] { read_webp(kColour.substr(0, size)); }, {"a.webp", "damaged"});
}

}  // namespace
}  // namespace elbo
