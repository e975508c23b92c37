#include "data/sources/npz_archive.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "data/sources/gzip.h"
#include "io/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/check.h"

namespace elbo::data {
namespace {

constexpr std::uint64_t kHeaderBytes = 1 << 16;  // NumPy's headers of plain arrays have some 100
constexpr std::size_t kMaxListed = 12;

struct Close {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};

zip_t* open_archive(const std::filesystem::path& file) {
  io::require_plain_file(file);
  int code = 0;
  if (zip_t* archive = zip_open(file.c_str(), ZIP_RDONLY, &code)) return archive;
  zip_error_t reason;
  zip_error_init_with_code(&reason, code);
  const std::string message = concat(file.string(), ": ", zip_error_strerror(&reason));
  zip_error_fini(&reason);
  if (code == ZIP_ER_OPEN || code == ZIP_ER_NOENT || code == ZIP_ER_READ)
    throw IoError("cannot open " + message);
  throw DataError(concat(message, " (a .npz is a zip of .npy files)", kMakeAgain));
}

std::string about(const std::optional<NpyHeader>& header) {
  if (!header) return "not an array";
  if (header->holds_objects()) return "Python objects";
  return shape_name(header->shape) + (header->holds_text() ? ", text" : "");
}

}  // namespace

NpzArchive::NpzArchive(const std::filesystem::path& file)
    : file_(file.string()), archive_(open_archive(file)), size_(std::filesystem::file_size(file)) {
  const auto entries = zip_get_num_entries(archive_.get(), 0);
  for (zip_int64_t i = 0; i < entries; ++i) {
    const char* name = zip_get_name(archive_.get(), static_cast<zip_uint64_t>(i), 0);
    if (!name) continue;
    std::string key = name;
    if (key.ends_with(".npy")) key.resize(key.size() - 4);
    entries_.push_back({key, static_cast<zip_uint64_t>(i)});
  }
}

std::string NpzArchive::origin(std::size_t array) const {
  return concat(file_, " (", escaped(entries_[array].key), ")");
}

std::size_t NpzArchive::find(std::string_view key) const {
  const auto found = std::ranges::find(entries_, key, &Entry::key);
  return found == entries_.end() ? npos : static_cast<std::size_t>(found - entries_.begin());
}

std::size_t NpzArchive::find_first(std::span<const std::string_view> keys) const {
  for (const auto key : keys) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (lower(entries_[i].key) == key) return i;
    }
  }
  return npos;
}

std::string NpzArchive::read(std::size_t array) const {
  return read_first(array, std::numeric_limits<std::uint64_t>::max());
}

std::optional<NpyHeader> NpzArchive::header(std::size_t array) const {
  try {
    return parse_npy_header(read_first(array, kHeaderBytes), origin(array));
  } catch (const DataError&) {
    return std::nullopt;
  }
}

std::string NpzArchive::listed() const {
  std::string list;
  for (std::size_t i = 0; i < std::min(entries_.size(), kMaxListed); ++i)
    list += concat(i ? ", " : "", escaped(entries_[i].key), " (", about(header(i)), ")");
  if (entries_.size() > kMaxListed) list += concat(" and ", entries_.size() - kMaxListed, " more");
  return list.empty() ? "none" : list;
}

std::string NpzArchive::read_first(std::size_t array, std::uint64_t max_bytes) const {
  const auto index = entries_[array].index;
  zip_stat_t about;
  const bool known = zip_stat_index(archive_.get(), index, 0, &about) == 0 && (about.valid & ZIP_STAT_SIZE) &&
                     (about.valid & ZIP_STAT_COMP_SIZE);
  if (!known || about.comp_size > size_ || about.size / kLargestExpansion > about.comp_size) {
    throw DataError(concat(origin(array), ": the zip's directory is damaged", kMakeAgain));
  }
  const std::unique_ptr<zip_file_t, Close> entry(zip_fopen_index(archive_.get(), index, 0));
  if (!entry) throw DataError(concat(origin(array), ": ", zip_strerror(archive_.get()), kMakeAgain));
  const bool whole = about.size <= max_bytes;
  require_memory(std::min<std::uint64_t>(about.size, max_bytes), origin(array));
  std::string bytes(std::min<std::uint64_t>(about.size, max_bytes), '\0');
  std::size_t done = 0;
  char past_the_end = 0;
  for (;;) {
    // The read that finds the end also compares the checksum.
    const bool full = done == bytes.size();
    if (full && !whole) break;
    const auto got = full ? zip_fread(entry.get(), &past_the_end, 1)
                          : zip_fread(entry.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0) throw DataError(concat(origin(array), ": ", zip_file_strerror(entry.get()), kMakeAgain));
    if (got == 0) break;
    if (full) throw DataError(concat(origin(array), ": the zip's directory is damaged", kMakeAgain));
    done += static_cast<std::size_t>(got);
  }
  if (done < bytes.size())
    throw DataError(concat(origin(array), ": the compressed data is truncated", kMakeAgain));
  return bytes;
}

}  // namespace elbo::data
