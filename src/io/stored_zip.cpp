// The format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3 to 4.5.

#include "io/stored_zip.h"

#include <zlib.h>

#include "base/check.h"
#include "elbo/error.h"

namespace elbo::io {
namespace {

constexpr std::uint32_t kElsewhere = 0xFFFFFFFF;  // the number is in the ZIP64 field
constexpr std::uint16_t kVersion = 20, kZip64Version = 45, kUnix = 3 << 8;
constexpr std::uint16_t kSizesFollow = 1 << 3, kUtf8 = 1 << 11;  // flags
constexpr std::uint16_t kFirstDate = 1 << 5 | 1;                 // 1980-01-01
constexpr std::uint32_t kMode = 0100644u << 16;

/// Little-endian numbers side by side.
class Bytes {
 public:
  Bytes& two(std::uint64_t number) { return add(number, 2); }
  Bytes& four(std::uint64_t number) { return add(number, 4); }
  Bytes& eight(std::uint64_t number) { return add(number, 8); }
  Bytes& text(const std::string& text) {
    bytes_ += text;
    return *this;
  }
  const std::string& all() const { return bytes_; }

 private:
  Bytes& add(std::uint64_t number, int bytes) {
    for (int i = 0; i < bytes; ++i) bytes_ += static_cast<char>(number >> 8 * i & 0xFF);
    return *this;
  }

  std::string bytes_;
};

/// The extra field with numbers that 32 bits are too few for; empty if there are none.
std::string zip64_field(const std::vector<std::uint64_t>& numbers) {
  if (numbers.empty()) return {};
  Bytes field;
  field.two(1).two(8 * numbers.size());
  for (const std::uint64_t number : numbers) field.eight(number);
  return field.all();
}

}  // namespace

StoredZip::StoredZip(const std::filesystem::path& file, std::uint64_t max_plain)
    : file_(file), max_plain_(max_plain) {}

void StoredZip::put(const std::string& bytes) {
  file_.write(bytes);
  offset_ += bytes.size();
}

void StoredZip::begin(const std::string& name, std::uint64_t bytes) {
  end_entry();
  entries_.push_back({name, offset_, bytes, 0});
  left_ = bytes;
  const bool plain = is_plain(bytes);
  const std::string extra = plain ? std::string() : zip64_field({0, 0});
  const std::uint32_t size = plain ? 0 : kElsewhere;
  Bytes header;
  header.four(0x04034b50).two(plain ? kVersion : kZip64Version).two(kSizesFollow | kUtf8).two(0);
  header.two(0).two(kFirstDate).four(0).four(size).four(size);
  header.two(name.size()).two(extra.size()).text(name).text(extra);
  put(header.all());
}

void StoredZip::write(std::string_view bytes) {
  ELBO_CHECK(bytes.size() <= left_, IoError, "an entry of a zip has more bytes than it was begun with");
  Entry& entry = entries_.back();
  entry.checksum = static_cast<std::uint32_t>(
      crc32_z(entry.checksum, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  file_.write(bytes);
  offset_ += bytes.size();
  left_ -= bytes.size();
}

void StoredZip::end_entry() {
  if (entries_.empty()) return;
  const Entry& entry = entries_.back();
  ELBO_CHECK(left_ == 0, IoError, "the zip's entry ", entry.name, " lacks ", left_, " bytes");
  Bytes descriptor;
  descriptor.four(0x08074b50).four(entry.checksum);
  is_plain(entry.bytes) ? descriptor.four(entry.bytes).four(entry.bytes)
                        : descriptor.eight(entry.bytes).eight(entry.bytes);
  put(descriptor.all());
}

std::string StoredZip::directory_entry(const Entry& entry) const {
  std::vector<std::uint64_t> large;
  const bool plain = is_plain(entry.bytes);
  if (!plain) large = {entry.bytes, entry.bytes};
  if (!is_plain(entry.offset)) large.push_back(entry.offset);
  const std::string extra = zip64_field(large);
  const std::uint64_t size = plain ? entry.bytes : kElsewhere;
  const std::uint16_t version = large.empty() ? kVersion : kZip64Version;
  Bytes header;
  header.four(0x02014b50).two(kUnix | version).two(version).two(kSizesFollow | kUtf8).two(0);
  header.two(0).two(kFirstDate).four(entry.checksum).four(size).four(size);
  header.two(entry.name.size()).two(extra.size()).two(0).two(0).two(0).four(kMode);
  header.four(is_plain(entry.offset) ? entry.offset : kElsewhere).text(entry.name).text(extra);
  return header.all();
}

std::string StoredZip::directory_end(std::uint64_t offset, std::uint64_t bytes) const {
  const std::uint64_t count = entries_.size(), after = offset + bytes;
  const bool plain = is_plain(after);
  Bytes end;
  if (!plain) {
    constexpr std::uint64_t kRest = 44;  // bytes of the record after this number
    end.four(0x06064b50).eight(kRest).two(kUnix | kZip64Version).two(kZip64Version).four(0).four(0);
    end.eight(count).eight(count).eight(bytes).eight(offset);
    end.four(0x07064b50).four(0).eight(after).four(1);
  }
  end.four(0x06054b50).two(0).two(0).two(count).two(count);
  end.four(plain ? bytes : kElsewhere).four(plain ? offset : kElsewhere).two(0);
  return end.all();
}

void StoredZip::commit() {
  end_entry();
  const std::uint64_t offset = offset_;
  for (const Entry& entry : entries_) put(directory_entry(entry));
  put(directory_end(offset, offset_ - offset));
  file_.commit();
}

}  // namespace elbo::io
