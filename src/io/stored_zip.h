#pragma once
// Zips whose entries are stored as they are, as NumPy's .npz.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "io/file.h"

namespace elbo::io {

/// Writes entries one after another as their bytes come, so that memory does not grow with them; libzip wants
/// each whole, or a file that it may go back in. Written as AtomicFile is, with the same bytes each time: the
/// entries' date is the first that zips have.
class StoredZip {
 public:
  /// Sizes and offsets above `max_plain` are written as ZIP64. Throws IoError.
  explicit StoredZip(const std::filesystem::path& file, std::uint64_t max_plain = 0xFFFFFFFE);

  /// Begins an entry of that many bytes. Throws IoError, also if the one before lacks some.
  void begin(const std::string& name, std::uint64_t bytes);
  /// Appends to the entry that was begun last. Throws IoError, also if there are more than it was begun with.
  void write(std::string_view bytes);
  /// Throws IoError.
  void commit();

 private:
  struct Entry {
    std::string name;
    std::uint64_t offset = 0, bytes = 0;
    std::uint32_t checksum = 0;
  };

  void end_entry();
  void put(const std::string& bytes);
  bool is_plain(std::uint64_t number) const { return number <= max_plain_; }
  std::string directory_entry(const Entry& entry) const;
  std::string directory_end(std::uint64_t offset, std::uint64_t bytes) const;

  AtomicFile file_;
  std::uint64_t max_plain_;
  std::uint64_t offset_ = 0;  ///< bytes written
  std::uint64_t left_ = 0;    ///< bytes that the last entry lacks
  std::vector<Entry> entries_;
};

}  // namespace elbo::io
