#pragma once
// Reading whole files, and writing them so that a reader never sees half of one.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace elbo::io {

/// The file's bytes. Throws IoError naming the file and the system's reason.
std::string read_file(const std::filesystem::path& file);

/// A file under construction: written beside its final name, synced, then renamed over it by commit().
/// Without commit() nothing is left behind and an older file of that name stays as it was. A symbolic link
/// stays one: its target is written.
class AtomicFile {
 public:
  /// Creates parent folders as needed. Throws IoError, also where the name is that of a folder, device or
  /// pipe.
  explicit AtomicFile(std::filesystem::path file);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Throws IoError (for one, the disk is full).
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
