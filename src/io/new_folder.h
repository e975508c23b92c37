#pragma once
// Folders that appear completely or not at all.

#include <filesystem>
#include <string_view>

namespace elbo::io {

/// A folder under construction, beside its final name as <name>.<random digits>.part. commit() syncs it and
/// gives it its name. Without commit() nothing is left behind.
class NewFolder {
 public:
  /// Creates parent folders as needed. Throws IoError, also if the name is that of a file, or of a folder
  /// that is not empty.
  explicit NewFolder(const std::filesystem::path& folder);
  ~NewFolder();
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  /// Writes a file below it, with the folders on its way. Throws IoError, also if there is such a file.
  void write(const std::filesystem::path& file, std::string_view bytes);
  /// Throws IoError.
  void commit();

 private:
  std::filesystem::path folder_, temporary_;
  bool done_ = false;
};

}  // namespace elbo::io
