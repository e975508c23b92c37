#pragma once
// Reads whole files, and writes them so that a reader never sees half a file.

#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>

namespace elbo::io {

/// The maximum size of a text that is made to be read by people: a recipe, a report.
inline constexpr std::size_t kMaxTextBytes = std::size_t{16} << 20;

/// The maximum size of a file with a line an epoch.
inline constexpr std::size_t kMaxMetricsBytes = std::size_t{1} << 30;

/// Throws IoError unless the name is a plain file's: a pipe would wait for its writer, a device may never
/// end.
void require_plain_file(const std::filesystem::path& file);

/// The bytes of a plain file. Throws IoError naming the file and the system's reason, or the kind of file
/// that it is; also if it has more than `max_bytes` bytes.
std::string read_file(const std::filesystem::path& file,
                      std::size_t max_bytes = std::numeric_limits<std::size_t>::max());

/// Removes what AtomicFiles of killed processes left in the folder. Files that are being written are kept,
/// and so are files that cannot be removed.
void remove_partial_files(const std::filesystem::path& folder);

/// A file under construction: written beside its final name as <name>.<random digits>.part, then synced and
/// renamed by commit(). Without commit() nothing is left behind and an older file keeps its content. Several
/// may be under construction for one name: the last commit() stays. For a symbolic link, the target is
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
  void open_temporary();

  std::filesystem::path file_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

/// AtomicFile in one call. Throws IoError.
void write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace elbo::io
