// load_dataset: from a name or path to the reader that knows the format.

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <utility>

#include "data/idx.h"
#include "data/known.h"
#include "elbo/dataset.h"
#include "io/nearest.h"
#include "runtime/check.h"

namespace elbo {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFormats = "a folder of IDX files, or an IDX file";

Dataset load_idx_file(const fs::path& file, std::string name) {
  data::Part train;
  train.origin = file.string();
  data::Array array = data::read_idx(file);
  train.picture = data::picture_shape(array.shape);
  train.examples = data::to_examples(std::move(array), train.origin);
  return data::assemble(std::move(name), std::move(train), {}, {});
}

Dataset load_folder(const fs::path& folder, std::string name) {
  if (data::is_idx_folder(folder)) return data::load_idx_folder(folder, std::move(name));
  throw DataError(concat(folder.string(), ": holds no data; elbo reads ", kFormats));
}

Dataset load_file(const fs::path& file, std::string name) {
  if (data::looks_like_idx(file)) return load_idx_file(file, std::move(name));
  throw DataError(concat(file.string(), ": unknown format; elbo reads ", kFormats));
}

[[noreturn]] void fail_unknown(std::string_view name) {
  const bool path = name.find('/') != std::string_view::npos || fs::path(name).has_extension();
  if (path) throw IoError(concat("cannot open ", name, ": no such file or folder"));
  throw DataError(concat("unknown data set \"", name, "\"; ", io::nearest_hint(name, data::known_names()),
                         "\nIt may also be the path of ", kFormats, "."));
}

}  // namespace

Dataset load_dataset(std::string_view name_or_path, std::uint64_t seed) {
  if (const auto* known = data::find_known(name_or_path)) return data::load_known(*known, seed);
  const fs::path path(name_or_path);
  std::error_code error;
  const auto status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) fail_unknown(name_or_path);
  if (error) throw IoError(concat("cannot open ", name_or_path, ": ", error.message()));
  std::string name(name_or_path);
  return fs::is_directory(status) ? load_folder(path, std::move(name)) : load_file(path, std::move(name));
}

}  // namespace elbo
