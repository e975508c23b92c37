// BMP pictures, good and bad.

#include <gtest/gtest.h>

#include "elbo/dataset.h"
#include "support/data.h"
#include "support/file_formats.h"

namespace elbo {
namespace {

using test::bmp_file;
using test::expect_error;
using test::TempFolder;
using test::write;
using Values = std::vector<std::uint8_t>;

Dataset read_bmp(const std::string& bytes, const LoadOptions& options = {}) {
  TempFolder folder;
  return load_dataset(write(folder / "a.bmp", bytes).string(), options);
}

const std::string kGreys("\0\0\0\0\x64\x64\x64\0\xFF\xFF\xFF\0", 12);
const std::string kColours("\1\2\3\0\x0A\x14\x1E\0", 8);

TEST(DataBmp, PalettesOfGreysAreGrey) {
  const std::string rows("\0\1\2\0\2\2\1\0", 8);
  const Dataset up = read_bmp(bmp_file({.width = 3, .height = 2, .palette = kGreys, .rows = rows}));
  EXPECT_EQ(up.picture, (PictureShape{2, 3, 1}));
  EXPECT_EQ(up.train.bytes, (Values{255, 255, 100, 0, 100, 255}));
  const Dataset down = read_bmp(bmp_file({.width = 3, .height = -2, .palette = kGreys, .rows = rows}));
  EXPECT_EQ(down.train.bytes, (Values{0, 100, 255, 255, 255, 100}));
}

TEST(DataBmp, ColourOfEveryKind) {
  EXPECT_EQ(
      read_bmp(bmp_file({.width = 2, .palette = kColours, .rows = std::string("\1\0\0\0", 4)})).train.bytes,
      (Values{30, 20, 10, 3, 2, 1}));
  const Dataset plain =
      read_bmp(bmp_file({.width = 1, .height = 2, .bits = 24, .rows = std::string("\1\2\3\0\4\5\6\0", 8)}));
  EXPECT_EQ(plain.picture, (PictureShape{2, 1, 3}));
  EXPECT_EQ(plain.train.bytes, (Values{6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(read_bmp(bmp_file({.bits = 32, .rows = "\1\2\3\4"})).train.bytes, (Values{3, 2, 1}));
}

TEST(DataBmp, AlphaIsReadWhereAMaskSaysSo) {
  const std::string file =
      bmp_file({.bits = 32, .compression = 3, .header = 124, .rows = std::string("\x64\x64\x64\0", 4)});
  EXPECT_EQ(read_bmp(file).train.bytes, (Values{100, 100, 100}));
  EXPECT_EQ(read_bmp(file, {.background = 255}).train.bytes, (Values{255, 255, 255}));
}

TEST(DataBmp, BadOnesAreRefused) {
  const auto refused = [](const std::string& bytes, const std::string& why) {
    expect_error<DataError>([&] { read_bmp(bytes); }, {"a.bmp", why});
  };
  const std::string whole =
      bmp_file({.width = 3, .height = 2, .palette = kGreys, .rows = std::string("\0\1\2\0\2\2\1\0", 8)});
  for (std::size_t size = 2; size < whole.size(); ++size) refused(whole.substr(0, size), "damaged");
  refused(bmp_file({.palette = kColours, .rows = std::string("\2\0\0\0", 4)}), "palette");
  refused(bmp_file({.width = 0, .bits = 24}), "size");
  refused(bmp_file({.width = 1 << 30, .height = 1 << 30, .bits = 24}), "too many");
  refused(bmp_file({.width = 4000, .height = 4000, .bits = 24}), "ends too early");
  refused(bmp_file({.bits = 8, .compression = 1, .palette = kGreys}), "uncompressed");
  refused(bmp_file({.bits = 4, .palette = kGreys}), "4 bits");
  refused(bmp_file({.header = 12}), "before Windows 3");
}

}  // namespace
}  // namespace elbo
