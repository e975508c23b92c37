#pragma once
// Keeps two trainings from writing into one folder.

#include <filesystem>

namespace elbo {

/// Holds a folder for this training: flock(2) on its `.lock`, which the kernel lets go of however the process
/// ends. The file goes with the lock. Where it cannot be made, or the file system knows no locks, nothing is
/// held: the first file that is written there tells what is wrong.
class FolderLock {
 public:
  /// Throws IoError if another training holds the folder.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  /// False where the file has gone meanwhile, with the training that held it.
  bool take(const std::filesystem::path& folder);

  std::filesystem::path file_;
  int descriptor_ = -1;
};

}  // namespace elbo
