// Pictures of the command: what is drawn where, and that the PNG has it.

#include <gtest/gtest.h>

#include <png.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <numbers>
#include <numeric>
#include <set>
#include <vector>

#include "elbo/error.h"
#include "io/file.h"
#include "tools/elbo/drawing/pictures.h"
#include "tools/elbo/drawing/scatter.h"

namespace elbo::command {
namespace {

constexpr PictureShape kShape = {28, 28, 1};

// `count` pictures; picture i has the single grey value i / (count − 1).
Table greys(std::int64_t count) {
  Table table{count, 28 * 28, {}};
  for (std::int64_t i = 0; i < count; ++i) {
    table.values.insert(table.values.end(), 28 * 28,
                        static_cast<float>(i) / static_cast<float>(std::max<std::int64_t>(count - 1, 1)));
  }
  return table;
}

TEST(Pictures, GridPutsEachPictureInItsCell) {
  const GridStyle style{.columns = 3, .gap = 3};
  const auto canvas = draw_grid(greys(5), kShape, style);
  const std::int64_t cell = 56 + 3, margin = 16;
  EXPECT_EQ(canvas.width(), 2 * margin + 3 * 56 + 2 * 3);
  EXPECT_EQ(canvas.height(), 2 * margin + 2 * 56 + 3);
  for (std::int64_t i = 0; i < 5; ++i) {
    const auto x = margin + (i % 3) * cell, y = margin + (i / 3) * cell;
    const auto grey = static_cast<std::uint8_t>(std::lround(255.0 * static_cast<double>(i) / 4.0));
    for (const auto& [dx, dy] : {std::pair{0, 0}, {55, 0}, {0, 55}, {55, 55}}) {
      EXPECT_EQ(canvas.at(x + dx, y + dy), (Colour{grey, grey, grey})) << i;
    }
    EXPECT_EQ(canvas.at(x - 1, y), kPage);
    EXPECT_EQ(canvas.at(x, y - 1), kPage);
    EXPECT_EQ(canvas.at(x + 56, y + 20), kPage);
    EXPECT_EQ(canvas.at(x + 20, y + 56), kPage);
  }
  EXPECT_EQ(canvas.at(margin + 2 * cell + 20, margin + cell + 20), kPage) << "the sixth cell is empty";
}

TEST(Pictures, RowsRunAlongThePictureAndColoursStay) {
  Table table{1, 2 * 3 * 3, {}};
  for (int i = 0; i < 18; ++i) table.values.push_back(static_cast<float>(i) * 10.0f / 255.0f);
  const auto canvas = draw_grid(table, {2, 3, 3}, {});
  const auto scale = enlargement({2, 3, 3});
  EXPECT_EQ(scale, 8);
  EXPECT_EQ(canvas.at(16, 16), (Colour{0, 10, 20}));
  EXPECT_EQ(canvas.at(16 + 2 * scale, 16), (Colour{60, 70, 80}));
  EXPECT_EQ(canvas.at(16, 16 + scale), (Colour{90, 100, 110}));
}

TEST(Pictures, WhatNoPngCanHoldIsRefused) {
  EXPECT_THROW(Canvas(1 << 15, 1 << 15), ConfigError);
  EXPECT_THROW(Canvas(1920, 800'000), ConfigError) << "4.6 GB, which an int counts as 300 MB";
  EXPECT_THROW(Canvas(std::int64_t{1} << 40, 1), ConfigError);
}

TEST(Pictures, AScatterOfOneHugeValueHasTicks) {
  // Floats of this size are 0.5 apart: a loop over closer ticks would never end.
  Table points{2, 2, {4e15f, 4e15f, 4e15f, 4e15f}};
  EXPECT_EQ(draw_scatter({{"", points, {}, 0}}).at(0, 0), kPage);
}

TEST(Pictures, BandsAndOuterColumnsStandApart) {
  GridStyle style{
      .columns = 4, .gap = 2, .rows_in_band = 2, .first_column_apart = true, .last_column_apart = true};
  const auto apart = draw_grid(greys(16), kShape, style);
  style.rows_in_band = 0;
  style.first_column_apart = style.last_column_apart = false;
  const auto plain = draw_grid(greys(16), kShape, style);
  EXPECT_GT(apart.width(), plain.width());
  EXPECT_GT(apart.height(), plain.height());
  // The last picture is white on a white page, so look at the one before it, in the same row.
  const auto shade = draw_grid(greys(16), kShape, style).at(16 + 2 * 58, 16 + 3 * 58);
  const auto band = apart.height() - plain.height(), side = (apart.width() - plain.width()) / 2;
  EXPECT_EQ(apart.at(16 + 2 * 58 + side, 16 + 3 * 58 + band), shade);
}

TEST(Pictures, NanShowsAndValuesAreClamped) {
  Table table{1, 4, {std::numeric_limits<float>::quiet_NaN(), -3.0f, 2.0f, 0.5f}};
  const auto canvas = draw_grid(table, {2, 2, 1}, {});
  const auto scale = enlargement({2, 2, 1});
  EXPECT_EQ(canvas.at(16, 16), kNotANumber);
  EXPECT_EQ(canvas.at(16 + scale, 16), (Colour{0, 0, 0}));
  EXPECT_EQ(canvas.at(16, 16 + scale), (Colour{255, 255, 255}));
  EXPECT_EQ(canvas.at(16 + scale, 16 + scale), (Colour{128, 128, 128}));
}

TEST(Pictures, WrongShapeIsRefused) {
  EXPECT_THROW(draw_grid(greys(2), {28, 27, 1}, {}), ShapeError);
  EXPECT_THROW(draw_scatter({{"x", Table{1, 3, {0, 0, 0}}, {}}}), ShapeError);
}

TEST(Pictures, DisplayRangeIsTheUnitIntervalUnlessTheDataIsElsewhere) {
  EXPECT_EQ(display_range({1, 3, {0.1f, -0.2f, 1.2f}}).white, 1.0f);
  const auto wide = display_range({1, 3, {-1.0f, 0.5f, 3.0f}});
  EXPECT_EQ(wide.black, -1.0f);
  EXPECT_EQ(wide.white, 3.0f);
  const auto flat = display_range({1, 2, {5.0f, 5.0f}});
  EXPECT_LT(flat.black, flat.white);
}

TEST(Pictures, PngReadsBackPixelForPixel) {
  const auto file =
      std::filesystem::temp_directory_path() / ("elbo_pictures_" + std::to_string(getpid()) + ".png");
  auto canvas = draw_grid(greys(7), kShape, {.columns = 4, .caption = "seven greys"});
  canvas.dot(30.5, 40.0, 3.0, palette(3), 0.7);
  canvas.write_png(file);
  const auto bytes = io::read_file(file);
  std::filesystem::remove(file);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  ASSERT_NE(png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()), 0);
  ASSERT_EQ(image.width, canvas.width());
  ASSERT_EQ(image.height, canvas.height());
  image.format = PNG_FORMAT_RGB;
  std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(image));
  ASSERT_NE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr), 0);
  for (std::int64_t y = 0; y < canvas.height(); ++y) {
    for (std::int64_t x = 0; x < canvas.width(); ++x) {
      const auto* p = pixels.data() + 3 * (y * canvas.width() + x);
      ASSERT_EQ((Colour{p[0], p[1], p[2]}), canvas.at(x, y)) << x << ", " << y;
    }
  }
}

TEST(Pictures, ScatterDrawsEveryPanelOnTheSameAxes) {
  // Two far corners and one point between them, to the right of and above the middle.
  const Table points{3, 2, {0.0f, 0.0f, 10.0f, 10.0f, 7.5f, 7.5f}};
  const auto canvas = draw_scatter({{"left", points, {}, 0}, {"right", points, {}, 3}});
  const auto count = [&](std::int64_t from, std::int64_t to, Colour colour) {
    std::int64_t found = 0;
    for (std::int64_t y = 0; y < canvas.height(); ++y) {
      for (std::int64_t x = from; x < to; ++x) {
        const auto at = canvas.at(x, y);
        // Dots are mixed with the page, so ask for the hue alone.
        found += (at.red > at.blue + 60) == (colour.red > colour.blue) && at != kPage && at.red != at.blue &&
                 std::abs(at.red - at.blue) > 60;
      }
    }
    return found;
  };
  const auto half = canvas.width() / 2;
  EXPECT_GT(count(0, half, palette(0)), 3 * 8);
  EXPECT_GT(count(half, canvas.width(), palette(3)), 3 * 8);
  EXPECT_EQ(count(0, half, palette(3)), 0);
}

// Draws one point per group and returns the fills of the dots: the points', then the legend's.
std::vector<std::string> dot_fills(const std::vector<std::int32_t>& groups) {
  Table points{std::ssize(groups), 2, {}};
  for (std::size_t i = 0; i < groups.size(); ++i)
    points.values.insert(points.values.end(), {static_cast<float>(i), static_cast<float>(i % 5)});
  const std::string document = draw_scatter_svg({{"", points, groups}}).document();
  std::vector<std::string> fills;
  for (auto at = document.find("<circle"); at != std::string::npos; at = document.find("<circle", at + 1)) {
    const auto fill = document.find("fill=\"", at) + 6;
    fills.push_back(document.substr(fill, document.find('"', fill) - fill));
  }
  return fills;
}

TEST(Pictures, UpToThirtyGroupsAreNamedEachInItsColour) {
  std::vector<std::int32_t> groups(30);
  std::iota(groups.begin(), groups.end(), 1000);
  const auto fills = dot_fills(groups);
  ASSERT_EQ(fills.size(), 60u);
  EXPECT_TRUE(std::equal(fills.begin(), fills.begin() + 30, fills.begin() + 30));
  EXPECT_EQ(std::set(fills.begin(), fills.end()).size(), 30u);
  groups.push_back(7);
  EXPECT_EQ(dot_fills(groups).size(), 31u) << "no legend for more groups";
  // A digit's colour does not depend on the others present.
  EXPECT_EQ(dot_fills({0, 3})[1], dot_fills({3, 9})[0]);
  EXPECT_NE(dot_fills({0, 10})[0], dot_fills({0, 10})[1]);
}

// A file's name may be long and not ASCII: a title is cut between characters.
TEST(Pictures, TitlesThatDoNotFitAreCut) {
  const Table points{2, 2, {0, 0, 1, 1}};
  std::string title = "codes of ";
  for (int i = 0; i < 60; ++i) title += "é";
  for (const std::string& shifted : {title, "x" + title, "xy" + title}) {
    const auto canvas = draw_scatter({{shifted, points, {}, 0}});
    for (std::int64_t y = 0; y < 40; ++y) EXPECT_EQ(canvas.at(canvas.width() - 1, y), kPage) << y;
    const std::string svg = draw_scatter_svg({{shifted, points, {}, 0}}).document();
    const auto dots = svg.find("...");
    ASSERT_NE(dots, std::string::npos);
    EXPECT_EQ(svg.substr(dots - 2, 2), "é");
  }
}

TEST(Pictures, WalkGoesFromOneCodeToTheOther) {
  const Table codes{3, 2, {3.0f, 0.0f, 0.0f, 1.0f, -3.0f, 0.0f}};
  for (const bool arc : {false, true}) {
    const auto path = walk(codes, 0, 1, 5, arc);
    ASSERT_EQ(path.rows, 5);
    for (int j = 0; j < 2; ++j) {
      EXPECT_NEAR(path.row(0)[static_cast<std::size_t>(j)], codes.row(0)[static_cast<std::size_t>(j)], 1e-6);
      EXPECT_NEAR(path.row(4)[static_cast<std::size_t>(j)], codes.row(1)[static_cast<std::size_t>(j)], 1e-6);
    }
  }
  const auto line = walk(codes, 0, 1, 3, false), curve = walk(codes, 0, 1, 3, true);
  EXPECT_NEAR(line.row(1)[0], 1.5, 1e-6);
  EXPECT_NEAR(line.row(1)[1], 0.5, 1e-6);
  EXPECT_NEAR(curve.row(1)[0], 2.0 * std::numbers::sqrt2 / 2.0, 1e-6);  // 45 degrees, length (3 + 1) / 2
  EXPECT_NEAR(curve.row(1)[1], 2.0 * std::numbers::sqrt2 / 2.0, 1e-6);
  const auto opposite = walk(codes, 0, 2, 3, true);  // no unique arc, so it takes the line
  EXPECT_NEAR(opposite.row(1)[0], 0.0, 1e-6);
  const Table zero{2, 2, {0.0f, 0.0f, 1.0f, 0.0f}};
  EXPECT_NEAR(walk(zero, 0, 1, 3, true).row(1)[0], 0.5, 1e-6);
}

}  // namespace
}  // namespace elbo::command
