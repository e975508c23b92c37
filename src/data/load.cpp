// load_dataset: finds the reader for a name or path.

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "data/sources/array.h"
#include "data/sources/gzip.h"
#include "data/sources/idx.h"
#include "data/sources/known.h"
#include "data/sources/npy.h"
#include "data/sources/pictures.h"
#include "data/table/table.h"
#include "base/out_of_memory.h"
#include "base/text.h"
#include "elbo/dataset.h"
#include "base/nearest.h"
#include "base/check.h"

namespace elbo {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFormats =
    "a .npy, .npz, .csv or .tsv file, an IDX file, or a folder of IDX files or of PNG or JPEG pictures";

void refuse_resizing(const std::optional<PictureShape>& resize, std::string_view data) {
  if (!resize) return;
  throw ConfigError(
      concat("data.picture_size is for folders of PNG and JPEG pictures, which ", data, " is not."));
}

Dataset load_folder(const fs::path& folder, std::string name, const std::optional<PictureShape>& resize) {
  const bool idx = data::is_idx_folder(folder);
  if (!idx && data::is_picture_folder(folder)) return data::load_pictures(folder, std::move(name), resize);
  refuse_resizing(resize, name);
  if (idx) return data::load_idx_folder(folder, std::move(name));
  throw DataError(concat(folder.string(), ": holds no data.\nelbo reads ", kFormats, "."));
}

/// A text file's contents, decompressed if it is gzip.
std::string read_text(const fs::path& file) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  data::GzipFile in(file);
  std::string text;
  for (std::size_t got = kPiece, size = 0; got == kPiece;) {
    text.resize(size + kPiece);
    got = in.read(text.data() + size, kPiece);
    text.resize(size += got);
  }
  return text;
}

Dataset load_file(const fs::path& file, std::string name, const LoadOptions& options) {
  std::string extension = data::lower(file.extension().string());
  if (extension == ".gz") extension = data::lower(file.stem().extension().string());
  if (extension == ".npy") return data::load_npy(file, std::move(name));
  if (extension == ".npz") return data::load_npz(file, std::move(name));
  if (extension == ".csv" || extension == ".tsv")
    return data::parse_table(read_text(file), file.string(), std::move(name), options.table, options.like);
  if (data::looks_like_idx(file))
    return data::from_array(data::read_idx(file), file.string(), std::move(name));
  throw DataError(concat(file.string(), ": unknown format.\nelbo reads ", kFormats, "."));
}

[[noreturn]] void fail_unknown(std::string_view name) {
  const bool path = name.find('/') != std::string_view::npos || fs::path(name).has_extension();
  if (path) throw IoError(concat("cannot open ", name, ": no such file or folder"));
  throw ConfigError(concat("unknown data set \"", name, "\"; ", nearest_hint(name, data::known_names()),
                           "\nIt may also be the path of ", kFormats, "."));
}

Dataset load(std::string_view name_or_path, const LoadOptions& options) {
  if (const auto* known = data::find_known(name_or_path)) {
    refuse_resizing(options.resize, name_or_path);
    return data::load_known(*known, options.seed);
  }
  const fs::path path(name_or_path);
  std::error_code error;
  const auto status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) fail_unknown(name_or_path);
  if (error) throw IoError(concat("cannot open ", name_or_path, ": ", error.message()));
  if (!fs::is_directory(status) && !fs::is_regular_file(status)) {
    throw IoError(concat("cannot read ", name_or_path, ": neither a file nor a folder"));
  }
  std::string name(name_or_path);
  if (fs::is_directory(status)) return load_folder(path, std::move(name), options.resize);
  refuse_resizing(options.resize, name_or_path);
  return load_file(path, std::move(name), options);
}

}  // namespace

Dataset load_dataset(std::string_view name_or_path, const LoadOptions& options) {
  return with_memory_errors([&] { return load(name_or_path, options); });
}

}  // namespace elbo
