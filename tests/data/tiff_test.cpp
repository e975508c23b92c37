// TIFF pictures of the kinds that scanners and microscopes write.

#include <gtest/gtest.h>

#include <cmath>

#include "elbo/dataset.h"
#include "support/data.h"
#include "support/file_formats.h"
#include "support/random.h"

namespace elbo {
namespace {

using test::expect_error;
using test::TempFolder;
using test::tiff_file;
using test::write;
using Values = std::vector<std::uint8_t>;

Dataset read_tiff(const std::string& bytes, const LoadOptions& options = {}) {
  TempFolder folder;
  return load_dataset(write(folder / "a.tif", bytes).string(), options);
}

std::string tiff_text(const Values& values) {
  return {values.begin(), values.end()};
}

/// Whether this build reads TIFF; if not, checks that the message says what to install.
bool has_tiff() {
  try {
    read_tiff(tiff_file({.values = tiff_text({1})}));
    return true;
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("libtiff-dev"), std::string::npos) << error.what();
    return false;
  }
}

#define REQUIRE_TIFF() \
  if (!has_tiff()) GTEST_SKIP() << "this build has no libtiff"

TEST(DataTiff, GreyAndColour) {
  REQUIRE_TIFF();
  const Dataset grey =
      read_tiff(tiff_file({.width = 3, .height = 2, .values = tiff_text({1, 2, 3, 4, 5, 6})}));
  EXPECT_EQ(grey.picture, (PictureShape{2, 3, 1}));
  EXPECT_EQ(grey.train.bytes, (Values{1, 2, 3, 4, 5, 6}));
  EXPECT_TRUE(grey.notes.empty());
  EXPECT_EQ(read_tiff(tiff_file({.width = 2, .photometric = 0, .values = tiff_text({1, 200})})).train.bytes,
            (Values{254, 55}));
  const Dataset colour = read_tiff(
      tiff_file({.width = 2, .samples = 3, .photometric = 2, .values = tiff_text({1, 2, 3, 4, 5, 6})}));
  EXPECT_EQ(colour.picture, (PictureShape{1, 2, 3}));
  EXPECT_EQ(colour.train.bytes, (Values{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(read_tiff(tiff_file({.width = 2,
                                 .samples = 3,
                                 .photometric = 2,
                                 .planes = 2,
                                 .values = tiff_text({1, 2, 3, 4, 5, 6})}))
                .train.bytes,
            (Values{1, 3, 5, 2, 4, 6}));
  EXPECT_EQ(read_tiff(tiff_file({.width = 8, .bits = 1, .values = tiff_text({0b10110000})})).train.bytes,
            (Values{255, 0, 255, 255, 0, 0, 0, 0}));
}

TEST(DataTiff, SixteenBitsAreAllKept) {
  REQUIRE_TIFF();
  const Dataset data =
      read_tiff(tiff_file({.width = 2, .bits = 16, .values = tiff_text({0x34, 0x12, 0xFF, 0xFF})}));
  EXPECT_EQ(data.train.floats, (std::vector<float>{0x1234 / 65535.0f, 1.0f}));
}

TEST(DataTiff, Transparency) {
  REQUIRE_TIFF();
  const auto file = [](int kind) {
    return tiff_file({.width = 2,
                      .samples = 4,
                      .photometric = 2,
                      .extra = kind,
                      .values = tiff_text({100, 50, 20, 102, 9, 8, 7, 255})});
  };
  EXPECT_EQ(read_tiff(file(2)).train.bytes, (Values{100, 50, 20, 9, 8, 7}));
  EXPECT_EQ(read_tiff(file(2), {.background = 255}).train.bytes, (Values{193, 173, 161, 9, 8, 7}));
  EXPECT_EQ(read_tiff(file(1)).train.bytes,
            (Values{250, 125, 50, 9, 8, 7}));  // colours are stored times alpha
  EXPECT_EQ(read_tiff(file(0)).train.bytes, (Values{100, 50, 20, 9, 8, 7}));  // the fourth is something else
}

TEST(DataTiff, IsTurnedAndItsPagesAreCounted) {
  REQUIRE_TIFF();
  const Dataset data = read_tiff(tiff_file(
      {.width = 3, .height = 2, .orientation = 6, .pages = 3, .values = tiff_text({1, 2, 3, 4, 5, 6})}));
  EXPECT_EQ(data.picture, (PictureShape{3, 2, 1}));
  EXPECT_EQ(data.train.bytes, (Values{4, 1, 5, 2, 6, 3}));
  ASSERT_EQ(data.notes.size(), 2u);
  EXPECT_NE(data.notes[1].find("several pages"), std::string::npos) << data.notes[1];
}

TEST(DataTiff, BadOnesAreRefused) {
  REQUIRE_TIFF();
  testing::internal::CaptureStderr();
  expect_error<DataError>(
      [] {
        read_tiff(tiff_file({.bits = 32, .format = 3, .values = tiff_text({0, 0, 128, 63})}));
      },
      {"a.tif", "32 bits", ".npy"});
  const std::string whole = tiff_file({.width = 3, .height = 2, .values = tiff_text({1, 2, 3, 4, 5, 6})});
  for (std::size_t size = 4; size < whole.size() - 4; ++size)
    expect_error<DataError>([&] { read_tiff(whole.substr(0, size)); }, {"a.tif"});
  expect_error<DataError>([&] { read_tiff(tiff_file({.width = 60000, .height = 60000})); },
                          {"a.tif", "too many"});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(DataTiff, ChangedBytesAreReadOrRefused) {
  REQUIRE_TIFF();
  test::Random random(5);
  const std::string whole = tiff_file({.width = 2,
                                       .samples = 4,
                                       .photometric = 2,
                                       .extra = 2,
                                       .values = tiff_text({1, 2, 3, 4, 5, 6, 7, 8})});
  for (int trial = 0; trial < 1000; ++trial) {
    std::string bytes = whole;
    for (int change = 0; change < 1 + trial % 3; ++change) {
      const auto at = static_cast<std::size_t>(random.below(static_cast<std::int64_t>(bytes.size())));
      bytes[at] = static_cast<char>(random.below(256));
    }
    try {
      const Dataset data = read_tiff(bytes);
      EXPECT_EQ(data.train.count, 1);
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find("a.tif"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace elbo
