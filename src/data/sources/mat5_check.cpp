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
constexpr std::uint32_t kMatrix = 14, kCompressed = 15;
constexpr std::size_t kPiece = 1 << 18;

[[noreturn]] void fail(const std::filesystem::path& file, const char* what) {
  throw DataError(concat(file.string(), ": ", what, kMakeAgain));
}

std::uint32_t in_order(std::uint32_t value, bool swapped) {
  if (!swapped) return value;
  return value << 24 | (value & 0xFF00u) << 8 | (value >> 8 & 0xFF00u) | value >> 24;
}

/// Bytes of a variable, in order.
class Source {
 public:
  virtual ~Source() = default;
  /// Reads all of the bytes. Throws DataError if there are fewer.
  virtual void read(void* to, std::size_t bytes) = 0;

  void skip(std::uint64_t bytes) {
    std::array<char, 4096> dropped;
    for (; bytes > 0; bytes -= std::min<std::uint64_t>(bytes, dropped.size())) {
      read(dropped.data(), std::min<std::uint64_t>(bytes, dropped.size()));
    }
  }
};

class PlainSource : public Source {
 public:
  PlainSource(std::ifstream& in, const std::filesystem::path& file) : in_(in), file_(file) {}
  void read(void* to, std::size_t bytes) override {
    if (!in_.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes)))
      fail(file_, "the file ends inside a variable");
  }

 private:
  std::ifstream& in_;
  const std::filesystem::path& file_;
};

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

/// The next `bytes` of the file, which hold one zlib stream, unpacked.
class PackedSource : public Source {
 public:
  PackedSource(std::ifstream& in, std::uint32_t bytes, const std::filesystem::path& file)
      : plain_(in, file), left_(bytes), file_(file), packed_(kPiece) {
    if (inflateInit(&stream_) != Z_OK)
      throw OutOfMemoryError(concat(file.string(), ": no memory to unpack it"));
    end_.reset(&stream_);
  }
  void read(void* to, std::size_t bytes) override {
    if (unpack(to, bytes) < bytes) fail(file_, kDamaged);
  }
  /// Throws DataError unless the stream ends here, whole.
  void finish() {
    std::array<char, 1> more;
    if (unpack(more.data(), more.size()) > 0 || !at_end_) fail(file_, kDamaged);
  }

 private:
  static constexpr const char* kDamaged = "the compressed data of a variable is damaged";

  std::size_t unpack(void* to, std::size_t bytes) {
    stream_.next_out = static_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(bytes);
    while (stream_.avail_out > 0 && !at_end_) {
      if (stream_.avail_in == 0 && left_ > 0) fill();
      const int state = inflate(&stream_, Z_NO_FLUSH);
      at_end_ = state == Z_STREAM_END;
      if (state != Z_OK && !at_end_) fail(file_, kDamaged);
    }
    return bytes - stream_.avail_out;
  }
  void fill() {
    const auto piece = static_cast<uInt>(std::min<std::size_t>(kPiece, left_));
    plain_.read(packed_.data(), piece);
    left_ -= piece;
    stream_.next_in = packed_.data();
    stream_.avail_in = piece;
  }

  PlainSource plain_;
  std::uint32_t left_;
  const std::filesystem::path& file_;
  std::vector<unsigned char> packed_;
  z_stream stream_{};
  std::unique_ptr<z_stream, EndInflate> end_;
  bool at_end_ = false;
};

/// Walks through the elements of a variable. libmatio takes memory for whatever size an element claims.
class Walk {
 public:
  Walk(Source& source, bool swapped, const std::filesystem::path& file)
      : source_(source), swapped_(swapped), file_(file) {}

  /// The contents of a matrix of `bytes`: flags, sizes, name and values, or matrices within.
  void matrix(std::uint64_t bytes, int depth = 0) {
    if (depth == kMaxDepth) fail(file_, "its variables lie too deep in one another");
    const std::uint64_t whole = bytes;
    std::uint32_t kind = 0;  // the array's class
    for (int number = 0; bytes > 0; ++number) {
      if (bytes < kTag) fail(file_, kTooLarge);
      const Tag element = tag();
      bytes -= kTag;
      if (number == 0) require(element, kUnsigned, 2 * sizeof(std::uint32_t));
      if (number == 1 && kind != kOpaque) require(element, kSigned, element.size);
      if (kind == kSparse && (number == kRows || number == kStarts) && !is_integer(element.type))
        fail(file_, "the rows or columns of a sparse matrix are no 32-bit integers");
      const bool holds_matrices = kind >= kCell && (kind <= kObject || kind == kOpaque);
      const std::uint32_t unit = value_bytes(element.type);
      const bool fits_kind = number == 0 || element.type < kMatrix || holds_matrices ||
                             (element.type > kMatrix && kind == kText);
      if (unit == 0 || element.size % unit != 0 || !fits_kind)
        fail(file_, "a variable has a part of a type that it cannot have");
      if (element.is_small) continue;
      if (element.size > bytes) fail(file_, kTooLarge);
      const std::uint64_t padded = (std::uint64_t{element.size} + kTag - 1) / kTag * kTag;
      const std::uint64_t used = std::min(padded, bytes);  // the last element may lack its padding
      bytes -= used;
      if (element.type == kMatrix) {
        matrix(element.size, depth + 1);
        source_.skip(used - element.size);
      } else if (number == 0) {
        kind = number_of() & 0xFF;
        source_.skip(used - sizeof(std::uint32_t));
      } else if (number == 1 && kind >= kCell && kind <= kObject) {
        sizes(element.size, whole);
        source_.skip(used - element.size);
      } else {
        source_.skip(used);
      }
    }
  }

 private:
  struct Tag {
    std::uint32_t type, size;
    bool is_small;  ///< the tag holds the values
  };

  Tag tag() {
    const std::uint32_t first = number_of(), second = number_of();
    const std::uint32_t small = first >> 16;
    if (small > sizeof(second)) fail(file_, kTooLarge);
    return {first & 0xFFFF, small != 0 ? small : second, small != 0};
  }
  std::uint32_t number_of() {
    std::uint32_t value = 0;
    source_.read(&value, sizeof(value));
    return in_order(value, swapped_);
  }
  /// The bytes of a value; 0 if the type is not known: libmatio would then take the values for elements.
  static std::uint32_t value_bytes(std::uint32_t type) {
    constexpr std::array<std::uint32_t, 19> kBytes = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8,
                                                      0, 0, 8, 8, 1, 0, 1, 2, 4};
    return type < kBytes.size() ? kBytes[type] : 0;
  }
  static bool is_integer(std::uint32_t type) { return type == kSigned || type == kUnsigned; }
  void require(const Tag& element, std::uint32_t type, std::uint32_t size) const {
    if (element.is_small || element.type != type || element.size != size) {
      fail(file_, "a variable does not begin with its kind and its sizes");
    }
  }
  /// The extents of an array of matrices, each of which takes a tag at least.
  void sizes(std::uint32_t bytes, std::uint64_t whole) {
    std::uint64_t count = 1;
    for (std::uint32_t at = 0; at + sizeof(std::uint32_t) <= bytes; at += sizeof(std::uint32_t)) {
      const std::uint32_t extent = number_of();
      if (extent != 0 && count > whole / kTag / extent) fail(file_, kTooLarge);
      count *= extent;
    }
    source_.skip(bytes % sizeof(std::uint32_t));
  }

  static constexpr std::uint64_t kTag = 8;
  static constexpr int kMaxDepth = 32;
  static constexpr std::uint32_t kCell = 1, kObject = 3, kText = 4, kSparse = 5, kOpaque = 17;  // classes
  static constexpr int kRows = 3, kStarts = 4;                // of a sparse matrix's elements
  static constexpr std::uint32_t kSigned = 5, kUnsigned = 6;  // types of 32 bits
  static constexpr const char* kTooLarge = "a part of a variable is larger than the variable";

  Source& source_;
  bool swapped_;
  const std::filesystem::path& file_;
};

/// Checks the next `bytes` of the file, which hold one packed variable.
void check_compressed(std::ifstream& in, std::uint32_t bytes, bool swapped,
                      const std::filesystem::path& file) {
  PackedSource source(in, bytes, file);
  std::array<std::uint32_t, 2> tag{};
  source.read(tag.data(), sizeof(tag));
  const std::uint32_t size = in_order(tag[1], swapped);
  if (in_order(tag[0], swapped) == kMatrix) {
    Walk(source, swapped, file).matrix(size);
  } else {
    source.skip(size);
  }
  source.finish();
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
    if (type == kCompressed) check_compressed(in, bytes, swapped, file);
    if (type == kMatrix) {
      PlainSource source(in, file);
      Walk(source, swapped, file).matrix(bytes);
    }
    in.seekg(static_cast<std::streamoff>(at));
  }
}

}  // namespace elbo::data
