#pragma once
// HDF5 files, by libhdf5 where elbo was built with it.

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "data/sources/array.h"

namespace elbo::data {

/// Whether this build reads HDF5.
bool has_hdf5() noexcept;

/// Waits until no other thread uses libhdf5, and keeps that from printing. libmatio uses it, too.
std::unique_lock<std::mutex> hdf5_turn();

/// An open file. Datasets and groups are named by their paths, "obs/index". What lies in another file, by an
/// external link or external storage, is not read. One file is open at a time: libhdf5 is not made for
/// threads.
class Hdf5File {
 public:
  /// Throws IoError if the file cannot be opened; DataError if it is not HDF5, or this build does not read
  /// it.
  explicit Hdf5File(const std::filesystem::path& file);
  ~Hdf5File();
  Hdf5File(const Hdf5File&) = delete;
  Hdf5File& operator=(const Hdf5File&) = delete;

  bool is_group(std::string_view path) const;
  bool is_dataset(std::string_view path) const;
  /// Whether the dataset holds text.
  bool is_text(std::string_view path) const;
  /// The names in a group, sorted; none if it is no group.
  std::vector<std::string> children(std::string_view group) const;

  /// A text attribute of a group or dataset; empty if there is none.
  std::string text_attribute(std::string_view path, const char* name) const;
  /// An attribute of integers; empty if there is none.
  std::vector<std::int64_t> integer_attribute(std::string_view path, const char* name) const;

  /// A dataset's numbers as floats, unsigned bytes too. Throws DataError if there is no such dataset, it
  /// holds other values, or it declares more than the file can hold.
  Array numbers(std::string_view path) const;
  /// A dataset's integers. Throws DataError like numbers().
  std::vector<std::int64_t> integers(std::string_view path) const;
  /// A dataset's texts. Throws DataError like numbers().
  std::vector<std::string> texts(std::string_view path) const;

  /// "file.h5ad (path)", for errors.
  std::string origin(std::string_view path) const;

 private:
  std::unique_lock<std::mutex> turn_;
  std::string name_;
  std::size_t size_ = 0;
  std::int64_t file_ = -1;
};

}  // namespace elbo::data
