// Which arrays of an .npz are read: by name, by their shapes, with text labels, or as SciPy's sparse matrix.

#include <gtest/gtest.h>

#include <cstring>

#include "base/array_path.h"
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
using test::TempFolder;
using test::write;

using Ints = std::vector<std::int32_t>;
using Names = std::vector<std::string>;

const std::vector<float> kSixCells = {1, 2, 3, 4, 5, 6};
const std::string kPixels =
    npy("|u1", "(3, 2, 2)", std::vector<std::uint8_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});

/// Texts of NumPy's type '<U…': each padded to `length` characters of four bytes.
std::string unicode(const std::vector<std::u32string>& texts, std::size_t length) {
  std::string bytes(texts.size() * length * 4, '\0');
  for (std::size_t i = 0; i < texts.size(); ++i)
    std::memcpy(bytes.data() + i * length * 4, texts[i].data(), texts[i].size() * 4);
  return npy_raw(dictionary("<U" + std::to_string(length), "(" + std::to_string(texts.size()) + ",)"), bytes);
}

TEST(DataNpzChoice, AnArrayByName) {
  TempFolder folder;
  const auto file = npz(folder / "a.npz", {{"imgs.npy", kPixels},
                                           {"x.npy", npy("<f4", "(2, 3)", kSixCells)},
                                           {"labels.npy", npy("<i4", "(3,)", Ints{4, 5, 6})}})
                        .string();
  const Dataset pictures = load_dataset(file + ":imgs");
  EXPECT_EQ(pictures.picture, (PictureShape{2, 2, 1}));
  EXPECT_EQ(pictures.train.labels, (Ints{4, 5, 6}));
  EXPECT_TRUE(pictures.notes.empty());
  EXPECT_EQ(pictures.name, file + ":imgs");

  const Dataset table = load_dataset(file + ":x");
  EXPECT_EQ(table.train.floats, kSixCells);
  EXPECT_TRUE(table.train.labels.empty());
  ASSERT_EQ(table.notes.size(), 1u);
  EXPECT_NE(table.notes[0].find("labels"), std::string::npos);

  expect_error<DataError>([&] { load_dataset(file + ":images"); },
                          {"\"images\"", "imgs (3 x 2 x 2)", "x (2 x 3)", "data.name", "a.npz:imgs"});
  write(folder / "a.csv", "1,2\n");
  expect_error<DataError>([&] { load_dataset((folder / "a.csv:x").string()); },
                          {"a.csv", "no arrays with names"});
  expect_error<IoError>([&] { load_dataset((folder / "none.npz:x").string()); }, {"none.npz:x"});
}

TEST(DataNpzChoice, APathThatExistsWins) {
  TempFolder folder;
  npz(folder / "a.npz", {{"b.npz.npy", npy("<f4", "(2, 3)", kSixCells)}});
  const auto file = npz(folder / "a.npz:b.npz", {{"x.npy", npy("<f4", "(3, 2)", kSixCells)}}).string();
  EXPECT_EQ(load_dataset(file).dims(), 2);
  std::filesystem::remove(file);
  EXPECT_EQ(load_dataset(file).dims(), 3);
  EXPECT_EQ(data::split_array_path("mnist:x").file, "mnist:x");
  EXPECT_EQ(data::split_array_path((folder / "a.npz:").string()).file, (folder / "a.npz:").string());
}

TEST(DataNpzChoice, TheSplitOfANamedArrayHasItsLabels) {
  TempFolder folder;
  const auto file = npz(folder / "a.npz", {{"x_train.npy", npy("<f4", "(2, 3)", kSixCells)},
                                           {"y_train.npy", npy("<i4", "(2,)", Ints{1, 2})},
                                           {"x_test.npy", npy("<f4", "(2, 3)", kSixCells)},
                                           {"y_test.npy", npy("<i4", "(2,)", Ints{3, 4})}})
                        .string();
  EXPECT_EQ(load_dataset(file + ":x_test").train.labels, (Ints{3, 4}));
  EXPECT_TRUE(load_dataset(file + ":x_test").test.empty());
}

TEST(DataNpzChoice, LayoutOfDSprites) {
  TempFolder folder;
  const std::string pickle = npy_raw(dictionary("|O", "()"), "not to be read");
  const auto file =
      npz(folder / "a.npz", {{"metadata.npy", pickle},
                             {"imgs.npy", kPixels},
                             {"latents_values.npy", npy("<f8", "(3, 2)", std::vector<double>(6))},
                             {"latents_classes.npy", npy("<i8", "(3, 2)", std::vector<std::int64_t>(6))}})
          .string();
  const Dataset dataset = load_dataset(file);
  EXPECT_EQ(dataset.train.bytes.size(), 12u);
  EXPECT_EQ(dataset.picture, (PictureShape{2, 2, 1}));
  EXPECT_EQ(dataset.notes,
            Names{"The examples are the array imgs; not read: metadata, latents_values, latents_classes."});
  expect_error<DataError>([&] { load_dataset(file + ":metadata"); },
                          {"(metadata)", "Python objects", "astype"});
}

TEST(DataNpzChoice, LabelsThatAreReadAreNotSaidToBeLeft) {
  TempFolder folder;
  const auto file =
      npz(folder / "a.npz", {{"imgs.npy", kPixels}, {"labels.npy", npy("<i4", "(3,)", Ints{4, 5, 6})}});
  const Dataset dataset = load_dataset(file.string());
  EXPECT_EQ(dataset.train.labels, (Ints{4, 5, 6}));
  EXPECT_EQ(dataset.notes, Names{"The examples are the array imgs."});
}

TEST(DataNpzChoice, WhatIsNotClearIsListed) {
  TempFolder folder;
  const auto file = npz(folder / "a.npz", {{"left.npy", kPixels},
                                           {"right.npy", kPixels},
                                           {"names.npy", unicode({U"a", U"b"}, 1)},
                                           {"info.npy", npy_raw(dictionary("|O", "()"), "")},
                                           {"readme.txt", "hello"}});
  expect_error<DataError>([&] { load_dataset(file.string()); },
                          {"a.npz", "left (3 x 2 x 2)", "right (3 x 2 x 2)", "names (2, text)",
                           "info (Python objects)", "readme.txt (not an array)", "a.npz:left"});
  const auto test_only = npz(folder / "b.npz", {{"x_test.npy", kPixels}, {"y_test.npy", kPixels}});
  expect_error<DataError>([&] { load_dataset(test_only.string()); }, {"x_test (3 x 2 x 2)"});
}

TEST(DataNpzChoice, TextLabelsAreNumberedAlikeInAllSplits) {
  TempFolder folder;
  const std::string bytes = npy_raw(dictionary("|S4", "(2,)"), std::string("bee\0ant\0", 8));
  const auto file = npz(folder / "a.npz", {{"x_train.npy", npy("<f4", "(2, 3)", kSixCells)},
                                           {"y_train.npy", unicode({U"bee", U"élan \U0001F41D"}, 7)},
                                           {"x_test.npy", npy("<f4", "(2, 3)", kSixCells)},
                                           {"y_test.npy", bytes}});
  const Dataset dataset = load_dataset(file.string());
  EXPECT_EQ(dataset.label_names, (Names{"ant", "bee", "élan 🐝"}));
  EXPECT_EQ(dataset.train.labels, (Ints{1, 2}));
  EXPECT_EQ(dataset.test.labels, (Ints{1, 0}));
}

TEST(DataNpzChoice, TextLabelsThatDoNotFit) {
  TempFolder folder;
  const std::string x = npy("<f4", "(2, 3)", kSixCells);
  const auto refused = [&](const std::vector<std::pair<std::string, std::string>>& entries,
                           const std::vector<std::string>& parts) {
    const auto file = npz(folder / "a.npz", entries).string();
    expect_error<DataError>([&] { load_dataset(file); }, parts);
  };
  refused({{"x.npy", x}, {"y.npy", unicode({U"a", U"b", U"c"}, 1)}}, {"(y)", "3 labels", "2 examples"});
  refused({{"x.npy", x},
           {"y.npy", unicode({U"a", U"b"}, 1)},
           {"x_test.npy", x},
           {"y_test.npy", npy("<i4", "(2,)", Ints{0, 1})}},
          {"(x_test)", "numbers", "text"});
  refused({{"x.npy", x}, {"y.npy", npy("<U1", "(2,)", std::vector<std::uint32_t>{0x110000, 65})}},
          {"(y)", "damaged"});
  refused({{"x.npy", x}, {"y.npy", npy("<U1", "(2,)", std::vector<std::uint32_t>{0xD800, 65})}},
          {"(y)", "damaged"});
  refused({{"x.npy", x}, {"y.npy", npy_raw(dictionary("<U0", "(2,)"), "")}}, {"(y)", "\"<U0\""});
  refused({{"x.npy", x}, {"y.npy", npy_raw(dictionary("<U9223372036854775807", "(2,)"), "")}},
          {"(y)", "damaged"});
  refused({{"x.npy", x}, {"y.npy", npy_raw(dictionary("|O", "(2,)"), "")}},
          {"(y)", "Python objects", "astype(str)"});
}

TEST(DataNpzChoice, TextOfEveryByteOrder) {
  EXPECT_EQ(data::parse_npy_texts(npy_raw(dictionary(">U2", "(1,)"), std::string("\0\0\0A\0\0\0B", 8)), "x"),
            Names{"AB"});
  const std::string fortran = npy_raw(dictionary("|S1", "(2, 2)", true), "abcd");
  EXPECT_EQ(data::parse_npy_texts(fortran, "x"), (Names{"a", "c", "b", "d"}));
}

TEST(DataNpzChoice, IntegersAreNotRounded) {
  const std::vector<std::int64_t> large = {16777217, -9007199254740993};
  EXPECT_EQ(data::parse_npy_integers(npy("<i8", "(2,)", large), "x"), large);
  EXPECT_EQ(data::parse_npy_integers(npy("|u1", "(1,)", std::vector<std::uint8_t>{200}), "x"),
            std::vector<std::int64_t>{200});
  EXPECT_EQ(data::parse_npy_integers(npy_raw(dictionary(">i2", "(1,)"), std::string("\1\2", 2)), "x"),
            std::vector<std::int64_t>{258});
  expect_error<DataError>([] { data::parse_npy_integers(npy("<f4", "(6,)", kSixCells), "x"); },
                          {"x", "integers", "\"<f4\""});
}

}  // namespace
}  // namespace elbo
