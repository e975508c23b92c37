#include "io/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "elbo/error.h"
#include "base/check.h"

namespace elbo::io {

std::string read_file(const std::filesystem::path& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    throw IoError(concat("cannot read ", file.string(), ": it is a folder"));
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw IoError(concat("cannot open ", file.string(), ": ", std::strerror(errno)));
  std::string bytes;
  for (std::size_t size = 0; stream;) {  // in steps: a pipe has no size to ask for
    bytes.resize(std::max<std::size_t>(std::size_t{1} << 16, 2 * size));
    stream.read(bytes.data() + size, static_cast<std::streamsize>(bytes.size() - size));
    size += static_cast<std::size_t>(stream.gcount());
    if (!stream) bytes.resize(size);
  }
  if (stream.bad()) throw IoError(concat("cannot read ", file.string(), ": ", std::strerror(errno)));
  return bytes;
}

AtomicFile::AtomicFile(std::filesystem::path file) : file_(std::move(file)) {
  std::error_code ignored;
  // Renaming replaces whatever has the name. A link stands for its target; a device or a pipe must not be
  // replaced.
  if (std::filesystem::is_symlink(file_, ignored)) {
    if (auto target = std::filesystem::canonical(file_, ignored); !ignored) file_ = std::move(target);
  }
  if (const auto found = std::filesystem::status(file_, ignored);
      std::filesystem::exists(found) && !std::filesystem::is_regular_file(found)) {
    throw IoError(concat("cannot write ", file_.string(), ": it is ",
                         std::filesystem::is_directory(found) ? "a folder" : "not a plain file"));
  }
  if (file_.has_parent_path()) {
    std::error_code error;
    std::filesystem::create_directories(file_.parent_path(), error);
    if (error)
      throw IoError(concat("cannot create folder ", file_.parent_path().string(), ": ", error.message()));
  }
  temporary_ = concat(file_.string(), ".", getpid(), ".part");
  descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail("cannot write");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  unlink(temporary_.c_str());
}

void AtomicFile::fail(const char* what) const {
  throw IoError(concat(what, " ", file_.string(), ": ", std::strerror(errno)));
}

void AtomicFile::write(const void* data, std::size_t bytes) {
  const char* next = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::write(descriptor_, next, bytes);
    if (written < 0) {
      if (errno == EINTR) continue;
      fail("cannot write");
    }
    next += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  if (fsync(descriptor_) != 0) fail("cannot sync");
  if (std::rename(temporary_.c_str(), file_.c_str()) != 0) fail("cannot rename into place");
  close(descriptor_);
  descriptor_ = -1;
  // The rename is durable only once the folder is synced. A folder that cannot be synced is not an error.
  const std::filesystem::path folder = file_.has_parent_path() ? file_.parent_path() : ".";
  if (const int handle = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); handle >= 0) {
    (void)fsync(handle);
    close(handle);
  }
}

void write_file(const std::filesystem::path& file, std::string_view text) {
  AtomicFile out(file);
  out.write(text);
  out.commit();
}

}  // namespace elbo::io
