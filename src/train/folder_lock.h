#pragma once
// Keeps two trainings from writing into one folder.

#include <filesystem>

namespace elbo {

/// Locks a folder for this training by flock(2) on its `.lock`; the kernel releases the lock however the
/// process ends. The file is removed with the lock. If the file cannot be made, or the file system has no
/// locks, nothing is locked, and writing the first file will report the problem.
class FolderLock {
 public:
  /// Throws IoError if another training has locked the folder.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  /// Returns false if the training that held the lock has removed the file meanwhile.
  bool take(const std::filesystem::path& folder);

  std::filesystem::path file_;
  int descriptor_ = -1;
};

}  // namespace elbo
