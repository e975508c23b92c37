// .mat files, made by libmatio, and damaged ones.

#include <gtest/gtest.h>

#include "elbo/dataset.h"
#include "support/data.h"

#if defined(ELBO_HAS_MATIO)
#include <matio.h>
#endif

namespace elbo {
namespace {

using test::expect_error;
using test::TempFolder;
using test::write;

#if !defined(ELBO_HAS_MATIO)

TEST(DataMatFile, Files) {
  GTEST_SKIP() << "libmatio-dev was not installed when this was built";
}

#else

using Doubles = std::vector<double>;
using Floats = std::vector<float>;
using Ints = std::vector<std::int32_t>;

/// Writes a .mat file, variable by variable. Values are in MATLAB's order, the first index fastest.
class Writer {
 public:
  explicit Writer(const std::filesystem::path& file, mat_ft version = MAT_FT_MAT5)
      : file_(Mat_CreateVer(file.c_str(), nullptr, version)) {}
  ~Writer() { Mat_Close(file_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void add(const char* name, std::vector<std::size_t> shape, Doubles values,
           matio_compression compression = MAT_COMPRESSION_ZLIB) {
    add(name, MAT_C_DOUBLE, MAT_T_DOUBLE, std::move(shape), values.data(), 0, compression);
  }
  void add_bytes(const char* name, std::vector<std::size_t> shape, std::vector<std::uint8_t> values,
                 int flags = 0) {
    add(name, MAT_C_UINT8, MAT_T_UINT8, std::move(shape), values.data(), flags, MAT_COMPRESSION_ZLIB);
  }
  void add_text(const char* name, std::string text) {
    add(name, MAT_C_CHAR, MAT_T_UINT8, {1, text.size()}, text.data(), 0, MAT_COMPRESSION_NONE);
  }
  void add_sparse(const char* name, std::vector<std::size_t> shape, std::vector<mat_uint32_t> rows,
                  std::vector<mat_uint32_t> columns, Doubles values) {
    mat_sparse_t sparse{};
    sparse.nzmax = sparse.nir = sparse.ndata = static_cast<mat_uint32_t>(values.size());
    sparse.ir = rows.data();
    sparse.njc = static_cast<mat_uint32_t>(columns.size());
    sparse.jc = columns.data();
    sparse.data = values.data();
    add(name, MAT_C_SPARSE, MAT_T_DOUBLE, std::move(shape), &sparse, 0, MAT_COMPRESSION_NONE);
  }

 private:
  void add(const char* name, matio_classes kind, matio_types type, std::vector<std::size_t> shape,
           void* values, int flags, matio_compression compression) {
    matvar_t* variable =
        Mat_VarCreate(name, kind, type, static_cast<int>(shape.size()), shape.data(), values, flags);
    EXPECT_EQ(Mat_VarWrite(file_, variable, compression), 0);
    Mat_VarFree(variable);
  }

  mat_t* file_;
};

/// A file that `fill` completes, loaded.
template <class Fill>
Dataset made(const Fill& fill, const std::string& array = "", mat_ft version = MAT_FT_MAT5) {
  TempFolder folder;
  const auto path = folder / "a.mat";
  {
    Writer file(path, version);
    fill(file);
  }
  return load_dataset(path.string() + (array.empty() ? "" : ":" + array));
}

TEST(DataMatFile, AMatrixWithLabels) {
  const auto fill = [](Writer& file) {
    file.add("y", {2, 1}, {0, 1});
    file.add("X", {2, 3}, {1, 4, 2, 5, 3, 6});
  };
  for (const auto version : {MAT_FT_MAT5, MAT_FT_MAT73}) {
    const Dataset dataset = made(fill, "", version);
    EXPECT_EQ(dataset.train.floats, (Floats{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(dataset.train.labels, (Ints{0, 1}));
    EXPECT_TRUE(dataset.notes.empty());
  }
}

TEST(DataMatFile, PicturesAndBytes) {
  // Example i has the pixels 10 i + 3 r + c.
  std::vector<std::uint8_t> pixels;
  for (int c = 0; c < 3; ++c) {
    for (int r = 0; r < 2; ++r) {
      for (int i = 0; i < 2; ++i) pixels.push_back(static_cast<std::uint8_t>(10 * i + 3 * r + c));
    }
  }
  const Dataset pictures = made([&](Writer& file) { file.add_bytes("faces", {2, 2, 3}, pixels); });
  EXPECT_EQ(pictures.picture, (PictureShape{2, 3, 1}));
  EXPECT_EQ(pictures.train.bytes, (std::vector<std::uint8_t>{0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15}));
  const Dataset logical = made([](Writer& file) { file.add_bytes("x", {2, 1}, {0, 1}, MAT_F_LOGICAL); });
  EXPECT_EQ(logical.train.floats, (Floats{0, 1}));
}

TEST(DataMatFile, SparseMatrices) {
  const Dataset dataset = made([](Writer& file) {
    file.add_sparse("counts", {3, 4}, {2, 0, 0, 2}, {0, 1, 2, 2, 4}, {7, 5, 1, 2});
    file.add("label", {1, 3}, {4, 5, 6});
  });
  EXPECT_EQ(dataset.train.floats, (Floats{0, 5, 0, 1, 0, 0, 0, 0, 7, 0, 0, 2}));
  EXPECT_EQ(dataset.train.labels, (Ints{4, 5, 6}));
}

TEST(DataMatFile, AVariableByName) {
  const auto fill = [](Writer& file) {
    file.add("left", {2, 1}, {1, 2});
    file.add("right", {3, 1}, {3, 4, 5});
    file.add("y", {2, 1}, {0, 1});
    file.add_text("title", "words");
  };
  EXPECT_EQ(made(fill, "left").train.labels, (Ints{0, 1}));
  const Dataset right = made(fill, "right");
  EXPECT_EQ(right.train.floats, (Floats{3, 4, 5}));
  EXPECT_TRUE(right.train.labels.empty());
  ASSERT_EQ(right.notes.size(), 1u);
  EXPECT_NE(right.notes[0].find("variable y"), std::string::npos);
  expect_error<DataError>([&] { made(fill); },
                          {"a.mat", "left (2 x 1)", "right (3 x 1)", "title (no numbers)", "data.name"});
  expect_error<DataError>([&] { made(fill, "middle"); }, {"\"middle\"", "left (2 x 1)"});
  expect_error<DataError>([&] { made(fill, "title"); }, {"(title)", "no array of real numbers"});
}

TEST(DataMatFile, DamagedFiles) {
  TempFolder folder;
  const auto load = [&] { load_dataset((folder / "a.mat").string()); };
  write(folder / "a.mat", "");
  expect_error<DataError>(load, {"a.mat"});
  write(folder / "a.mat", std::string(300, 'x'));
  expect_error<DataError>(load, {"a.mat"});
  for (const auto version : {MAT_FT_MAT5, MAT_FT_MAT73}) {
    {
      Writer file(folder / "a.mat", version);
      file.add("X", {20, 30}, Doubles(600, 0.5), MAT_COMPRESSION_NONE);
    }
    const std::string whole = io::read_file(folder / "a.mat");
    write(folder / "a.mat", whole.substr(0, whole.size() / 2));
    expect_error<DataError>(load, {"a.mat"});
  }
  expect_error<DataError>([] { made([](Writer& file) {
                                 file.add("X", {1, 1, 1, 1, 2}, {1, 2});
                               }); },
                          {"(X)", "two to four dimensions"});
}

#endif

}  // namespace
}  // namespace elbo
