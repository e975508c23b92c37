#include "io/new_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/check.h"
#include "base/folder.h"
#include "elbo/error.h"
#include "io/partial.h"

namespace elbo::io {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const char* act, const fs::path& path, const std::string& reason) {
  throw IoError(concat("cannot ", act, " ", path.string(), ": ", reason));
}

void make_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail("create folder", folder, error.message());
}

/// The folder by its name, or what a link of that name points to.
fs::path resolved(const fs::path& folder) {
  const fs::path named = folder.has_filename() ? folder : folder.parent_path();
  std::error_code no_link;
  if (!fs::is_symlink(named, no_link)) return named;
  const fs::path target = fs::canonical(named, no_link);
  return no_link ? named : target;
}

void require_empty(const fs::path& folder) {
  std::error_code error;
  const auto found = fs::status(folder, error);
  if (!fs::exists(found)) return;
  if (!fs::is_directory(found)) fail("write folder", folder, "it is a file");
  if (!data::list_folder(folder).empty()) fail("write folder", folder, "it is not empty");
}

}  // namespace

NewFolder::NewFolder(const fs::path& folder) : folder_(resolved(folder)) {
  require_empty(folder_);
  if (folder_.has_parent_path()) make_folders(folder_.parent_path());
  const fs::path name = partial_name(folder_);
  std::error_code error;
  if (!fs::create_directory(name, error))
    fail("create folder", folder_, error ? error.message() : "its temporary name is taken");
  temporary_ = name;
}

NewFolder::~NewFolder() {
  if (done_) return;
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
}

void NewFolder::write(const fs::path& file, std::string_view bytes) {
  const fs::path path = temporary_ / file;
  make_folders(path.parent_path());
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) fail("write", folder_ / file, std::strerror(errno));
  const bool written = write_all(descriptor, bytes.data(), bytes.size());
  const int reason = errno;
  const bool closed = close(descriptor) == 0;
  if (!written || !closed) fail("write", folder_ / file, std::strerror(written ? errno : reason));
}

void NewFolder::commit() {
  // One sync of the file system, as one for each file would take minutes where there are many.
  const int handle = open(temporary_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) fail("sync", folder_, std::strerror(errno));
  const bool synced = syncfs(handle) == 0;
  const int reason = errno;
  close(handle);
  if (!synced) fail("sync", folder_, std::strerror(reason));
  if (std::rename(temporary_.c_str(), folder_.c_str()) != 0)
    fail("rename into place", folder_, std::strerror(errno));
  done_ = true;
}

}  // namespace elbo::io
