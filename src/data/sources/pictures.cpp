#include "data/sources/pictures.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "data/sources/array.h"
#include "base/folder.h"
#include "data/sources/picture_file.h"
#include "base/text.h"
#include "base/check.h"

namespace elbo::data {
namespace {

namespace fs = std::filesystem;

bool is_picture(const fs::path& file) {
  const std::string extension = lower(file.extension().string());
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

/// A folder's files and sub-folders, sorted, without hidden entries.
struct Listing {
  std::vector<fs::path> pictures;
  std::vector<fs::path> folders;
};

Listing list_pictures(const fs::path& folder) {
  Listing listing;
  std::error_code error;
  for (auto& path : list_folder(folder)) {
    if (path.filename().string().starts_with('.')) continue;
    if (fs::is_directory(path, error)) {
      listing.folders.push_back(std::move(path));
    } else if (is_picture(path)) {
      listing.pictures.push_back(std::move(path));
    }
  }
  return listing;
}

/// A split's pictures, each with its sub-folder's name (none if there are no sub-folders).
struct Files {
  std::vector<fs::path> paths;
  std::vector<std::string> classes;
  std::string origin;
};

Files collect(const fs::path& folder) {
  Listing listing = list_pictures(folder);
  Files files;
  files.origin = folder.string();
  files.paths = std::move(listing.pictures);
  for (const auto& below : listing.folders) {
    for (auto& path : list_pictures(below).pictures) {
      files.paths.push_back(std::move(path));
      files.classes.push_back(below.filename().string());
    }
  }
  if (!files.classes.empty() && files.classes.size() != files.paths.size()) {
    throw DataError(concat(folder.string(), ": holds pictures both beside and in sub-folders, ",
                           "so that some would have labels and some not"));
  }
  return files;
}

/// Class name → label, over all splits.
std::map<std::string, std::int32_t> number_classes(const std::array<Files, 3>& splits) {
  std::map<std::string, std::int32_t> labels;
  for (const auto& files : splits) {
    for (const auto& name : files.classes) labels.emplace(name, 0);
  }
  const auto numeric = [](const std::string& name, std::int32_t& value) {
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
    return error == std::errc() && end == name.data() + name.size();
  };
  bool all_numeric = true;
  for (auto& [name, label] : labels) all_numeric = all_numeric && numeric(name, label);
  if (all_numeric) return labels;
  std::int32_t next = 0;
  for (auto& [name, label] : labels) label = next++;
  return labels;
}

/// Calls use(i, file) for each file, on all threads. Rethrows the error of the first file in order that
/// failed, whichever thread failed first.
template <class Use>
void for_each_file(const std::vector<fs::path>& paths, const Use& use) {
  const auto count = static_cast<std::int64_t>(paths.size());
  std::exception_ptr failure;
  std::int64_t failed = count;
#pragma omp parallel for schedule(dynamic, 16) if (count > 64)
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    try {
      use(at, paths[at]);
    } catch (...) {
#pragma omp critical(elbo_pictures)
      if (i < failed) {
        failed = i;
        failure = std::current_exception();
      }
    }
  }
  if (failure) std::rethrow_exception(failure);
}

/// The shape of all pictures, and a sentence about it if any picture changes.
struct Resizing {
  PictureShape shape;
  std::string note;
};

Resizing plan_resizing(const std::array<Files, 3>& splits, PictureShape shape) {
  std::vector<PictureShape> found;
  for (const auto& files : splits) {
    const std::size_t before = found.size();
    found.resize(before + files.paths.size());
    for_each_file(files.paths,
                  [&](std::size_t i, const fs::path& file) { found[before + i] = picture_file_shape(file); });
  }
  const bool any = shape.channels == 0;
  for (const auto& one : found)
    shape.channels = any ? std::max(shape.channels, one.channels) : shape.channels;
  const auto changed =
      std::count_if(found.begin(), found.end(), [&](const auto& one) { return one != shape; });
  if (changed == 0) return {shape, {}};
  return {shape, concat(changed, " of ", found.size(), " pictures were brought to ", describe(shape),
                        ", the middle of each (data.picture_size)")};
}

Part load_part(const Files& files, const PictureShape& shape, bool resize,
               const std::map<std::string, std::int32_t>& labels) {
  Part part;
  part.origin = files.origin;
  part.picture = shape;
  const auto count = static_cast<std::int64_t>(files.paths.size());
  const auto dims = static_cast<std::size_t>(shape.height * shape.width * shape.channels);
  part.examples.count = count;
  part.examples.dims = static_cast<std::int64_t>(dims);
  part.examples.bytes.resize(static_cast<std::size_t>(count) * dims);
  for_each_file(files.paths, [&](std::size_t i, const fs::path& file) {
    const auto pixels = std::span(part.examples.bytes).subspan(i * dims, dims);
    resize ? read_resized_picture(file, shape, pixels) : read_picture(file, shape, pixels);
  });
  for (const auto& name : files.classes) part.examples.labels.push_back(labels.at(name));
  return part;
}

constexpr std::array<std::string_view, 2> kTrainNames = {"train", "training"};
constexpr std::array<std::string_view, 3> kValidationNames = {"valid", "val", "validation"};
constexpr std::array<std::string_view, 2> kTestNames = {"test", "testing"};

/// The sub-folder that has one of the names; empty if there is none.
fs::path find_folder(const Listing& listing, std::span<const std::string_view> names) {
  for (const auto& folder : listing.folders) {
    if (std::find(names.begin(), names.end(), folder.filename().string()) != names.end()) return folder;
  }
  return {};
}

/// The files of train, validation and test.
std::array<Files, 3> collect_splits(const fs::path& folder) {
  const Listing listing = list_pictures(folder);
  const fs::path train = find_folder(listing, kTrainNames);
  if (train.empty()) return {collect(folder), Files{}, Files{}};
  const auto collect_named = [&](std::span<const std::string_view> names) {
    const fs::path below = find_folder(listing, names);
    return below.empty() ? Files{} : collect(below);
  };
  return {collect(train), collect_named(kValidationNames), collect_named(kTestNames)};
}

}  // namespace

bool is_picture_folder(const fs::path& folder) {
  const auto splits = collect_splits(folder);
  return std::any_of(splits.begin(), splits.end(), [](const Files& files) { return !files.paths.empty(); });
}

Dataset load_pictures(const fs::path& folder, std::string name, const std::optional<PictureShape>& resize) {
  const auto splits = collect_splits(folder);
  const auto labels = number_classes(splits);
  if (splits[0].paths.empty()) throw DataError(concat(splits[0].origin, ": holds no pictures to train on"));
  const bool resizes = resize.has_value();
  Resizing resizing;
  const PictureShape shape =
      resizes ? (resizing = plan_resizing(splits, *resize)).shape : picture_file_shape(splits[0].paths[0]);
  auto data =
      assemble(std::move(name), load_part(splits[0], shape, resizes, labels),
               load_part(splits[1], shape, resizes, labels), load_part(splits[2], shape, resizes, labels));
  if (!resizing.note.empty()) data.notes.push_back(std::move(resizing.note));
  return data;
}

}  // namespace elbo::data
