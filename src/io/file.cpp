#include "io/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <vector>

#include "elbo/error.h"
#include "base/check.h"
#include "base/folder.h"
#include "base/memory.h"
#include "io/partial.h"

namespace elbo::io {
namespace {

constexpr std::string_view kPart = ".part";
constexpr std::size_t kRandomDigits = 16;
constexpr std::size_t kSmallestPiece = 4096;  // some files, as those of /proc, do not tell their size
constexpr std::size_t kPieceBytes = std::size_t{1} << 18;  // stays in a cache

[[noreturn]] void fail_to(const char* act, const std::filesystem::path& file, std::string_view reason) {
  throw IoError(concat("cannot ", act, " ", file.string(), ": ", reason));
}

/// A plain file, open for reading.
class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& file)
      : number_(open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) {  // a pipe opens at once
    if (number_ < 0) fail_to("open", file, std::strerror(errno));
    struct stat about = {};
    const bool known = fstat(number_, &about) == 0;
    const int reason = errno;
    if (known && S_ISREG(about.st_mode)) {
      size_ = static_cast<std::size_t>(about.st_size);
      return;
    }
    close(number_);
    fail_to("read", file,
            !known                   ? std::strerror(reason)
            : S_ISDIR(about.st_mode) ? "it is a folder"
                                     : "it is not a plain file");
  }
  ~Descriptor() { close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }
  std::size_t size() const { return size_; }

 private:
  int number_;
  std::size_t size_ = 0;
};

/// Names that nobody can foresee.
std::string random_digits() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::random_device source;
  std::string text;
  for (std::size_t i = 0; i < kRandomDigits; ++i) text += kDigits[source() % kDigits.size()];
  return text;
}

/// Whether it ends as AtomicFile's temporary names do, or as those of earlier versions, by the process.
bool is_temporary(std::string_view name) {
  if (!name.ends_with(kPart)) return false;
  name.remove_suffix(kPart.size());
  const auto point = name.rfind('.');
  if (point == std::string_view::npos || point == 0) return false;
  const std::string_view digits = name.substr(point + 1);
  const bool by_process = !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
  return by_process || (digits.size() == kRandomDigits &&
                        digits.find_first_not_of("0123456789abcdef") == std::string_view::npos);
}

bool is_being_written(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool locked = flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(descriptor);
  return locked;
}

}  // namespace

void require_plain_file(const std::filesystem::path& file) {
  (void)Descriptor{file};
}

std::string read_file(const std::filesystem::path& file, std::size_t max_bytes) {
  const Descriptor opened(file);
  const auto refuse_above = [&](std::size_t size) {
    if (size <= max_bytes) return;
    throw IoError(concat("cannot read ", file.string(), ": it has more than ", max_bytes, " bytes"));
  };
  refuse_above(opened.size());
  require_memory(opened.size(), file.string());
  std::string bytes;
  bytes.reserve(opened.size());
  std::vector<char> piece(std::clamp(opened.size() + 1, kSmallestPiece, kPieceBytes));
  for (;;) {
    const ssize_t got = read(opened.number(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_to("read", file, std::strerror(errno));
    if (got == 0) return bytes;
    refuse_above(bytes.size() + static_cast<std::size_t>(got));
    bytes.append(piece.data(), static_cast<std::size_t>(got));
  }
}

void remove_partial_files(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const auto& file : data::list_folder(folder, ignored)) {
    if (is_temporary(file.filename().string()) && !is_being_written(file))
      std::filesystem::remove(file, ignored);
  }
}

std::filesystem::path partial_name(const std::filesystem::path& path) {
  return concat(path.string(), ".", random_digits(), kPart);
}

bool write_all(int descriptor, const void* data, std::size_t bytes) {
  const char* next = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::write(descriptor, next, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    next += written;
    bytes -= static_cast<std::size_t>(written);
  }
  return true;
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
  open_temporary();
}

void AtomicFile::open_temporary() {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries && descriptor_ < 0; ++i) {
    temporary_ = partial_name(file_);
    descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (descriptor_ < 0 && errno != EEXIST) break;
  }
  if (descriptor_ < 0) fail("cannot write");
  (void)flock(descriptor_, LOCK_EX | LOCK_NB);  // says to remove_partial_files() that it is being written
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
  if (!write_all(descriptor_, data, bytes)) fail("cannot write");
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
