#pragma once
// Reads a file in order and decompresses it if it is gzip.

#include <cstddef>
#include <filesystem>
#include <string>

namespace elbo::data {

/// Deflate compresses by a factor of 1032 at most.
inline constexpr std::size_t kLargestExpansion = 1032;

class GzipFile {
 public:
  /// Throws IoError if the file cannot be opened.
  explicit GzipFile(std::filesystem::path file);
  ~GzipFile();
  GzipFile(const GzipFile&) = delete;
  GzipFile& operator=(const GzipFile&) = delete;

  /// Reads up to `bytes` and returns the number read. Throws DataError if the compressed data is
  /// damaged or ends early.
  std::size_t read(void* target, std::size_t bytes);
  /// The maximum number of bytes this file can expand to.
  std::size_t max_bytes() const { return max_bytes_; }

 private:
  std::filesystem::path file_;
  void* stream_ = nullptr;
  std::size_t max_bytes_ = 0;
};

/// The file's bytes, decompressed if it is gzip; no more than the first `max_bytes`. Throws IoError,
/// DataError.
std::string read_unpacked(const std::filesystem::path& file,
                          std::size_t max_bytes = static_cast<std::size_t>(-1));

}  // namespace elbo::data
