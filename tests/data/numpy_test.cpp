// .npy and .npz, good and bad.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "data/sources/npy.h"
#include "elbo/dataset.h"
#include "support/data.h"
#include "support/file_formats.h"

namespace elbo {
namespace {

using test::dictionary;
using test::expect_error;
using test::npy;
using test::npy_raw;
using test::npz;
using test::raw;
using test::TempFolder;
using test::write;

const std::vector<float> kSix = {1, 2, 3, 4, 5, 6};

TEST(DataNumpy, EveryType) {
  const auto check = [](const std::string& type, const auto& values) {
    const auto array = data::parse_npy(npy(type, "(2, 3)", values), "x");
    EXPECT_EQ(array.floats, kSix) << type;
    EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2, 3}));
  };
  check("<f4", kSix);
  check("<f8", std::vector<double>(kSix.begin(), kSix.end()));
  check("|i1", std::vector<std::int8_t>(kSix.begin(), kSix.end()));
  check("<i2", std::vector<std::int16_t>(kSix.begin(), kSix.end()));
  check("<i4", std::vector<std::int32_t>(kSix.begin(), kSix.end()));
  check("<i8", std::vector<std::int64_t>(kSix.begin(), kSix.end()));
  check("<u2", std::vector<std::uint16_t>(kSix.begin(), kSix.end()));
  check("<u4", std::vector<std::uint32_t>(kSix.begin(), kSix.end()));
  check("<u8", std::vector<std::uint64_t>(kSix.begin(), kSix.end()));
  const auto negative = data::parse_npy(npy("<i2", "(2,)", std::vector<std::int16_t>{-1, -300}), "x");
  EXPECT_EQ(negative.floats, (std::vector<float>{-1, -300}));
  const auto truth = data::parse_npy(npy("|b1", "(1, 2)", std::vector<std::uint8_t>{0, 1}), "x");
  EXPECT_EQ(truth.floats, (std::vector<float>{0, 1}));
  const auto bytes = data::parse_npy(npy("|u1", "(1, 2)", std::vector<std::uint8_t>{7, 255}), "x");
  EXPECT_EQ(bytes.bytes, (std::vector<std::uint8_t>{7, 255}));
  EXPECT_TRUE(bytes.floats.empty());
}

TEST(DataNumpy, NoExamplesWhateverTheOtherExtents) {
  const TempFolder folder;
  const std::vector<float> none;
  for (const bool fortran : {false, true}) {
    const auto file = write(folder / "a.npy",
                            npy("<f4", "(4611686018427387904, 0, 4611686018427387904, 3)", none, fortran));
    expect_error<DataError>([&] { load_dataset(file.string()); }, {"holds no examples"});
  }
}

TEST(DataNumpy, HalfPrecision) {
  const std::vector<std::uint16_t> halves = {0x3C00, 0xC100, 0x7BFF, 0x0001, 0x8000, 0x0400, 0x7C00, 0x7E00};
  const auto values = data::parse_npy(npy("<f2", "(8,)", halves), "x").floats;
  EXPECT_EQ(std::vector<float>(values.begin(), values.begin() + 6),
            (std::vector<float>{1.0f, -2.5f, 65504.0f, 0x1p-24f, 0.0f, 0x1p-14f}));
  EXPECT_TRUE(std::signbit(values[4]));
  EXPECT_EQ(values[6], std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(values[7]));
}

TEST(DataNumpy, BigEndian) {
  const std::string ints("\x00\x00\x00\x01\xFF\xFF\xFF\xFE", 8), half("\x3C\x00", 2),
      single("\x40\x20\0\0", 4);
  EXPECT_EQ(data::parse_npy(npy_raw(dictionary(">i4", "(2,)"), ints), "x").floats,
            (std::vector<float>{1, -2}));
  EXPECT_EQ(data::parse_npy(npy_raw(dictionary(">f2", "(1,)"), half), "x").floats, std::vector<float>{1.0f});
  EXPECT_EQ(data::parse_npy(npy_raw(dictionary(">f4", "(1,)"), single), "x").floats,
            std::vector<float>{2.5f});
}

TEST(DataNumpy, AVectorIsAColumn) {
  TempFolder folder;
  const Dataset dataset = load_dataset(write(folder / "x.npy", npy("<f4", "(6,)", kSix)).string());
  EXPECT_EQ(dataset.dims(), 1);
  EXPECT_EQ(dataset.train.floats, kSix);
  EXPECT_EQ(load_dataset(npz(folder / "x.npz", {{"x.npy", npy("<f4", "(6,)", kSix)}}).string()).dims(), 1);
}

TEST(DataNumpy, VersionsTwoAndThree) {
  for (const int version : {1, 2, 3}) {
    EXPECT_EQ(data::parse_npy(npy_raw(dictionary("<f4", "(2, 3)"), raw(kSix), version), "x").floats, kSix);
  }
}

TEST(DataNumpy, FortranOrderOfAnyRank) {
  // Value of element (i, j, k) of a 2 × 3 × 4 array is 100 i + 10 j + k.
  std::vector<float> fortran, c;
  std::vector<std::uint8_t> fortran_bytes, c_bytes;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) fortran.push_back(static_cast<float>(100 * i + 10 * j + k));
    }
  }
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 4; ++k) c.push_back(static_cast<float>(100 * i + 10 * j + k));
    }
  }
  fortran_bytes.assign(fortran.begin(), fortran.end());
  c_bytes.assign(c.begin(), c.end());
  EXPECT_EQ(data::parse_npy(npy("<f4", "(2, 3, 4)", fortran, true), "x").floats, c);
  EXPECT_EQ(data::parse_npy(npy("|u1", "(2, 3, 4)", fortran_bytes, true), "x").bytes, c_bytes);
  EXPECT_EQ(data::parse_npy(npy("<f4", "(24,)", c, true), "x").floats, c);
}

TEST(DataNumpy, ShapesThatArePictures) {
  TempFolder folder;
  const auto load = [&](const std::string& shape) {
    return load_dataset(write(folder / "x.npy", npy("|u1", shape, std::vector<std::uint8_t>(36))).string());
  };
  EXPECT_FALSE(load("(4, 9)").picture.is_picture());
  EXPECT_EQ(load("(2, 6, 3)").picture, (PictureShape{6, 3, 1}));
  EXPECT_EQ(load("(2, 2, 3, 3)").picture, (PictureShape{2, 3, 3}));
  EXPECT_EQ(load("(2, 6, 3, 1)").picture, (PictureShape{6, 3, 1}));
  EXPECT_EQ(load("(2, 1, 6, 3)").picture, (PictureShape{6, 3, 1}));
  EXPECT_FALSE(load("(1, 3, 3, 2, 2)").picture.is_picture());
  EXPECT_EQ(load("(1, 3, 3, 2, 2)").dims(), 36);
}

TEST(DataNumpy, ChannelsFirstAreBroughtLast) {
  TempFolder folder;
  std::vector<std::uint8_t> values(2 * 3 * 2 * 4);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint8_t>(i);
  const std::string array = npy("|u1", "(2, 3, 2, 4)", values);
  const Dataset data = load_dataset(write(folder / "x.npy", array).string());
  EXPECT_EQ(data.picture, (PictureShape{2, 4, 3}));
  for (std::int64_t n = 0; n < 2; ++n) {
    for (std::int64_t pixel = 0; pixel < 8; ++pixel) {
      for (std::int64_t c = 0; c < 3; ++c)
        EXPECT_EQ(data.train.bytes[static_cast<std::size_t>(24 * n + 3 * pixel + c)], 24 * n + 8 * c + pixel);
    }
  }
  ASSERT_EQ(data.notes.size(), 1u);
  EXPECT_NE(data.notes[0].find("channels come first"), std::string::npos) << data.notes[0];
  // Floats of several splits: one note.
  const std::string one = npy("<f4", "(1, 3, 1, 2)", std::vector<float>{1, 2, 3, 4, 5, 6});
  const std::string two = npy("<f4", "(2, 3, 1, 2)", std::vector<float>(12, 7));
  const Dataset splits =
      load_dataset(npz(folder / "x.npz", {{"x_train.npy", one}, {"x_test.npy", two}}).string());
  EXPECT_EQ(splits.train.floats, (std::vector<float>{1, 3, 5, 2, 4, 6}));
  EXPECT_EQ(splits.test.count, 2);
  EXPECT_EQ(splits.notes.size(), 1u);
  // Where the last dimension may be the channels, it is.
  const std::string last = npy("|u1", "(1, 3, 2, 3)", std::vector<std::uint8_t>(18));
  EXPECT_EQ(load_dataset(write(folder / "y.npy", last).string()).picture, (PictureShape{3, 2, 3}));
}

TEST(DataNumpy, BadFiles) {
  const auto refused = [](const std::string& bytes, const std::vector<std::string>& parts) {
    TempFolder folder;
    const auto file = write(folder / "bad.npy", bytes).string();
    auto expected = parts;
    expected.push_back("bad.npy");
    expect_error<DataError>([&] { load_dataset(file); }, expected);
  };
  const std::string good = npy("<f4", "(2, 3)", kSix);
  refused("", {"empty"});
  refused("PK\3\4 something else", {"not an NPY file"});
  refused(good.substr(0, 6), {"header"});
  refused(good.substr(0, 9), {"header"});
  refused(good.substr(0, 40), {"header", "Make the file again"});
  refused(good.substr(0, good.size() - 1), {"2 x 3", "more than the file holds"});
  refused(good + "x", {"after"});
  refused(npy("<f4", "(2, 9223372036854775807, 2)", kSix), {"more than the file holds"});
  refused(npy("<f8", "(4611686018427387904, 4)", kSix), {"more than the file holds"});
  refused(npy("<f4", "(-2, 3)", kSix), {"negative"});
  refused(npy("<f4", "(2, 99999999999999999999)", kSix), {"header is damaged"});
  refused(npy("<f4", "(2, 3", kSix), {"header is damaged"});
  refused(npy("<f4", "()", std::vector<float>{1}), {"two or more dimensions"});
  refused(npy("<f4", "(0, 3)", std::vector<float>{}), {"no examples", "0 x 3"});
  refused(npy("<f4", "(3, 0)", std::vector<float>{}), {"no examples", "3 x 0"});
  refused(npy("|O", "(2, 3)", kSix), {"\"|O\"", "not supported", "astype"});
  refused(npy("<c8", "(1, 3)", kSix), {"\"<c8\""});
  refused(npy_raw("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", ""), {"structured"});
  refused(npy_raw("{'descr': '<f4', 'shape': (2, 3), }", raw(kSix)), {"header is damaged"});
  refused(npy_raw("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2, 3), }", raw(kSix)),
          {"header is damaged"});
  refused(npy_raw(dictionary("<f4", "(2, 3)"), raw(kSix), 9), {"version 9"});
}

TEST(DataNumpy, NpzSplitsAndLabels) {
  TempFolder folder;
  const auto x = [](std::uint8_t first) {
    return npy("|u1", "(2, 2, 2)", std::vector<std::uint8_t>{first, 1, 2, 3, 4, 5, 6, 7});
  };
  const auto file =
      npz(folder / "a.npz", {{"x_train.npy", x(10)},
                             {"y_train.npy", npy("<i8", "(2,)", std::vector<std::int64_t>{4, -1})},
                             {"x_test.npy", x(20)},
                             {"y_test.npy", npy("<i4", "(2, 1)", std::vector<std::int32_t>{8, 9})},
                             {"val_images.npy", x(30)}});
  const Dataset dataset = load_dataset(file.string());
  EXPECT_EQ(dataset.picture, (PictureShape{2, 2, 1}));
  EXPECT_EQ(dataset.train.bytes[0], 10);
  EXPECT_EQ(dataset.train.labels, (std::vector<std::int32_t>{4, -1}));
  EXPECT_EQ(dataset.test.bytes[0], 20);
  EXPECT_EQ(dataset.test.labels, (std::vector<std::int32_t>{8, 9}));
  EXPECT_EQ(dataset.validation.bytes[0], 30);
}

TEST(DataNumpy, NpzKeys) {
  TempFolder folder;
  const std::string values = npy("<f4", "(2, 3)", kSix);
  for (const char* key : {"X.npy", "data.npy", "x", "train.npy", "anything.npy"}) {
    for (const bool deflate : {false, true}) {
      const Dataset dataset = load_dataset(npz(folder / "a.npz", {{key, values}}, deflate).string());
      EXPECT_EQ(dataset.train.floats, kSix) << key;
    }
  }
  expect_error<DataError>(
      [&] {
        load_dataset(npz(folder / "a.npz", {{"p.npy", values}, {"q.npy", values}}).string());
      },
      {"a.npz", "p (2 x 3), q (2 x 3)", "x_train", "a.npz:p"});
}

TEST(DataNumpy, BadNpz) {
  TempFolder folder;
  const std::string values = npy("<f4", "(200, 3)", std::vector<float>(600, 0.5f));
  const auto load = [&] { load_dataset((folder / "bad.npz").string()); };
  write(folder / "bad.npz", "");
  expect_error<DataError>(load, {"bad.npz"});
  write(folder / "bad.npz", "not a zip at all");
  expect_error<DataError>(load, {"bad.npz", "zip"});
  const std::string whole = io::read_file(npz(folder / "good.npz", {{"x.npy", values}}, false));
  write(folder / "bad.npz", whole.substr(0, whole.size() / 2));
  expect_error<DataError>(load, {"bad.npz"});
  std::string flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 1);
  write(folder / "bad.npz", flipped);
  expect_error<DataError>(load, {"bad.npz (x)", "CRC"});
  npz(folder / "bad.npz", {{"x.npy", values.substr(0, 400)}});
  expect_error<DataError>(load, {"bad.npz (x)", "more than the file holds"});
  npz(folder / "bad.npz", {{"x.npy", npy("<f4", "(2, 3)", kSix)}, {"y.npy", npy("<f4", "(3,)", kSix)}});
  expect_error<DataError>(load, {"bad.npz (y)", "after"});
  npz(folder / "bad.npz", {{"x.npy", npy("<f4", "(2, 3)", kSix)}, {"y.npy", npy("<f4", "(6,)", kSix)}});
  expect_error<DataError>(load, {"bad.npz (y)", "6 labels", "2 examples"});
  npz(folder / "bad.npz",
      {{"x.npy", npy("<f4", "(2, 3)", kSix)}, {"x_test.npy", npy("<f4", "(3, 2)", kSix)}});
  expect_error<DataError>(load, {"bad.npz (x_test)", "2 values", "3 values"});
}

TEST(DataNumpy, DirectoryThatDeclaresHugeSizesIsRefused) {
  TempFolder folder;
  const std::string values = npy("<f4", "(200, 3)", std::vector<float>(600, 0.5f));
  std::string bytes = io::read_file(npz(folder / "huge.npz", {{"x.npy", values}}));
  // The uncompressed size, 24 bytes into the central directory's entry, as 2 GB.
  const auto central = bytes.find("PK\x01\x02");
  ASSERT_NE(central, std::string::npos);
  const std::uint32_t huge = 0x7FFFFFFFu;
  std::memcpy(bytes.data() + central + 24, &huge, 4);
  write(folder / "huge.npz", bytes);
  expect_error<DataError>([&] { load_dataset((folder / "huge.npz").string()); },
                          {"huge.npz (x)", "directory"});
}

TEST(DataNumpy, RealAnomalyData) {
  ELBO_REQUIRE_DATA("adbench/6_cardio.npz");
  const Dataset dataset = load_dataset(std::string(std::getenv("ELBO_DATA")) + "/adbench/6_cardio.npz");
  EXPECT_EQ(dataset.train.count, 1831);
  EXPECT_EQ(dataset.dims(), 21);
  EXPECT_NEAR(dataset.train.value(0, 0), 0.004912314661768384, 1e-8);
  EXPECT_NEAR(dataset.train.value(0, 1), 0.6931907749193863, 1e-7);
  EXPECT_EQ(std::count(dataset.train.labels.begin(), dataset.train.labels.end(), 1), 176);
}

TEST(DataNumpy, RealFreyFaces) {
  ELBO_REQUIRE_DATA("frey/frey-faces.npy");
  const Dataset dataset = load_dataset("frey");
  EXPECT_EQ(dataset.train.count, 1965);
  EXPECT_EQ(dataset.picture, (PictureShape{28, 20, 1}));
}

}  // namespace
}  // namespace elbo
