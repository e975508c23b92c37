#include "data/sources/mat5_check.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace elbo::data {
namespace {

constexpr std::size_t kHeader = 128;     // text, then the version and the order of bytes
constexpr std::size_t kVersionAt = 124;  // of the header
constexpr std::uint16_t kMatlab5 = 0x0100, kMatlab73 = 0x0200;
constexpr std::uint32_t kCompressed = 15;
constexpr std::size_t kPiece = 1 << 18;

[[noreturn]] void fail(const std::filesystem::path& file, const char* what) {
  throw DataError(concat(file.string(), ": ", what, kMakeAgain));
}

std::uint32_t in_order(std::uint32_t value, bool swapped) {
  if (!swapped) return value;
  return value << 24 | (value & 0xFF00u) << 8 | (value >> 8 & 0xFF00u) | value >> 24;
}

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

/// Unpacks the next `bytes` of the file, which hold one zlib stream, and drops the result.
void check_compressed(std::ifstream& in, std::uint32_t bytes, const std::filesystem::path& file) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw OutOfMemoryError(concat(file.string(), ": no memory to unpack it"));
  const std::unique_ptr<z_stream, EndInflate> end(&stream);
  std::vector<unsigned char> packed(kPiece), unpacked(kPiece);
  int state = Z_OK;
  while (bytes > 0) {
    const auto piece = static_cast<uInt>(std::min<std::size_t>(kPiece, bytes));
    if (!in.read(reinterpret_cast<char*>(packed.data()), piece))
      fail(file, "the file ends inside a variable");
    bytes -= piece;
    stream.next_in = packed.data();
    stream.avail_in = piece;
    while (state == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0)) {
      stream.next_out = unpacked.data();
      stream.avail_out = static_cast<uInt>(unpacked.size());
      state = inflate(&stream, Z_NO_FLUSH);
    }
    if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR) break;
    if (state == Z_BUF_ERROR) state = Z_OK;
  }
  if (state != Z_STREAM_END) fail(file, "the compressed data of a variable is damaged");
}

}  // namespace

void check_mat5(const std::filesystem::path& file) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(file, error);
  std::ifstream in(file, std::ios::binary);
  if (error || !in) throw IoError(concat("cannot open ", file.string()));
  std::array<char, kHeader> header{};
  if (!in.read(header.data(), kHeader)) fail(file, "not a file of MATLAB, or a damaged one");
  std::uint16_t version = 0;
  std::memcpy(&version, header.data() + kVersionAt, sizeof(version));
  const std::string_view order(header.data() + kVersionAt + sizeof(version), 2);
  const bool swapped = order == "MI";  // "IM" as this machine reads it
  if (swapped) version = static_cast<std::uint16_t>(version << 8 | version >> 8);
  if ((order != "IM" && !swapped) || (version != kMatlab5 && version != kMatlab73)) {
    throw DataError(concat(file.string(), ": not a file of MATLAB 5 or later, or a damaged one.\n",
                           "In MATLAB, save('data.mat', 'X', 'y', '-v7') makes such a file."));
  }
  if (version == kMatlab73) return;
  for (std::uint64_t at = kHeader; at < size;) {
    std::array<std::uint32_t, 2> tag{};  // a variable's type and bytes
    if (!in.read(reinterpret_cast<char*>(tag.data()), sizeof(tag)))
      fail(file, "the file ends inside a variable");
    const std::uint32_t type = in_order(tag[0], swapped), bytes = in_order(tag[1], swapped);
    at += sizeof(tag) + bytes;
    if (at > size) fail(file, "the file ends inside a variable");
    if (type == kCompressed) check_compressed(in, bytes, file);
    in.seekg(static_cast<std::streamoff>(at));
  }
}

}  // namespace elbo::data
