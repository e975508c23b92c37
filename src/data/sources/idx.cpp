#include "data/sources/idx.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include "base/folder.h"
#include "base/memory.h"
#include "data/sources/gzip.h"
#include "io/file.h"
#include "base/text.h"
#include "base/check.h"

namespace elbo::data {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMagicBytes = 4;

/// Bytes per value of an IDX type code; 0 for an unknown code.
std::size_t item_size(unsigned char type) {
  switch (type) {
    case 0x08:
    case 0x09:
      return 1;
    case 0x0B:
      return 2;
    case 0x0C:
    case 0x0D:
      return 4;
    case 0x0E:
      return 8;
    default:
      return 0;
  }
}

template <class Unsigned>
Unsigned big_endian(const unsigned char* bytes) {
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) value = static_cast<Unsigned>((value << 8) | bytes[i]);
  return value;
}

float to_float(unsigned char type, const unsigned char* bytes) {
  switch (type) {
    case 0x09:
      return static_cast<float>(std::bit_cast<std::int8_t>(*bytes));
    case 0x0B:
      return static_cast<float>(std::bit_cast<std::int16_t>(big_endian<std::uint16_t>(bytes)));
    case 0x0C:
      return static_cast<float>(std::bit_cast<std::int32_t>(big_endian<std::uint32_t>(bytes)));
    case 0x0D:
      return std::bit_cast<float>(big_endian<std::uint32_t>(bytes));
    default:
      return static_cast<float>(std::bit_cast<double>(big_endian<std::uint64_t>(bytes)));
  }
}

/// The prefixes of file names that denote a split.
struct SplitNames {
  std::array<std::string_view, 2> prefixes;
};
constexpr SplitNames kTrain{{"train", "training"}};
constexpr SplitNames kValidation{{"valid", "validation"}};
constexpr SplitNames kTest{{"t10k", "test"}};

/// The file of a split and kind ("images", "labels"). Throws DataError if two files match, unless they are a
/// plain file and its .gz.
std::optional<fs::path> find_file(const fs::path& folder, const SplitNames& split, std::string_view kind) {
  std::vector<fs::path> found;
  for (const auto& path : list_folder(folder)) {
    const std::string name = path.filename().string();
    for (const auto prefix : split.prefixes) {
      const std::string start = concat(prefix, "-", kind);
      const bool matches = name.starts_with(start + "-idx") || name.starts_with(start + ".idx");
      if (matches && !name.ends_with(".part")) found.push_back(path);
    }
  }
  if (found.empty()) return std::nullopt;
  // The plain file sorts before its .gz; a user who unpacked it has both, with the same content.
  return found.front();
}

Part load_part(const fs::path& folder, const SplitNames& split) {
  const auto images = find_file(folder, split, "images");
  if (!images) return {};
  Part part = to_part(read_idx(*images), images->string());
  if (const auto labels = find_file(folder, split, "labels")) {
    attach_labels(part, to_labels(read_idx(*labels), labels->string()), labels->string());
  }
  return part;
}

}  // namespace

bool looks_like_idx(const fs::path& file) {
  io::require_plain_file(file);
  std::array<unsigned char, kMagicBytes> magic{};
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw IoError(concat("cannot open ", file.string()));
  stream.read(reinterpret_cast<char*>(magic.data()), kMagicBytes);
  if (stream.gcount() < 2) return false;
  if (magic[0] == 0x1F && magic[1] == 0x8B) return true;
  return magic[0] == 0 && magic[1] == 0 && item_size(magic[2]) > 0 && magic[3] > 0;
}

Array read_idx(const fs::path& file) {
  const std::string origin = file.string();
  GzipFile stream(file);
  std::array<unsigned char, kMagicBytes> magic{};
  const std::size_t got = stream.read(magic.data(), magic.size());
  if (got == 0) throw DataError(concat(origin, ": the file is empty"));
  const std::size_t item = item_size(magic[2]);
  if (got < magic.size() || magic[0] != 0 || magic[1] != 0 || item == 0 || magic[3] == 0) {
    throw DataError(concat(
        origin, ": not an IDX file (it must start with 0 0, a type code and the number of ", "dimensions)"));
  }
  Array array;
  std::vector<unsigned char> extents(4 * std::size_t{magic[3]});
  if (stream.read(extents.data(), extents.size()) < extents.size()) {
    throw DataError(concat(origin, ": the file ends inside its header", kMakeAgain));
  }
  for (std::size_t i = 0; i < extents.size(); i += 4)
    array.shape.push_back(big_endian<std::uint32_t>(&extents[i]));
  const std::size_t size = checked_size(array.shape, item, stream.max_bytes(), origin);

  require_memory(size * item, origin);
  std::vector<std::uint8_t> bytes(size * item);
  if (const std::size_t read = stream.read(bytes.data(), bytes.size()); read < bytes.size()) {
    throw DataError(concat(origin, ": truncated: the header declares ", bytes.size(), " bytes of values, ",
                           read, " are there", kMakeAgain));
  }
  unsigned char extra = 0;
  if (stream.read(&extra, 1) > 0) {
    throw DataError(concat(origin, ": there are bytes after the ", shape_name(array.shape),
                           " values that the header declares", kMakeAgain));
  }
  if (magic[2] == 0x08) {
    array.bytes = std::move(bytes);
  } else {
    array.floats.resize(size);
    for (std::size_t i = 0; i < size; ++i) array.floats[i] = to_float(magic[2], &bytes[i * item]);
  }
  return array;
}

bool has_idx_training(const fs::path& folder) {
  return find_file(folder, kTrain, "images").has_value();
}

bool is_idx_folder(const fs::path& folder) {
  return has_idx_training(folder) || find_file(folder, kTest, "images") ||
         find_file(folder, kValidation, "images");
}

Dataset load_idx_folder(const fs::path& folder, std::string name) {
  if (!has_idx_training(folder)) {
    throw DataError(concat(folder.string(), ": has no train-images-idx3-ubyte, plain or .gz"));
  }
  return assemble(std::move(name), load_part(folder, kTrain), load_part(folder, kValidation),
                  load_part(folder, kTest));
}

}  // namespace elbo::data
