#include "train/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "base/check.h"

namespace elbo {
namespace {

/// " (process 123)", or nothing if the holder has not written its number yet.
std::string holder(int descriptor) {
  char text[32] = {};
  if (pread(descriptor, text, sizeof text - 1, 0) <= 0) return {};
  return concat(" (process ", std::strtol(text, nullptr, 10), ")");
}

bool is_file(int descriptor, const std::filesystem::path& file) {
  struct stat open_file = {}, named_file = {};
  return fstat(descriptor, &open_file) == 0 && stat(file.c_str(), &named_file) == 0 &&
         open_file.st_dev == named_file.st_dev && open_file.st_ino == named_file.st_ino;
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder) : file_(folder / ".lock") {
  while (!take(folder)) {
  }
}

bool FolderLock::take(const std::filesystem::path& folder) {
  const int descriptor = open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return true;
  int result = 0;
  do {
    result = flock(descriptor, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result != 0) {
    const bool held = errno == EWOULDBLOCK;
    const std::string by = held ? holder(descriptor) : std::string();
    close(descriptor);
    if (held) {
      throw IoError(concat("another elbo is training in ", folder.string(), by,
                           ". Wait for it, stop it, or train into another folder."));
    }
    return true;
  }
  if (!is_file(descriptor, file_)) {
    close(descriptor);
    return false;
  }
  descriptor_ = descriptor;
  const std::string process = std::to_string(getpid());
  (void)!ftruncate(descriptor_, 0);
  (void)!pwrite(descriptor_, process.data(), process.size(), 0);  // shown in the other process's message
  return true;
}

FolderLock::~FolderLock() {
  if (descriptor_ < 0) return;
  unlink(file_.c_str());  // while the lock is held, so that no other process owns the file
  close(descriptor_);
}

}  // namespace elbo
