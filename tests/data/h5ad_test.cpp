// .h5ad files, made by libhdf5 as AnnData writes them, and damaged ones.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/check.h"
#include "data/sources/hdf5_file.h"
#include "elbo/dataset.h"
#include "support/data.h"
#include "support/file_formats.h"
#include "support/run_command.h"

#if defined(ELBO_HAS_HDF5)
#include <hdf5.h>
#endif

namespace elbo {
namespace {

using test::expect_error;
using test::TempFolder;
using test::write;

#if !defined(ELBO_HAS_HDF5)

TEST(DataH5ad, Files) {
  GTEST_SKIP() << "libhdf5-dev was not installed when this was built";
}

#else

using Floats = std::vector<float>;
using Ints = std::vector<std::int32_t>;
using Names = std::vector<std::string>;
using Longs = std::vector<long long>;

// Three cells of four genes, of which the second cell has none.
const Floats kDense = {0, 5, 0, 1, 0, 0, 0, 0, 7, 0, 0, 2};

/// Writes an HDF5 file, object by object.
class Writer {
 public:
  explicit Writer(const std::filesystem::path& file)
      : file_(H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {}
  ~Writer() { H5Fclose(file_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void group(const char* path) { H5Gclose(H5Gcreate2(file_, path, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)); }

  template <class T>
  void numbers(const char* path, std::vector<hsize_t> shape, const std::vector<T>& values) {
    dataset(path, type_of(T{}), std::move(shape), values.data());
  }

  /// Texts of variable length.
  void texts(const char* path, const Names& values) {
    std::vector<const char*> pointers;
    for (const auto& value : values) pointers.push_back(value.c_str());
    const hid_t type = text_type(H5T_VARIABLE);
    dataset(path, type, {values.size()}, pointers.data());
    H5Tclose(type);
  }

  /// Texts of a fixed length, filled with zeros.
  void fixed_texts(const char* path, const Names& values, std::size_t length) {
    std::string bytes;
    for (auto value : values) {
      value.resize(length);
      bytes += value;
    }
    const hid_t type = text_type(length);
    dataset(path, type, {values.size()}, bytes.data());
    H5Tclose(type);
  }

  void attribute(const char* path, const char* name, const std::string& value, bool variable = true) {
    const hid_t type = text_type(variable ? H5T_VARIABLE : value.size()), space = H5Screate(H5S_SCALAR);
    const char* text = value.c_str();
    add_attribute(path, name, type, space, variable ? static_cast<const void*>(&text) : text);
    H5Tclose(type);
  }

  void integers(const char* path, const char* name, const Longs& values) {
    const hsize_t size = values.size();
    add_attribute(path, name, H5T_NATIVE_LLONG, H5Screate_simple(1, &size, nullptr), values.data());
  }

  /// A table of the names in its index.
  void table(const char* path, const Names& index) {
    group(path);
    attribute(path, "_index", "index");
    texts((std::string(path) + "/index").c_str(), index);
  }

  hid_t id() const { return file_; }

 private:
  static hid_t type_of(float) { return H5T_NATIVE_FLOAT; }
  static hid_t type_of(double) { return H5T_NATIVE_DOUBLE; }
  static hid_t type_of(std::int8_t) { return H5T_NATIVE_INT8; }
  static hid_t type_of(std::uint8_t) { return H5T_NATIVE_UINT8; }
  static hid_t type_of(int) { return H5T_NATIVE_INT; }
  static hid_t text_type(std::size_t length) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, length);
    return type;
  }

  void dataset(const char* path, hid_t type, std::vector<hsize_t> shape, const void* values) {
    const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    const hid_t set = H5Dcreate2(file_, path, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    EXPECT_GE(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    H5Dclose(set);
    H5Sclose(space);
  }

  void add_attribute(const char* path, const char* name, hid_t type, hid_t space, const void* value) {
    const hid_t object = H5Oopen(file_, path, H5P_DEFAULT);
    const hid_t made = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    EXPECT_GE(H5Awrite(made, type, value), 0);
    H5Aclose(made);
    H5Sclose(space);
    H5Oclose(object);
  }

  hid_t file_;
};

void add_sparse(Writer& file, const char* path, const char* encoding, const std::vector<int>& indptr,
                const std::vector<int>& indices, const Floats& values) {
  const std::string at = path;
  file.group(path);
  file.attribute(path, "encoding-type", encoding);
  file.integers(path, "shape", {3, 4});
  file.numbers((at + "/indptr").c_str(), {indptr.size()}, indptr);
  file.numbers((at + "/indices").c_str(), {indices.size()}, indices);
  file.numbers((at + "/data").c_str(), {values.size()}, values);
}

/// A file that `fill` completes, loaded.
template <class Fill>
Dataset made(const Fill& fill, const std::string& array = "") {
  TempFolder folder;
  const auto path = folder / "a.h5ad";
  {
    Writer file(path);
    fill(file);
  }
  return load_dataset(path.string() + (array.empty() ? "" : ":" + array));
}

void add_dense(Writer& file) {
  file.numbers("X", {3, 4}, kDense);
}

TEST(DataH5ad, DenseWithNames) {
  const Dataset dataset = made([](Writer& file) {
    add_dense(file);
    file.table("obs", {"c1", "c2", "c3"});
    file.table("var", {"g1", "g2", "g3", "g4"});
  });
  EXPECT_EQ(dataset.train.floats, kDense);
  EXPECT_EQ(dataset.train.ids, (Names{"c1", "c2", "c3"}));
  EXPECT_EQ(dataset.columns, (Names{"g1", "g2", "g3", "g4"}));
  EXPECT_TRUE(dataset.train.labels.empty());
  EXPECT_TRUE(dataset.notes.empty());
}

TEST(DataH5ad, SparseInBothEncodings) {
  const auto csr = [](Writer& file) {
    add_sparse(file, "X", "csr_matrix", {0, 2, 2, 4}, {1, 3, 0, 3}, {5, 1, 7, 2});
  };
  EXPECT_EQ(made(csr).train.floats, kDense);
  const auto csc = [](Writer& file) {
    add_sparse(file, "X", "csc_matrix", {0, 1, 2, 2, 4}, {2, 0, 0, 2}, {7, 5, 1, 2});
  };
  EXPECT_EQ(made(csc).train.floats, kDense);
  const auto old = [](Writer& file) {
    file.group("X");
    file.attribute("X", "h5sparse_format", "csr", false);
    file.integers("X", "h5sparse_shape", {3, 4});
    file.numbers("X/indptr", {4}, std::vector<int>{0, 2, 2, 4});
    file.numbers("X/indices", {4}, std::vector<int>{1, 3, 0, 3});
    file.numbers("X/data", {4}, std::vector<double>{5, 1, 7, 2});
  };
  EXPECT_EQ(made(old).train.floats, kDense);
}

TEST(DataH5ad, OtherMatricesByName) {
  const auto fill = [](Writer& file) {
    file.numbers("X", {3, 1}, Floats{1, 2, 3});
    file.group("layers");
    file.numbers("layers/counts", {3, 4}, std::vector<std::uint8_t>(kDense.begin(), kDense.end()));
    file.group("obsm");
    file.numbers("obsm/X_pca", {3, 2}, Floats{1, 2, 3, 4, 5, 6});
    file.table("var", {"g1", "g2", "g3", "g4"});
  };
  EXPECT_EQ(made(fill).dims(), 1);
  EXPECT_TRUE(made(fill).columns.empty());
  const Dataset counts = made(fill, "layers/counts");
  EXPECT_EQ(counts.train.floats, kDense) << "counts are numbers, not shares of 255";
  EXPECT_EQ(counts.columns.size(), 4u);
  EXPECT_EQ(made(fill, "obsm/X_pca").dims(), 2);
  expect_error<DataError>([&] { made(fill, "layers/raw"); },
                          {"layers/raw", "X, layers/counts, obsm/X_pca", "data.name"});
  expect_error<DataError>([] { made([](Writer&) {}); }, {"a.h5ad (X)", "none"});
}

/// A file with X and what `fill` puts into obs.
template <class Fill>
Dataset labelled(const Fill& fill) {
  return made([&](Writer& file) {
    add_dense(file);
    file.group("obs");
    fill(file);
  });
}

TEST(DataH5ad, LabelsInEveryEncoding) {
  const Dataset now = labelled([](Writer& file) {
    file.group("obs/louvain");
    file.numbers("obs/louvain/codes", {3}, std::vector<std::int8_t>{1, 0, 1});
    file.texts("obs/louvain/categories", {"B", "T"});
  });
  EXPECT_EQ(now.train.labels, (Ints{1, 0, 1}));
  EXPECT_EQ(now.label_names, (Names{"B", "T"}));
  EXPECT_EQ(now.notes, Names{"The labels are the column louvain of obs."});

  const Dataset before = labelled([](Writer& file) {
    file.numbers("obs/cell_type", {3}, std::vector<std::int8_t>{1, 0, 1});
    file.group("obs/__categories");
    file.fixed_texts("obs/__categories/cell_type", {"B", "Tx"}, 2);
  });
  EXPECT_EQ(before.train.labels, (Ints{1, 0, 1}));
  EXPECT_EQ(before.label_names, (Names{"B", "Tx"}));

  const Dataset text = labelled([](Writer& file) { file.texts("obs/label", {"T", "B", "T"}); });
  EXPECT_EQ(text.train.labels, (Ints{1, 0, 1}));
  EXPECT_EQ(text.label_names, (Names{"B", "T"}));

  const Dataset numbers = labelled([](Writer& file) {
    file.numbers("obs/class", {3}, std::vector<int>{4, 5, 4});
  });
  EXPECT_EQ(numbers.train.labels, (Ints{4, 5, 4}));
  EXPECT_TRUE(numbers.label_names.empty());
}

TEST(DataH5ad, LabelsThatAreNotTakenAreSaid) {
  const Dataset two = labelled([](Writer& file) {
    file.texts("obs/leiden", {"0", "1", "0"});
    file.texts("obs/cell_type", {"T", "B", "T"});
  });
  EXPECT_TRUE(two.train.labels.empty());
  ASSERT_EQ(two.notes.size(), 1u);
  EXPECT_NE(two.notes[0].find("cell_type, leiden"), std::string::npos);

  const Dataset missing = labelled([](Writer& file) {
    file.group("obs/label");
    file.numbers("obs/label/codes", {3}, std::vector<std::int8_t>{1, -1, 1});
    file.texts("obs/label/categories", {"B", "T"});
  });
  EXPECT_TRUE(missing.train.labels.empty());
  EXPECT_TRUE(missing.label_names.empty());
  ASSERT_EQ(missing.notes.size(), 1u);
  EXPECT_NE(missing.notes[0].find("not label every row"), std::string::npos);

  const Dataset fractions = labelled([](Writer& file) {
    file.numbers("obs/label", {3}, Floats{0.5f, 1, 2});
  });
  EXPECT_TRUE(fractions.train.labels.empty());
}

TEST(DataH5ad, DamagedFiles) {
  TempFolder folder;
  const auto load = [&] { load_dataset((folder / "a.h5ad").string()); };
  write(folder / "a.h5ad", "not HDF5");
  expect_error<DataError>(load, {"a.h5ad", "not an HDF5 file"});
  {
    Writer file(folder / "a.h5ad");
    add_dense(file);
  }
  const std::string whole = io::read_file(folder / "a.h5ad");
  write(folder / "a.h5ad", whole.substr(0, whole.size() / 2));
  expect_error<DataError>(load, {"a.h5ad"});

  const auto refused = [](const auto& fill, const std::vector<std::string>& parts) {
    expect_error<DataError>([&] { made(fill); }, parts);
  };
  refused([](Writer& file) { file.texts("X", {"a", "b"}); }, {"a.h5ad (X)", "another type"});
  refused(
      [](Writer& file) {
        add_sparse(file, "X", "csr_matrix", {0, 2, 2, 4}, {1, 4, 0, 3}, {5, 1, 7, 2});
      },
      {"a.h5ad (X)", "index 4"});
  refused(
      [](Writer& file) {
        add_sparse(file, "X", "csr_matrix", {0, 2, 2, 9}, {1, 3, 0, 3}, {5, 1, 7, 2});
      },
      {"a.h5ad (X)", "pointers"});
  refused([](Writer& file) { add_sparse(file, "X", "dok_matrix", {0}, {0}, {0}); },
          {"a.h5ad (X)", "no such matrix"});
  refused(
      [](Writer& file) {
        file.group("X");
        file.attribute("X", "encoding-type", "csr_matrix");
      },
      {"a.h5ad (X)", "two sizes"});
  refused(
      [](Writer& file) {
        add_dense(file);
        file.group("obs");
        file.group("obs/label");
        file.numbers("obs/label/codes", {3}, std::vector<std::int8_t>{1, 2, 1});
        file.texts("obs/label/categories", {"B", "T"});
      },
      {"obs/label", "code 2", "2 categories"});
}

TEST(DataH5ad, ChunksThatH5pyPackedByLzf) {
  // Twelve floats: four zero bytes, then a 1, then a reference of 40 bytes back to that.
  const std::vector<std::uint8_t> packed = {3, 0, 0, 0, 0, 3, 0, 0, 0x80, 0x3F, 7 << 5, 31, 3};
  const auto add_packed = [](Writer& file, std::vector<std::uint8_t> bytes) {
    const hsize_t shape[] = {3, 4};
    const unsigned values[] = {4, 261, 48};
    const hid_t space = H5Screate_simple(2, shape, nullptr), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, shape);
    if (H5Zfilter_avail(32000) > 0) H5Zunregister(32000);  // elbo's unpacks alone, so that none must be there
    H5Pset_filter(list, 32000, H5Z_FLAG_OPTIONAL, 3, values);
    const hid_t set = H5Dcreate2(file.id(), "X", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, list, H5P_DEFAULT);
    const hsize_t first[] = {0, 0};
    EXPECT_GE(H5Dwrite_chunk(set, H5P_DEFAULT, 0, first, bytes.size(), bytes.data()), 0);
    H5Dclose(set);
    H5Pclose(list);
    H5Sclose(space);
  };
  Floats expected(12, 1.0f);
  expected[0] = 0.0f;
  EXPECT_EQ(made([&](Writer& file) { add_packed(file, packed); }).train.floats, expected);
  const std::vector<std::uint8_t> damaged = {3, 0, 0, 0, 0, 0x20, 200};
  expect_error<DataError>([&] { made([&](Writer& file) { add_packed(file, damaged); }); },
                          {"a.h5ad (X)", "damaged"});
}

TEST(DataH5ad, DeclaredSizesThatTheFileCannotHold) {
  expect_error<DataError>(
      [] {
        made([](Writer& file) {
          const hsize_t shape[] = {hsize_t{1} << 40, 1000}, chunk[] = {1, 1000};
          const hid_t space = H5Screate_simple(2, shape, nullptr), list = H5Pcreate(H5P_DATASET_CREATE);
          H5Pset_chunk(list, 2, chunk);
          H5Dclose(H5Dcreate2(file.id(), "X", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, list, H5P_DEFAULT));
          H5Pclose(list);
          H5Sclose(space);
        });
      },
      {"a.h5ad (X)", "more than the file holds"});
}

TEST(DataH5ad, OtherFilesAreNotRead) {
  TempFolder folder;
  {
    Writer other(folder / "other.h5");
    add_dense(other);
  }
  expect_error<DataError>(
      [&] {
        made([&](Writer& file) {
          H5Lcreate_external((folder / "other.h5").c_str(), "X", file.id(), "X", H5P_DEFAULT, H5P_DEFAULT);
        });
      },
      {"a.h5ad (X)", "no such matrix"});
  write(folder / "secret", std::string(48, 'x'));
  expect_error<DataError>(
      [&] {
        made([&](Writer& file) {
          const hsize_t shape[] = {3, 4};
          const hid_t space = H5Screate_simple(2, shape, nullptr), list = H5Pcreate(H5P_DATASET_CREATE);
          H5Pset_external(list, (folder / "secret").c_str(), 0, 48);
          H5Dclose(H5Dcreate2(file.id(), "X", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, list, H5P_DEFAULT));
          H5Pclose(list);
          H5Sclose(space);
        });
      },
      {"a.h5ad (X)", "another file"});
}

#endif

}  // namespace
}  // namespace elbo
