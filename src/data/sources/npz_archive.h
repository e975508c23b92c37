#pragma once
// The arrays of an .npz, which is a zip of .npy files.

#include <zip.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/sources/npy.h"

namespace elbo::data {

/// Reads arrays when they are asked for. Arrays are counted from 0.
class NpzArchive {
 public:
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

  /// Throws IoError if the file cannot be read, DataError if it is not a zip.
  explicit NpzArchive(const std::filesystem::path& file);

  std::size_t count() const { return entries_.size(); }
  const std::string& key(std::size_t array) const { return entries_[array].key; }
  const std::string& file() const { return file_; }
  /// "file.npz (key)", for errors.
  std::string origin(std::size_t array) const;

  /// The array with this key; npos if there is none.
  std::size_t find(std::string_view key) const;
  /// The first of `keys`, which are in lower case, that an array has in any case; npos if none has.
  std::size_t find_first(std::span<const std::string_view> keys) const;

  /// The bytes of the .npy. Throws DataError if the zip is damaged.
  std::string read(std::size_t array) const;
  /// The .npy's header, without reading its values; nothing if it has none.
  std::optional<NpyHeader> header(std::size_t array) const;

  /// "imgs (60 x 8 x 8), names (text), metadata (Python objects)", shortened after a dozen.
  std::string listed() const;

 private:
  struct Entry {
    std::string key;
    zip_uint64_t index;
  };
  struct Discard {
    void operator()(zip_t* archive) const { zip_discard(archive); }
  };

  std::string read_first(std::size_t array, std::uint64_t max_bytes) const;

  std::string file_;
  std::unique_ptr<zip_t, Discard> archive_;
  std::uint64_t size_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace elbo::data
