// load_dataset: finds the reader for a name or path.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "data/sources/array.h"
#include "data/sources/gzip.h"
#include "data/sources/h5ad.h"
#include "data/sources/idx.h"
#include "data/sources/known.h"
#include "data/sources/mat_file.h"
#include "data/sources/matrix_market.h"
#include "data/sources/npy.h"
#include "data/sources/picture_file.h"
#include "data/sources/pictures.h"
#include "data/sources/svmlight.h"
#include "data/sources/unread.h"
#include "data/table/table.h"
#include "base/array_path.h"
#include "base/out_of_memory.h"
#include "base/text.h"
#include "elbo/dataset.h"
#include "elbo/summary.h"
#include "base/nearest.h"
#include "base/check.h"

namespace elbo {
namespace {

namespace fs = std::filesystem;

/// What elbo reads, for errors.
std::string formats() {
  return concat("a .npy, .npz, .csv, .tsv, .mtx, .mat or .h5ad file, SVMlight's text, an IDX file, a ",
                data::picture_formats(), " picture, or a folder of IDX files or of pictures");
}

/// Who reads a file with this ending; one of the two functions is null.
struct Reader {
  std::string_view ending;
  Dataset (*load)(const fs::path& file, std::string name) = nullptr;
  /// The array may be empty.
  Dataset (*load_array)(const fs::path& file, std::string name, std::string_view array) = nullptr;
};

constexpr Reader kReaders[] = {
    {.ending = ".npy", .load = data::load_npy},
    {.ending = ".npz", .load_array = data::load_npz},
    {.ending = ".mtx", .load = data::load_matrix_market},
    {.ending = ".mtx.gz", .load = data::load_matrix_market},
    {.ending = ".mat", .load_array = data::load_mat},
    {.ending = ".h5ad", .load_array = data::load_h5ad},
    {.ending = ".svmlight", .load = data::load_svmlight},
    {.ending = ".libsvm", .load = data::load_svmlight},
};

constexpr std::string_view kStandardInput = "-";
constexpr std::string_view kTables[] = {".csv", ".tsv", ".csv.gz", ".tsv.gz"};

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

/// Everything on standard input, which can be read once alone: later calls get the same text.
const std::string& standard_input() {
  static const std::string text = [] {
    if (isatty(STDIN_FILENO))
      throw IoError(
          "data.name \"-\" is a table on standard input, which is a terminal: pipe a table into it");
    constexpr std::size_t kPiece = std::size_t{1} << 20;
    std::string all;
    for (std::size_t got = kPiece, size = 0; got > 0;) {
      all.resize(size + kPiece);
      got = std::fread(all.data() + size, 1, kPiece, stdin);
      all.resize(size += got);
    }
    if (std::ferror(stdin)) throw IoError("cannot read standard input");
    return all;
  }();
  return text;
}

Dataset load_standard_input(const LoadOptions& options) {
  refuse_resizing(options.resize, kStandardInput);
  const std::string& text = standard_input();
  if (text.starts_with("\x1f\x8b"))
    throw DataError("standard input: is compressed, and a table read from there must be text.");
  return data::parse_table(text, "standard input", std::string(kStandardInput), options.table, options.like,
                           options.keep_source);
}

/// A file that no ending tells: by its first bytes.
Dataset load_by_content(const fs::path& file, std::string name) {
  if (data::looks_like_svmlight(file)) return data::load_svmlight(file, std::move(name));
  if (data::looks_like_idx(file))
    return data::from_array(data::read_idx(file), file.string(), std::move(name));
  throw DataError(concat(file.string(), ": unknown format.\nelbo reads ", formats(), "."));
}

Dataset load_file(const fs::path& file, std::string name, std::string_view array,
                  const LoadOptions& options) {
  if (data::is_picture_name(file)) return data::load_picture(file, std::move(name), options);
  refuse_resizing(options.resize, name);
  const std::string lower_name = data::lower(file.filename().string());
  const auto ends = [&](std::string_view ending) { return lower_name.ends_with(ending); };
  const auto* reader = std::ranges::find_if(kReaders, ends, &Reader::ending);
  const bool found = reader != std::end(kReaders);
  if (found && reader->load_array) return reader->load_array(file, std::move(name), array);
  if (!array.empty()) {
    throw DataError(
        concat(name, ": ", file.string(), " has no arrays with names, so that none can follow a colon."));
  }
  if (found) {
    Dataset data = reader->load(file, std::move(name));
    if (options.keep_source && ends(".npy")) data.train.source = data::npy_source(file);
    return data;
  }
  if (std::ranges::any_of(kTables, ends)) {
    return data::parse_table(read_text(file), file.string(), std::move(name), options.table, options.like,
                             options.keep_source);
  }
  if (const auto advice = data::conversion_advice(file); !advice.empty())
    throw DataError(concat(file.string(), ": ", advice));
  return load_by_content(file, std::move(name));
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
  if (name_or_path == kStandardInput) return load_standard_input(options);
  const data::ArrayPath parts = data::split_array_path(name_or_path);
  const fs::path path(parts.file);
  std::error_code error;
  const auto status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) fail_unknown(name_or_path);
  if (error) throw IoError(concat("cannot open ", name_or_path, ": ", error.message()));
  if (!fs::is_directory(status) && !fs::is_regular_file(status)) {
    throw IoError(concat("cannot read ", name_or_path, ": neither a file nor a folder"));
  }
  std::string name(name_or_path);
  if (fs::is_directory(status)) return load_folder(path, std::move(name), options);
  return load_file(path, std::move(name), parts.array, options);
}

/// The pictures that the path denotes, one or a folder's; none if it is other data.
data::PictureFolder pictures_at(std::string_view name_or_path) {
  const fs::path path(name_or_path);
  std::error_code error;
  if (data::find_known(name_or_path)) return {};
  if (fs::is_directory(path, error))
    return data::is_idx_folder(path) ? data::PictureFolder() : data::find_pictures(path);
  const bool picture = fs::is_regular_file(path, error) && data::is_picture_name(path);
  return picture ? data::single_picture(path) : data::PictureFolder();
}

}  // namespace

std::optional<PictureSummary> summarize_pictures(std::string_view name_or_path) {
  return with_memory_errors([&]() -> std::optional<PictureSummary> {
    const data::PictureFolder pictures = pictures_at(name_or_path);
    if (pictures.count() == 0) return std::nullopt;
    return data::describe_pictures(pictures);
  });
}

Dataset load_dataset(std::string_view name_or_path, const LoadOptions& options) {
  return with_memory_errors([&] { return load(name_or_path, options); });
}

}  // namespace elbo
