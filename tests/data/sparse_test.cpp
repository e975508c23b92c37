// Sparse matrices: in memory, as SciPy saves them, and as the text of Matrix Market and SVMlight.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "data/sources/csr.h"
#include "data/sources/matrix_market.h"
#include "data/sources/svmlight.h"
#include "elbo/dataset.h"
#include "support/data.h"
#include "support/file_formats.h"

namespace elbo {
namespace {

using data::Csr;
using data::Entry;
using test::dictionary;
using test::expect_error;
using test::npy;
using test::npy_raw;
using test::npz;
using test::TempFolder;
using test::write;

using Floats = std::vector<float>;
using Ints = std::vector<std::int32_t>;
using Longs = std::vector<std::int64_t>;

// The matrix of these tests: three rows of four, of which the second is empty.
const Floats kDense = {0, 5, 0, 1, 0, 0, 0, 0, 7, 0, 0, 2};

TEST(DataSparse, FilledInWhereItIsSmaller) {
  const Csr matrix{3, 4, {0, 2, 2, 4}, {3, 1, 0, 3}, {1, 5, 7, 2}};
  const auto dense = data::to_array(matrix, "m");
  EXPECT_EQ(dense.floats, kDense);
  EXPECT_EQ(dense.shape, (Longs{3, 4}));
  EXPECT_EQ(data::to_array(data::transpose(data::transpose(matrix, "m"), "m"), "m").floats, kDense);
  EXPECT_EQ(data::to_array({1, 2, {0, 3}, {1, 1, 0}, {2, 3, 4}}, "m").floats, (Floats{4, 5}));
}

TEST(DataSparse, EntriesInAnyOrder) {
  const std::vector<Entry> entries = {{2, 3, 2}, {0, 1, 5}, {2, 0, 7}, {0, 3, 1}};
  const Csr matrix = data::to_csr(3, 4, entries, "m");
  EXPECT_EQ(matrix.indptr, (Longs{0, 2, 2, 4}));
  EXPECT_EQ(data::to_array(matrix, "m").floats, kDense);
}

TEST(DataSparse, MatricesThatAreNone) {
  const auto refused = [](const Csr& matrix, const std::vector<std::string>& parts) {
    expect_error<DataError>([&] { data::to_array(matrix, "m.npz"); }, parts);
    EXPECT_THROW(data::transpose(matrix, "m.npz"), DataError);
  };
  refused({-1, 4, {0}, {}, {}}, {"m.npz", "negative"});
  refused({2, 4, {}, {}, {}}, {"m.npz", "pointers"});
  refused({2, 4, {0, 1}, {0}, {1}}, {"2 compressed rows", "2 pointers"});
  refused({2, 4, {0, 2, 1}, {0}, {1}}, {"pointers", "1 values"});
  refused({2, 4, {1, 1, 1}, {0}, {1}}, {"pointers"});
  refused({1, 4, {0, 1}, {4}, {1}}, {"index 4", "less than 4"});
  refused({1, 4, {0, 1}, {-1}, {1}}, {"index -1"});
  refused({1, 4, {0, 1}, {0, 1}, {1}}, {"1 values", "2 indices"});
  refused({std::numeric_limits<std::int64_t>::max(), 4, {0}, {}, {}}, {"pointers"});
  const std::vector<Entry> outside = {{0, 9, 1}};
  expect_error<DataError>([&] { data::to_csr(2, 3, outside, "m"); }, {"m", "2 x 3", "row 0, column 9"});
}

TEST(DataSparse, SizesBeyondTheMemoryAreRefused) {
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  expect_error<DataError>(
      [] {
        data::to_array({1, kHuge, {0, 0}, {}, {}}, "m.mtx");
      },
      {"m.mtx", "9223372036854775807 columns", "2147483647"});
  expect_error<OutOfMemoryError>([] { data::to_csr(kHuge, 1, {}, "m.mtx"); }, {"m.mtx", "GB"});
  expect_error<DataError>([] { data::parse_svmlight("1 999999999999999:1\n", "a.svm", "a"); },
                          {"a.svm", "999999999999999 columns"});
}

// SciPy

std::string sparse_text(const std::string& value) {
  return npy_raw(dictionary("|S" + std::to_string(value.size()), "()"), value);
}

TEST(DataSparse, ScipysFormats) {
  TempFolder folder;
  const std::string shape = npy("<i8", "(2,)", Longs{3, 4});
  const auto check = [&](const std::vector<std::pair<std::string, std::string>>& entries) {
    const Dataset dataset = load_dataset(npz(folder / "m.npz", entries).string());
    EXPECT_EQ(dataset.train.floats, kDense);
    EXPECT_EQ(dataset.train.count, 3);
    EXPECT_EQ(dataset.dims(), 4);
  };
  check({{"indices.npy", npy("<i4", "(4,)", Ints{1, 3, 0, 3})},
         {"indptr.npy", npy("<i4", "(4,)", Ints{0, 2, 2, 4})},
         {"format.npy", sparse_text("csr")},
         {"shape.npy", shape},
         {"data.npy", npy("<f8", "(4,)", std::vector<double>{5, 1, 7, 2})}});
  check({{"indices.npy", npy("<i8", "(4,)", Longs{2, 0, 0, 2})},
         {"indptr.npy", npy("<i8", "(5,)", Longs{0, 1, 2, 2, 4})},
         {"format.npy", npy("<U3", "()", std::vector<std::uint32_t>{'c', 's', 'c'})},
         {"shape.npy", shape},
         {"data.npy", npy("<i8", "(4,)", Longs{7, 5, 1, 2})}});
  check({{"row.npy", npy("<i4", "(4,)", Ints{0, 0, 2, 2})},
         {"col.npy", npy("<i4", "(4,)", Ints{3, 1, 3, 0})},
         {"format.npy", sparse_text("coo")},
         {"shape.npy", shape},
         {"data.npy", npy("|u1", "(4,)", std::vector<std::uint8_t>{1, 5, 2, 7})}});
}

TEST(DataSparse, ScipysDamagedFiles) {
  TempFolder folder;
  const std::string shape = npy("<i8", "(2,)", Longs{3, 4}), data = npy("<f4", "(1,)", Floats{1});
  const auto refused = [&](const std::vector<std::pair<std::string, std::string>>& entries,
                           const std::vector<std::string>& parts) {
    const auto file = npz(folder / "m.npz", entries).string();
    expect_error<DataError>([&] { load_dataset(file); }, parts);
  };
  const std::string zero = npy("<i4", "(1,)", Ints{0}), nine = npy("<i4", "(1,)", Ints{9});
  const std::string pointers = npy("<i4", "(4,)", Ints{0, 1, 1, 1});
  refused({{"format.npy", sparse_text("bsr")}, {"shape.npy", shape}, {"data.npy", data}},
          {"m.npz", "\"bsr\"", "tocsr"});
  refused({{"format.npy", sparse_text("csr")}, {"shape.npy", shape}, {"data.npy", data}},
          {"m.npz", "indptr"});
  refused(
      {{"format.npy", sparse_text("csr")}, {"shape.npy", npy("<i8", "(1,)", Longs{3})}, {"data.npy", data}},
      {"two dimensions"});
  refused({{"format.npy", sparse_text("csr")},
           {"shape.npy", shape},
           {"indptr.npy", pointers},
           {"indices.npy", nine},
           {"data.npy", data}},
          {"m.npz", "index 9"});
  refused({{"format.npy", sparse_text("csr")},
           {"shape.npy", shape},
           {"indptr.npy", pointers},
           {"indices.npy", npy("<f4", "(1,)", Floats{0})},
           {"data.npy", data}},
          {"(indices)", "integers"});
  refused({{"format.npy", sparse_text("coo")},
           {"shape.npy", shape},
           {"row.npy", zero},
           {"col.npy", pointers},
           {"data.npy", data}},
          {"1 values", "4 columns"});
  refused({{"format.npy", sparse_text("coo")},
           {"shape.npy", shape},
           {"row.npy", nine},
           {"col.npy", zero},
           {"data.npy", data}},
          {"row 9"});
}

// Matrix Market

Dataset mtx(const std::string& text) {
  return data::parse_matrix_market(text, "m.mtx", "m");
}

TEST(DataSparse, MatrixMarketCoordinates) {
  TempFolder folder;
  const std::string text =
      "%%MatrixMarket matrix coordinate real general\n% a comment\n\n3 4 4\n1 2 5\n1 4 1.0e0\n3 1 +7\r\n3\t4 "
      "2";
  EXPECT_EQ(mtx(text).train.floats, kDense);
  EXPECT_EQ(load_dataset(write(folder / "m.mtx", text).string()).train.floats, kDense);
  EXPECT_EQ(load_dataset(write(folder / "m.mtx.gz", test::gzip(text)).string()).train.floats, kDense);
  EXPECT_EQ(mtx("%%matrixmarket MATRIX Coordinate Integer General\n1 3 1\n1 3 -4\n").train.floats,
            (Floats{0, 0, -4}));
  EXPECT_EQ(mtx("%%MatrixMarket matrix coordinate pattern symmetric\n2 2 2\n1 1\n2 1\n").train.floats,
            (Floats{1, 1, 1, 0}));
}

TEST(DataSparse, MatrixMarketArrays) {
  EXPECT_EQ(mtx("%%MatrixMarket matrix array real general\n2 3\n1\n4\n2\n5\n3\n6\n").train.floats,
            (Floats{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(mtx("%%MatrixMarket matrix array integer symmetric\n3 3\n1\n2\n3\n4\n5\n6").train.floats,
            (Floats{1, 2, 3, 2, 4, 5, 3, 5, 6}));
}

TEST(DataSparse, MatrixMarketsDamagedFiles) {
  const auto refused = [](const std::string& text, const std::vector<std::string>& parts) {
    auto expected = parts;
    expected.push_back("m.mtx");
    expect_error<DataError>([&] { mtx(text); }, expected);
  };
  const std::string sparse = "%%MatrixMarket matrix coordinate real general\n";
  const std::string dense = "%%MatrixMarket matrix array real general\n";
  refused("", {"does not begin"});
  refused("1 2 3\n", {"does not begin"});
  refused("%%MatrixMarket matrix coordinate complex general\n1 1 1\n1 1 1 0\n", {"\"complex\""});
  refused("%%MatrixMarket matrix array pattern general\n1 1\n", {"\"pattern\""});
  refused("%%MatrixMarket matrix coordinate real hermitian\n1 1 1\n1 1 1\n", {"\"hermitian\"", "symmetric"});
  refused("%%MatrixMarket matrix coordinate real symmetric\n1 2 1\n1 1 1\n", {"m.mtx:2", "symmetric"});
  refused(sparse, {"sizes"});
  refused(sparse + "2 2\n", {"m.mtx:2", "number of rows"});
  refused(sparse + "2 -2 1\n", {"m.mtx:2", "\"-2\""});
  refused(sparse + "0 2 0\n", {"m.mtx:2", "no values"});
  refused(sparse + "2 2 1\n3 1 1\n", {"m.mtx:3", "row 3", "2"});
  refused(sparse + "2 2 1\n1 0 1\n", {"m.mtx:3", "column 0"});
  refused(sparse + "2 2 1\n1 1\n", {"m.mtx:3", "2 numbers", "3"});
  refused(sparse + "2 2 1\n1 1 x\n", {"m.mtx:3", "\"x\""});
  refused(sparse + "2 2 1\n1 1 1e39\n", {"m.mtx:3", "too large"});
  refused(sparse + "2 2 2\n1 1 100000\n", {"ends after 1 of the 2"});
  refused(sparse + "2 2 1\n1 1 1\n1 2 1\n", {"m.mtx:4", "more values"});
  refused(sparse + "2 2 9223372036854775807\n1 1 1\n", {"more than the file holds"});
  refused(dense + "9223372036854775807 9223372036854775807\n1\n", {"more than the file holds"});
  refused("%%MatrixMarket matrix array real symmetric\n9223372036854775807 9223372036854775807\n1\n",
          {"more than the file holds"});
  refused(dense + "2 2\n1\n2\n3000\n", {"ends after 3 of the 4"});
  refused(dense + "1 2\n1 2\n3\n", {"m.mtx:3", "2 numbers"});
  expect_error<OutOfMemoryError>([&] { mtx(sparse + "9000000000000000000 4 1\n1 1 1\n"); }, {"m.mtx", "GB"});
}

// SVMlight

TEST(DataSparse, SvmlightIsToldByItsContent) {
  TempFolder folder;
  const std::string text = "# of three rows\n+1 2:5 4:1 # the first\n-1\n1 qid:3 4:2 1:7\n";
  for (const char* name : {"a.txt", "a.feat", "a", "a.svmlight"}) {
    const Dataset dataset = load_dataset(write(folder / name, text).string());
    EXPECT_EQ(dataset.train.floats, kDense) << name;
    EXPECT_EQ(dataset.train.labels, (Ints{1, -1, 1}));
    EXPECT_EQ(dataset.train.rows, (Longs{2, 3, 4}));
    EXPECT_TRUE(dataset.notes.empty());
  }
  EXPECT_EQ(load_dataset(write(folder / "a.gz", test::gzip(text)).string()).train.floats, kDense);
  std::string many;
  for (int i = 0; i < 20000; ++i) many += "3 1:0.5 2:-1.25\n";
  EXPECT_EQ(load_dataset(write(folder / "many", many).string()).train.count, 20000);
  for (const char* other :
       {"1 2 3\n", "1\n2\n", "a 1:2\n", "1 a:2\n", "1 2:b\n", "12:30 1:2\n", "\x1f\x8b half"}) {
    EXPECT_FALSE(data::looks_like_svmlight(write(folder / "other", other))) << other;
  }
  expect_error<DataError>([&] { load_dataset(write(folder / "other", "words\n").string()); },
                          {"unknown format", "SVMlight"});
}

TEST(DataSparse, SvmlightCountsFromZeroIfAZeroOccurs) {
  EXPECT_EQ(data::parse_svmlight("1 0:5\n2 2:1\n", "a", "a").train.floats, (Floats{5, 0, 0, 0, 0, 1}));
  EXPECT_EQ(data::parse_svmlight("1 1:5\n2 2:1\n", "a", "a").train.floats, (Floats{5, 0, 0, 1}));
  const Dataset missing = data::parse_svmlight("1 1:nan 2:1\n", "a", "a");
  EXPECT_TRUE(std::isnan(missing.train.floats[0]));
}

TEST(DataSparse, SvmlightTargetsAreLeft) {
  const Dataset dataset = data::parse_svmlight("0.5 1:5\n2 2:1\n", "a", "a");
  EXPECT_TRUE(dataset.train.labels.empty());
  ASSERT_EQ(dataset.notes.size(), 1u);
  EXPECT_NE(dataset.notes[0].find("not read as labels"), std::string::npos);
}

TEST(DataSparse, SvmlightsDamagedFiles) {
  const auto refused = [](const std::string& text, const std::vector<std::string>& parts) {
    expect_error<DataError>([&] { data::parse_svmlight(text, "a.svm", "a"); }, parts);
  };
  refused("", {"a.svm", "no values"});
  refused("1\n", {"no values"});
  refused("1 1:2\nx 1:2\n", {"a.svm:2", "\"x\"", "label"});
  refused("1 12\n", {"a.svm:1", "\"12\"", "index:value"});
  refused("1 -1:2\n", {"a.svm:1", "\"-1:2\"", "index"});
  refused("1 9223372036854775807:2\n", {"a.svm:1", "index"});
  refused("1 1:x\n", {"a.svm:1", "\"x\""});
  refused("1 1:1e40\n", {"a.svm:1", "too large"});
  refused("1 3:1 1:2 3:4\n", {"a.svm:1", "two values", "index 3"});
}

TEST(DataSparse, RealDocuments) {
  ELBO_REQUIRE_DATA("20news/train.feat");
  const Dataset dataset = load_dataset(std::string(std::getenv("ELBO_DATA")) + "/20news/train.feat");
  EXPECT_EQ(dataset.train.count, 11258);
  EXPECT_EQ(dataset.dims(), 1994);
  EXPECT_EQ(dataset.train.sparse.rows(), 11258) << "stays sparse";
  EXPECT_EQ(dataset.train.value(0, 699), 1.0f);
  EXPECT_EQ(dataset.train.value(0, 151), 4.0f);
}

// Formats that are not read

TEST(DataSparse, FormatsThatAreNotReadAreNamed) {
  TempFolder folder;
  const std::pair<const char*, const char*> formats[] = {
      {"a.parquet", "Parquet"}, {"a.feather", "Feather"}, {"a.xlsx", "CSV"},       {"a.pkl", "pickle"},
      {"a.pt", "numpy.savez"},  {"a.RData", "write.csv"}, {"a.PARQUET", "Parquet"}};
  for (const auto& [name, what] : formats) {
    const auto file = write(folder / name, "x").string();
    expect_error<DataError>([&] { load_dataset(file); }, {name, what, "not read"});
  }
}

}  // namespace
}  // namespace elbo
