// load_dataset: finds the reader for a name or path.

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "data/sources/array.h"
#include "data/sources/csv.h"
#include "data/sources/idx.h"
#include "data/sources/known.h"
#include "data/sources/npy.h"
#include "data/sources/picture_file.h"
#include "data/sources/pictures.h"
#include "base/out_of_memory.h"
#include "base/text.h"
#include "elbo/dataset.h"
#include "base/nearest.h"
#include "base/check.h"

namespace elbo {
namespace {

namespace fs = std::filesystem;

/// What elbo reads, for errors.
std::string formats() {
  return concat("a .npy, .npz, .csv or .tsv file, an IDX file, a ", data::picture_formats(),
                " picture, or a folder of IDX files or of pictures");
}

void refuse_resizing(const std::optional<PictureShape>& resize, std::string_view data) {
  if (!resize) return;
  throw ConfigError(concat("data.picture_size, data.resize and data.channels are for pictures in files (",
                           data::picture_formats(), "), which ", data, " is not."));
}

Dataset load_folder(const fs::path& folder, std::string name, const LoadOptions& options) {
  const bool idx = data::is_idx_folder(folder);
  auto pictures = idx ? data::PictureFolder{} : data::find_pictures(folder);
  if (pictures.count() > 0) return data::load_pictures(std::move(pictures), std::move(name), options);
  refuse_resizing(options.resize, name);
  if (idx) return data::load_idx_folder(folder, std::move(name));
  throw DataError(concat(folder.string(), ": holds no data.\nelbo reads ", formats(), "."));
}

Dataset load_file(const fs::path& file, std::string name, const LoadOptions& options) {
  if (data::is_picture_name(file)) return data::load_picture(file, std::move(name), options);
  refuse_resizing(options.resize, name);
  const std::string extension = data::lower(file.extension().string());
  if (extension == ".npy") return data::load_npy(file, std::move(name));
  if (extension == ".npz") return data::load_npz(file, std::move(name));
  if (extension == ".csv" || extension == ".tsv") return data::load_csv(file, std::move(name));
  if (data::looks_like_idx(file))
    return data::from_array(data::read_idx(file), file.string(), std::move(name));
  throw DataError(concat(file.string(), ": unknown format.\nelbo reads ", formats(), "."));
}

[[noreturn]] void fail_unknown(std::string_view name) {
  const bool path = name.find('/') != std::string_view::npos || fs::path(name).has_extension();
  if (path) throw IoError(concat("cannot open ", name, ": no such file or folder"));
  throw ConfigError(concat("unknown data set \"", name, "\"; ", nearest_hint(name, data::known_names()),
                           "\nIt may also be the path of ", formats(), "."));
}

/// "what lies here under that name is ./digits" if a file or folder that is not the set itself has its name;
/// else empty.
std::string same_name(const data::KnownSet& set) {
  std::error_code error;
  if (!fs::exists(set.name, error)) return {};
  const bool itself =
      set.origin != data::Origin::built_in && fs::equivalent(data::locate(set.name), set.name, error);
  return itself ? std::string() : concat("what lies here under that name is ./", set.name);
}

/// Loads known data, and says so if a file or folder has that name too.
Dataset load_known(const data::KnownSet& set, const LoadOptions& options) {
  refuse_resizing(options.resize, set.name);
  const std::string other = same_name(set);
  try {
    Dataset data = data::load_known(set, options.seed);
    const char* kind = set.origin == data::Origin::built_in ? "built-in" : "known";
    if (!other.empty()) data.notes.push_back(concat("the ", kind, " data set was taken; ", other));
    return data;
  } catch (const DataError& error) {
    if (other.empty()) throw;
    throw DataError(concat(error.what(), " (", other, ")"));
  }
}

Dataset load(std::string_view name_or_path, const LoadOptions& options) {
  if (const auto* known = data::find_known(name_or_path)) return load_known(*known, options);
  const fs::path path(name_or_path);
  std::error_code error;
  const auto status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) fail_unknown(name_or_path);
  if (error) throw IoError(concat("cannot open ", name_or_path, ": ", error.message()));
  if (!fs::is_directory(status) && !fs::is_regular_file(status)) {
    throw IoError(concat("cannot read ", name_or_path, ": neither a file nor a folder"));
  }
  std::string name(name_or_path);
  if (fs::is_directory(status)) return load_folder(path, std::move(name), options);
  return load_file(path, std::move(name), options);
}

}  // namespace

Dataset load_dataset(std::string_view name_or_path, const LoadOptions& options) {
  return with_memory_errors([&] { return load(name_or_path, options); });
}

}  // namespace elbo
