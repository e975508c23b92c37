#include "data/sources/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "io/file.h"
#include "base/check.h"

namespace elbo::data {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 30;  // gzread takes an unsigned and returns an int
constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr unsigned kBuffer = 1u << 17;

}  // namespace

GzipFile::GzipFile(std::filesystem::path file) : file_(std::move(file)) {
  io::require_plain_file(file_);
  std::error_code error;
  const auto size = std::filesystem::file_size(file_, error);
  if (error) throw IoError(concat("cannot open ", file_.string(), ": ", error.message()));
  errno = 0;
  auto* stream = gzopen(file_.c_str(), "rb");
  if (!stream) throw IoError(concat("cannot open ", file_.string(), ": ", std::strerror(errno)));
  gzbuffer(stream, kBuffer);
  stream_ = stream;
  max_bytes_ = gzdirect(stream) ? size : size * kLargestExpansion;
}

GzipFile::~GzipFile() {
  gzclose_r(static_cast<gzFile>(stream_));
}

std::size_t GzipFile::read(void* target, std::size_t bytes) {
  auto* stream = static_cast<gzFile>(stream_);
  auto* next = static_cast<char*>(target);
  std::size_t done = 0;
  while (done < bytes) {
    const int got = gzread(stream, next + done, static_cast<unsigned>(std::min(kChunk, bytes - done)));
    int code = Z_OK;
    const char* reason = gzerror(stream, &code);
    if (code == Z_ERRNO) throw IoError(concat("cannot read ", file_.string(), ": ", std::strerror(errno)));
    // zlib reports a file that ends inside the compressed data by Z_BUF_ERROR.
    if (code == Z_BUF_ERROR)
      throw DataError(concat(file_.string(), ": the compressed data is truncated", kMakeAgain));
    if (got < 0)
      throw DataError(concat(file_.string(), ": the compressed data is damaged (", reason, ")", kMakeAgain));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::string read_unpacked(const std::filesystem::path& file, std::size_t max_bytes) {
  GzipFile from(file);
  std::string bytes;
  for (;;) {
    const std::size_t done = bytes.size(), piece = std::min(kPiece, max_bytes - done);
    bytes.resize(done + piece);
    const std::size_t got = from.read(bytes.data() + done, piece);
    bytes.resize(done + got);
    if (got < piece || bytes.size() == max_bytes) return bytes;
  }
}

}  // namespace elbo::data
