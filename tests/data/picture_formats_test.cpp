// Single pictures: the values read from PNG and JPEG files, and that damaged files are refused.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>

#include "elbo/dataset.h"
#include "support/data.h"
#include "support/file_formats.h"

namespace elbo {
namespace {

using test::expect_error;
using test::jpeg_file;
using test::png_chunk;
using test::png_file;
using test::TempFolder;
using test::write;
using Values = std::vector<std::uint8_t>;

/// The values of the picture in these bytes.
Values read(const std::string& bytes) {
  TempFolder folder;
  write(folder / "a.png", bytes);
  return load_dataset(folder.path().string()).train.bytes;
}

void expect_damaged(const std::string& bytes, const std::string& why = "") {
  expect_error<DataError>([&] { read(bytes); }, {"a.png", "the picture is damaged", why});
}

/// A row of a PNG.
std::string row(const Values& bytes) {
  return '\0' + std::string(bytes.begin(), bytes.end());
}

TEST(PngFiles, GreyOfEveryDepth) {
  EXPECT_EQ(read(png_file({.width = 5, .depth = 1, .rows = row({0b10110000})})),
            (Values{255, 0, 255, 255, 0}));
  EXPECT_EQ(read(png_file({.width = 4, .depth = 2, .rows = row({0b00011011})})), (Values{0, 85, 170, 255}));
  EXPECT_EQ(read(png_file({.width = 3, .depth = 4, .rows = row({0x01, 0xF0})})), (Values{0, 17, 255}));
  EXPECT_EQ(read(png_file({.width = 2, .rows = row({3, 250})})), (Values{3, 250}));
}

/// The floats of the picture in these bytes, in 65535ths.
std::vector<int> read_wide(const std::string& bytes) {
  TempFolder folder;
  write(folder / "a.png", bytes);
  std::vector<int> values;
  for (const float value : load_dataset(folder.path().string()).train.floats) {
    values.push_back(static_cast<int>(std::lround(value * 65535.0f)));
    EXPECT_EQ(value, static_cast<float>(values.back()) / 65535.0f);
  }
  return values;
}

TEST(PngFiles, SixteenBitsAreAllKept) {
  EXPECT_EQ(read_wide(png_file({.width = 3, .depth = 16, .rows = row({0x12, 0x34, 0xFF, 0xFF, 0, 0})})),
            (std::vector<int>{0x1234, 65535, 0}));
  EXPECT_EQ(read_wide(png_file({.depth = 16, .colour = 2, .rows = row({1, 99, 2, 200, 3, 0})})),
            (std::vector<int>{256 + 99, 512 + 200, 768}));
  EXPECT_EQ(read_wide(png_file({.depth = 16, .colour = 6, .rows = row({1, 0, 2, 0, 3, 7, 0, 0})})),
            (std::vector<int>{256, 512, 768 + 7}));
}

TEST(PngFiles, OneOfSixteenBitsMakesAllFloats) {
  TempFolder folder;
  write(folder / "a.png", png_file({.width = 2, .rows = row({255, 51})}));
  write(folder / "b.png", png_file({.width = 2, .depth = 16, .rows = row({0, 1, 0x80, 0})}));
  const Dataset data = load_dataset(folder.path().string());
  EXPECT_TRUE(data.train.bytes.empty());
  EXPECT_EQ(data.train.floats,
            (std::vector<float>{1.0f, 51 * (1.0f / 255.0f), 1.0f / 65535.0f, 32768.0f / 65535.0f}));
  ASSERT_EQ(data.notes.size(), 1u);
  EXPECT_NE(data.notes[0].find("1 of 2 pictures have 16 bits a value"), std::string::npos) << data.notes[0];
}

TEST(PngFiles, ColourOfEveryDepth) {
  EXPECT_EQ(read(png_file({.colour = 2, .rows = row({1, 2, 3})})), (Values{1, 2, 3}));
}

TEST(PngFiles, TransparencyIsDropped) {
  EXPECT_EQ(read(png_file({.colour = 4, .rows = row({77, 0})})), (Values{77}));
  EXPECT_EQ(read(png_file({.colour = 6, .rows = row({1, 2, 3, 0})})), (Values{1, 2, 3}));
  const std::string clear = png_chunk("tRNS", std::string("\x00\x01", 2));
  EXPECT_EQ(read(png_file({.width = 4, .depth = 2, .rows = row({0b00011011}), .chunks = clear})),
            (Values{0, 85, 170, 255}));
}

/// The picture in these bytes over a grey level, with what is said about it.
Dataset over(const std::string& bytes, std::uint8_t background) {
  TempFolder folder;
  write(folder / "a.png", bytes);
  return load_dataset(folder.path().string(), {.background = background});
}

TEST(PngFiles, TransparencyIsLaidOverABackground) {
  const std::string grey = png_file({.width = 3, .colour = 4, .rows = row({100, 255, 100, 0, 100, 51})});
  EXPECT_EQ(over(grey, 200).train.bytes, (Values{100, 200, 180}));
  EXPECT_EQ(over(grey, 0).train.bytes, (Values{100, 0, 20}));
  EXPECT_EQ(over(png_file({.colour = 6, .rows = row({0, 100, 255, 102})}), 255).train.bytes,
            (Values{153, 193, 255}));
  const std::string palette = png_chunk("PLTE", std::string("\x0A\x0B\x0C\x14\x15\x16", 6)) +
                              png_chunk("tRNS", std::string("\x00", 1));
  EXPECT_EQ(over(png_file({.width = 2, .colour = 3, .rows = row({0, 1}), .chunks = palette}), 7).train.bytes,
            (Values{7, 7, 7, 20, 21, 22}));
  const std::string clear = png_chunk("tRNS", std::string("\x00\x01", 2));
  EXPECT_EQ(
      over(png_file({.width = 4, .depth = 2, .rows = row({0b00011011}), .chunks = clear}), 9).train.bytes,
      (Values{0, 9, 170, 255}));
  const Dataset wide = over(png_file({.depth = 16, .colour = 4, .rows = row({0xFF, 0xFF, 0x80, 0})}), 0);
  EXPECT_FLOAT_EQ(wide.train.floats.at(0), 32768.0f / 65535.0f);
}

TEST(PngFiles, WhatBecomesOfTransparencyIsSaid) {
  const std::string grey = png_file({.colour = 4, .rows = row({100, 51})});
  const auto dropped = [&] {
    TempFolder folder;
    write(folder / "a.png", grey);
    return load_dataset(folder.path().string()).notes;
  }();
  ASSERT_EQ(dropped.size(), 1u);
  EXPECT_NE(dropped[0].find("dropped (data.background"), std::string::npos) << dropped[0];
  const auto laid = over(grey, 128).notes;
  ASSERT_EQ(laid.size(), 1u);
  EXPECT_NE(laid[0].find("laid over the grey level 128"), std::string::npos) << laid[0];
}

TEST(PngFiles, Palette) {
  const std::string palette = png_chunk("PLTE", std::string("\x0A\x0B\x0C\x14\x15\x16\x1E\x1F\x20", 9));
  const Values colours = {20, 21, 22, 10, 11, 12, 30, 31, 32};
  const std::string two_bits = row({0b01001000}), bytes = row({1, 0, 2});
  EXPECT_EQ(read(png_file({.width = 3, .depth = 2, .colour = 3, .rows = two_bits, .chunks = palette})),
            colours);
  EXPECT_EQ(read(png_file({.width = 3, .colour = 3, .rows = bytes, .chunks = palette})), colours);
  const std::string clear = png_chunk("tRNS", std::string("\x00\x80", 2));
  EXPECT_EQ(read(png_file({.width = 3, .colour = 3, .rows = bytes, .chunks = palette + clear})), colours);
  expect_damaged(png_file({.width = 3, .colour = 3, .rows = row({1, 3, 2}), .chunks = palette}), "palette");
  expect_damaged(png_file({.colour = 3, .rows = row({0})}), "PLTE");
}

/// The rows of Adam7's seven passes over a picture of one channel.
std::string interlaced(const Values& picture, int width, int height) {
  struct Pass {
    int x, y, dx, dy;
  };
  constexpr std::array<Pass, 7> kPasses = {
      {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}};
  std::string rows;
  for (const Pass& pass : kPasses) {
    for (int y = pass.y; y < height && pass.x < width; y += pass.dy) {
      Values values;
      for (int x = pass.x; x < width; x += pass.dx)
        values.push_back(picture[static_cast<std::size_t>(y * width + x)]);
      rows += row(values);
    }
  }
  return rows;
}

TEST(PngFiles, InterlacedOnesAreTheSame) {
  for (const auto& [width, height] : {std::pair{1, 1}, {5, 5}, {3, 9}, {17, 2}, {1, 20}}) {
    Values picture;
    for (int i = 0; i < width * height; ++i) picture.push_back(static_cast<std::uint8_t>(7 * i + 1));
    const test::PngParts parts{
        .width = width, .height = height, .rows = interlaced(picture, width, height), .interlaced = true};
    EXPECT_EQ(read(png_file(parts)), picture) << width << " by " << height;
    auto short_of_one = parts;
    short_of_one.rows.resize(parts.rows.size() - 1);
    expect_damaged(png_file(short_of_one));
  }
}

TEST(PngFiles, CutOnesAreDamaged) {
  const std::string whole = png_file({.width = 3, .height = 2, .rows = row({1, 2, 3}) + row({4, 5, 6})});
  ASSERT_EQ(read(whole).size(), 6u);
  for (std::size_t size = 8; size < whole.size(); ++size) expect_damaged(whole.substr(0, size));
}

TEST(PngFiles, MissingRowsAndWrongSumsAreDamaged) {
  expect_damaged(png_file({.width = 3, .height = 2, .rows = row({1, 2, 3}) + row({4, 5})}));
  expect_damaged(png_file({.width = 3, .height = 2, .rows = row({1, 2, 3})}));
  std::string flipped = png_file({.rows = row({1})});
  flipped[flipped.find("IDAT") + 8] ^= 1;
  expect_damaged(flipped, "CRC");
}

TEST(PngFiles, WhatPixelsDoNotNeedMayBeAnything) {
  const std::string chunks = png_chunk("iCCP", "no profile") + png_chunk("zTXt", std::string(100, '\xFF')) +
                             png_chunk("gAMA", std::string("\x00\x00\x00\x01", 4));
  EXPECT_EQ(read(png_file({.rows = row({9}), .chunks = chunks})), (Values{9}));
}

TEST(PngFiles, SizesBeyondAnyPictureAreRefused) {
  const std::string bytes = png_file({.width = 20000, .height = 20000, .rows = row({9})});
  expect_error<DataError>([&] { read(bytes); }, {"a.png", "20000x20000"});
}

TEST(PngFiles, DataThatInflatesToFarMoreIsNotInflated) {
  EXPECT_EQ(read(png_file({.rows = row({9}) + std::string(std::size_t{64} << 20, '\0')})), (Values{9}));
}

TEST(JpegFiles, GreyAndColour) {
  const auto near = [](const Values& values, const Values& colour) {
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], colour[i % colour.size()], 2);
  };
  near(read(jpeg_file({.colour = {100}})), {100});
  near(read(jpeg_file({.colour = {200, 100, 50}})), {200, 100, 50});
  // Cyan, magenta, yellow and black: the amount of ink or, in Adobe's files, of its absence.
  near(read(jpeg_file({.colour = {0, 255, 255, 0}})), {255, 0, 0});
  near(read(jpeg_file({.colour = {0, 0, 0, 155}})), {100, 100, 100});
  near(read(jpeg_file({.colour = {255, 0, 0, 255}, .adobe = true})), {255, 0, 0});
  near(read(jpeg_file({.colour = {255, 255, 255, 100}, .adobe = true})), {100, 100, 100});
}

TEST(JpegFiles, CutOnesAreDamaged) {
  for (const int bands : {0, 2}) {
    const std::string whole = jpeg_file({.bands = bands});
    ASSERT_EQ(read(whole).size(), 64u);
    for (std::size_t size = 2; size < whole.size(); size += 7) expect_damaged(whole.substr(0, size));
  }
}

/// A JPEG's segment, with its marker and length.
std::string segment(char marker, const std::string& body) {
  const auto length = static_cast<std::uint32_t>(body.size() + 2);
  return std::string{'\xFF', marker} + test::big_endian(length).substr(2) + body;
}

/// The JPEG without its segments of one kind.
std::string without(std::string bytes, char marker) {
  const std::string begin{'\xFF', marker};
  for (auto at = bytes.find(begin); at != std::string::npos; at = bytes.find(begin)) {
    const auto byte = [&](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at + i]));
    };
    bytes.erase(at, 2 + 256 * byte(2) + byte(3));
  }
  return bytes;
}

TEST(JpegFiles, TablesWithTooManyCodesAreDamaged) {
  const std::string codes =
      segment('\xC4', std::string(1, '\0') + std::string("\xFF\xFF", 2) + std::string(14 + 510, '\0'));
  const std::string whole = jpeg_file({});
  const std::string early = std::string(whole).insert(2, codes);
  expect_damaged(early, "Huffman");
  expect_damaged("\xFF" + early, "Huffman");  // a fill byte before the marker
  expect_damaged(std::string(whole).insert(whole.size() - 2, codes), "Huffman");
}

TEST(JpegFiles, ScansWithoutTheirTablesAreDamaged) {
  expect_damaged(without(jpeg_file({}), '\xC4'));
  expect_damaged(without(jpeg_file({.bands = 2}), '\xC4'));
  expect_damaged(without(jpeg_file({}), '\xDB'), "Quantization");
}

TEST(JpegFiles, BytesBetweenSegmentsMayBeAnything) {
  const std::string whole = jpeg_file({});
  const Values values = read(whole);
  EXPECT_EQ(read("\xFF\xFF" + whole), values);
  EXPECT_EQ(read(std::string(whole).insert(whole.size() - 2, std::string(7, '\0'))), values);
  EXPECT_EQ(read(whole + "more"), values);
  std::string notes;  // a camera's
  for (int i = 0; i < 64; ++i) notes += "\xFF\xC4\xFF\xFF";
  EXPECT_EQ(read(std::string(whole).insert(2, segment('\xE1', notes))), values);
}

TEST(JpegFiles, ScansAreLimited) {
  EXPECT_EQ(read(jpeg_file({.bands = 64})).size(), 64u);
  expect_damaged(jpeg_file({.bands = 64, .refined = true}), "more than 100 scans");
}

TEST(JpegFiles, SizesBeyondAnyPictureAreRefused) {
  std::string bytes = jpeg_file({});
  const auto frame = bytes.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  std::memcpy(bytes.data() + frame + 5, "\xEA\x60\xEA\x60", 4);
  expect_error<DataError>([&] { read(bytes); }, {"a.png", "60000x60000"});
}

TEST(JpegFiles, NothingIsPrinted) {
  testing::internal::CaptureStderr();
  expect_damaged(without(jpeg_file({}), '\xC4'));
  expect_damaged(png_file({.colour = 3, .rows = row({0})}));
  read(png_file({.rows = row({9}), .chunks = png_chunk("iCCP", "no profile")}));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace elbo
