// IDX files and folders, plain and gzipped, good and bad.

#include <gtest/gtest.h>

#include <cmath>

#include "data/sources/idx.h"
#include "data/sources/known.h"
#include "elbo/dataset.h"
#include "support/data.h"
#include "support/file_formats.h"

namespace elbo {
namespace {

using test::big_endian;
using test::Environment;
using test::expect_error;
using test::gzip;
using test::idx_header;
using test::TempFolder;
using test::write;

/// `count` pictures of 2 × 3 whose bytes count up from `first`.
std::string pictures(std::uint32_t count, int first = 0) {
  std::string bytes = idx_header(8, {count, 2, 3});
  for (std::uint32_t i = 0; i < count * 6; ++i)
    bytes.push_back(static_cast<char>(first + static_cast<int>(i)));
  return bytes;
}

std::string labels(const std::string& values) {
  return idx_header(8, {static_cast<std::uint32_t>(values.size())}) + values;
}

TEST(DataIdx, FolderWithAllSplits) {
  TempFolder folder;
  write(folder / "train-images-idx3-ubyte.gz", gzip(pictures(4)));
  write(folder / "train-labels-idx1-ubyte", labels({1, 2, 3, 9}));
  write(folder / "valid-images.idx3-ubyte", pictures(2, 50));
  write(folder / "t10k-images-idx3-ubyte", pictures(3, 100));
  write(folder / "t10k-labels-idx1-ubyte.gz", gzip(labels({0, 0, 5})));
  const Dataset dataset = load_dataset(folder.path().string());
  EXPECT_EQ(dataset.name, folder.path().string());
  EXPECT_EQ(dataset.picture, (PictureShape{2, 3, 1}));
  EXPECT_EQ(dataset.train.count, 4);
  EXPECT_EQ(dataset.train.bytes[23], 23);
  EXPECT_EQ(dataset.train.labels, (std::vector<std::int32_t>{1, 2, 3, 9}));
  EXPECT_EQ(dataset.validation.count, 2);
  EXPECT_TRUE(dataset.validation.labels.empty());
  EXPECT_EQ(dataset.test.bytes[0], 100);
  EXPECT_EQ(dataset.test.labels, (std::vector<std::int32_t>{0, 0, 5}));
}

TEST(DataIdx, SingleFile) {
  TempFolder folder;
  const Dataset dataset = load_dataset(write(folder / "some.bin", pictures(5)).string());
  EXPECT_EQ(dataset.train.count, 5);
  EXPECT_EQ(dataset.dims(), 6);
  const Dataset packed = load_dataset(write(folder / "some.gz", gzip(pictures(5))).string());
  EXPECT_EQ(packed.train.bytes, dataset.train.bytes);
}

TEST(DataIdx, EveryType) {
  TempFolder folder;
  const auto values = [&](int type, const std::string& bytes) {
    return data::read_idx(write(folder / "x", idx_header(type, {2, 1}) + bytes)).floats;
  };
  EXPECT_EQ(values(0x09, "\xFF\x7F"), (std::vector<float>{-1, 127}));
  EXPECT_EQ(values(0x0B, std::string("\xFF\xFE\x01\x00", 4)), (std::vector<float>{-2, 256}));
  EXPECT_EQ(values(0x0C, big_endian(0xFFFFFFFDu) + big_endian(70000)), (std::vector<float>{-3, 70000}));
  EXPECT_EQ(values(0x0D, big_endian(0x3FC00000u) + big_endian(0xC0000000u)), (std::vector<float>{1.5f, -2}));
  EXPECT_EQ(values(0x0E, big_endian(0x3FF80000u) + big_endian(0) + big_endian(0xC0000000u) + big_endian(0)),
            (std::vector<float>{1.5f, -2}));
}

TEST(DataIdx, BadFiles) {
  TempFolder folder;
  const auto refused = [&](const std::string& bytes, const std::vector<std::string>& parts) {
    const auto file = write(folder / "bad-file", bytes);
    auto expected = parts;
    expected.push_back("bad-file");
    expect_error<DataError>([&] { data::read_idx(file); }, expected);
  };
  refused("", {"empty"});
  refused("abcdefgh", {"not an IDX file"});
  refused(std::string("\0\0\x08", 3), {"not an IDX file"});
  refused(idx_header(7, {2, 3}), {"not an IDX file"});
  refused(idx_header(8, {2, 3, 4}).substr(0, 13), {"header"});
  refused(pictures(4).substr(0, 30), {"truncated", "24 bytes", "14 are there"});
  refused(pictures(4) + "x", {"after", "4 x 2 x 3"});
  refused(idx_header(8, {0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu}), {"more than the file holds"});
  refused(idx_header(14, {0xFFFFFFFFu, 28}), {"more than the file holds"});
  const std::string packed = gzip(pictures(40));
  refused(packed.substr(0, packed.size() / 2), {"truncated"});
  refused(packed.substr(0, packed.size() - 4), {"truncated"});
  refused(packed.substr(0, 12), {});
  std::string flipped = packed;
  flipped[packed.size() - 6] = static_cast<char>(flipped[packed.size() - 6] ^ 0x10);
  refused(flipped, {"damaged"});
  refused(gzip(idx_header(8, {1000, 28, 28}) + "few"), {"1000 x 28 x 28", "more than the file holds"});
  refused(gzip(idx_header(8, {100, 20, 2}) + "few"), {"truncated", "4000", "3"});
  refused(gzip(pictures(4) + "x"), {"after"});
}

TEST(DataIdx, BadFolders) {
  TempFolder folder;
  const auto load = [&] { load_dataset(folder.path().string()); };
  write(folder / "t10k-images-idx3-ubyte", pictures(3));
  expect_error<DataError>(load, {"train-images"});
  write(folder / "train-images-idx3-ubyte", pictures(0));
  expect_error<DataError>(load, {"train-images-idx3-ubyte", "no examples", "0 x 2 x 3"});
  write(folder / "train-images-idx3-ubyte", idx_header(8, {2, 2, 2}) + "abcdefgh");
  expect_error<DataError>(load, {"t10k-images-idx3-ubyte", "2x3", "train-images-idx3-ubyte", "2x2"});
  write(folder / "train-images-idx3-ubyte", pictures(4));
  write(folder / "train-labels-idx1-ubyte", labels({1, 2}));
  expect_error<DataError>(load, {"train-labels-idx1-ubyte", "2 labels", "4 examples"});
  write(folder / "train-labels-idx1-ubyte", pictures(4));
  expect_error<DataError>(load, {"train-labels-idx1-ubyte", "one dimension", "4 x 2 x 3"});
  write(folder / "train-labels-idx1-ubyte",
        idx_header(0x0D, {4}) + big_endian(0x3FC00000u) + std::string(12, '\0'));
  expect_error<DataError>(load, {"train-labels-idx1-ubyte", "whole numbers", "1.5"});
  write(folder / "train-labels-idx1-ubyte", labels({1, 2, 3, 4}));
  EXPECT_NO_THROW(load());
}

TEST(DataKnown, LookedUpInElboDataThenInTheCacheThenInTheSystem) {
  TempFolder data, cache, system;
  const Environment shared("XDG_DATA_DIRS", "relative:" + system.path().string());
  const Environment elbo_data("ELBO_DATA", data.path().string());
  const Environment xdg("XDG_CACHE_HOME", cache.path().string());
  expect_error<DataError>([] { load_dataset("kmnist"); },
                          {"\"kmnist\"", (data / "kmnist").string(), (cache / "elbo/kmnist").string(),
                           (system / "datasets/kmnist").string(), "elbo data get kmnist"});
  write(system / "datasets/kmnist/train-images-idx3-ubyte", pictures(2, 5));
  EXPECT_EQ(load_dataset("kmnist").train.bytes[0], 5);
  EXPECT_EQ(load_dataset("kmnist").name, "kmnist");
  write(cache / "elbo/kmnist/train-images-idx3-ubyte", pictures(2, 7));
  EXPECT_EQ(load_dataset("kmnist").train.bytes[0], 7);
  write(data / "kmnist/train-images-idx3-ubyte", pictures(2, 9));
  const Dataset dataset = load_dataset("kmnist");
  EXPECT_EQ(dataset.train.bytes[0], 9);
  EXPECT_EQ(dataset.name, "kmnist");
  for (const auto& known : known_datasets()) {
    EXPECT_EQ(known.built_in,
              known.name == "digits" || known.name == "gaussian2d" || known.name == "uniform10");
    EXPECT_EQ(known.where, known.name == "kmnist" ? data / "kmnist" : std::filesystem::path());
  }
}

TEST(DataKnown, CacheFollowsTheXdgRules) {
  const Environment home("HOME", "/home/someone");
  {
    const Environment xdg("XDG_CACHE_HOME", std::nullopt);
    EXPECT_EQ(data::cache_folder(), "/home/someone/.cache/elbo");
  }
  {
    const Environment xdg("XDG_CACHE_HOME", "relative/is/ignored");
    EXPECT_EQ(data::cache_folder(), "/home/someone/.cache/elbo");
  }
  const Environment xdg("XDG_CACHE_HOME", std::nullopt);
  const Environment homeless("HOME", std::nullopt);
  const Environment elbo_data("ELBO_DATA", std::nullopt);
  EXPECT_THROW(data::cache_folder(), IoError);
  expect_error<DataError>([] { load_dataset("mnist"); }, {"ELBO_DATA"});
}

TEST(DataKnown, BinarizedZerosAndOnesBecomeWholeValues) {
  TempFolder data;
  const Environment elbo_data("ELBO_DATA", data.path().string());
  write(data / "mnist-binarized/train-images-idx3-ubyte",
        idx_header(8, {1, 2, 2}) + std::string("\0\1\1\0", 4));
  write(data / "mnist-binarized/t10k-images-idx3-ubyte",
        idx_header(8, {1, 2, 2}) + std::string("\0\xFF\0\xFF", 4));
  const Dataset dataset = load_dataset("mnist-binarized");
  EXPECT_EQ(dataset.train.value(0, 1), 1.0f);
  EXPECT_EQ(dataset.train.value(0, 3), 0.0f);
  EXPECT_EQ(dataset.test.value(0, 1), 1.0f);
}

TEST(DataKnown, UnknownNamesAndPaths) {
  expect_error<ConfigError>([] { load_dataset("minst"); }, {"\"minst\"", "did you mean \"mnist\"?"});
  expect_error<ConfigError>([] { load_dataset("weather"); }, {"\"weather\"", "known are", "gaussian2d"});
  expect_error<ConfigError>([] { load_dataset(""); }, {"known are"});
  expect_error<IoError>([] { load_dataset("no/such/folder"); }, {"no/such/folder", "no such file"});
  expect_error<IoError>([] { load_dataset("absent.npy"); }, {"absent.npy", "no such file"});
  TempFolder folder;
  std::filesystem::create_symlink("loop", folder / "loop");
  expect_error<IoError>([&] { load_dataset((folder / "loop").string()); }, {"loop", "cannot open"});
  expect_error<DataError>([&] { load_dataset(folder.path().string() + "/."); }, {"holds no data"});
  expect_error<DataError>([&] { load_dataset(write(folder / "a.txt", "hello world").string()); },
                          {"a.txt", "unknown format"});
}

TEST(DataKnown, RealMnist) {
  ELBO_REQUIRE_DATA("mnist");
  const Dataset dataset = load_dataset("mnist");
  EXPECT_EQ(dataset.train.count, 60000);
  EXPECT_EQ(dataset.test.count, 10000);
  EXPECT_EQ(dataset.picture, (PictureShape{28, 28, 1}));
  double sum = 0.0;
  for (const auto byte : dataset.train.bytes) sum += byte;
  EXPECT_NEAR(sum / 255.0 / static_cast<double>(dataset.train.bytes.size()), 0.1307, 5e-5);
  EXPECT_EQ(dataset.train.labels[0], 5);
  EXPECT_EQ(dataset.test.labels[0], 7);
}

}  // namespace
}  // namespace elbo
