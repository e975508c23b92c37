#pragma once
// Reads whole files, and writes them so that a reader never sees half a file.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace elbo::io {

/// The file's bytes. Throws IoError naming the file and the system's reason.
std::string read_file(const std::filesystem::path& file);

/// A file under construction: written beside its final name, then synced and renamed by commit(). Without
/// commit() nothing is left behind and an older file keeps its content. For a symbolic link, the target is
/// written and the link stays.
class AtomicFile {
 public:
  /// Creates parent folders as needed. Throws IoError, also if a folder, device or pipe has that name.
  explicit AtomicFile(std::filesystem::path file);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Throws IoError, for example if the disk is full.
  void write(const void* data, std::size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// Syncs the file and its folder, and gives it its name. Throws IoError.
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path file_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

/// AtomicFile in one call. Throws IoError.
void write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace elbo::io
