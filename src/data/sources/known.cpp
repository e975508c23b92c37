#include "data/sources/known.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "data/sources/digits.h"
#include "data/sources/idx.h"
#include "data/sources/npy.h"
#include "data/sources/synthetic.h"
#include "base/check.h"
#include "base/text.h"

namespace elbo {
namespace data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFreyFile = "frey-faces.npy";

constexpr std::array kSets = {
    KnownSet{"digits",
             "drawn 28x28 digits, grey, 60,000 to train on and 10,000 to test, with generating factors",
             Origin::built_in},
    KnownSet{"gaussian2d", "a correlated two-dimensional Gaussian, 1,000 points and 1,000 to test",
             Origin::built_in},
    KnownSet{"uniform10", "ten independent uniform numbers, 10,000 examples and 2,000 to test",
             Origin::built_in},
    KnownSet{"mnist", "handwritten 28x28 digits, grey, 60,000 and 10,000 to test", Origin::downloaded},
    KnownSet{"fashion-mnist", "28x28 pictures of clothes, grey, 60,000 and 10,000 to test",
             Origin::downloaded},
    KnownSet{"kmnist", "handwritten 28x28 hiragana, grey, 60,000 and 10,000 to test", Origin::downloaded},
    KnownSet{"mnist-binarized",
             "MNIST drawn to 0 and 1 once (Salakhutdinov & Murray 2008), 50,000/10,000/10,000",
             Origin::provided, "train-, valid- and t10k-images-idx3-ubyte, also as .gz"},
    KnownSet{"frey", "1,965 pictures of Brendan Frey's face, 28x20, grey", Origin::provided, kFreyFile},
};

const char* environment(const char* name) {
  const char* value = std::getenv(name);
  return value && *value ? value : nullptr;
}

/// Whether the folder holds the training examples, which a download fetches last.
bool holds(const fs::path& folder, std::string_view name) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return false;
  return name == "frey" ? fs::exists(folder / kFreyFile, error) : has_idx_training(folder);
}

/// Turns bytes 0 and 1 of binarised data into 0 and 255, as byte 1 would stand for 1/255.
void stretch_binary(Examples& examples) {
  if (std::all_of(examples.bytes.begin(), examples.bytes.end(),
                  [](std::uint8_t byte) { return byte <= 1; })) {
    for (auto& byte : examples.bytes) byte = byte ? 255 : 0;
  }
}

[[noreturn]] void fail_missing(const KnownSet& set) {
  std::string looked;
  for (const auto& place : places(set.name)) looked += (looked.empty() ? "" : ", ") + place.string();
  if (looked.empty()) looked = "nowhere (neither ELBO_DATA nor HOME is set)";
  const std::string advice =
      set.origin == Origin::downloaded
          ? concat("Run `elbo data get ", set.name, "`, or set ELBO_DATA to the folder above it.")
          : concat("Put its files there (", set.files, "), or set ELBO_DATA to the folder above it.");
  throw DataError(
      concat("data set \"", set.name, "\" is not on this machine; looked in ", looked, ".\n", advice));
}

/// The file holds rows of 560 bytes and no picture shape.
Dataset load_frey(const fs::path& file) {
  constexpr PictureShape kFace{28, 20, 1};
  Dataset dataset = load_npy(file, "frey");
  if (dataset.dims() != kFace.height * kFace.width) {
    throw DataError(
        concat(file.string(), ": rows have ", dataset.dims(), " values, not the 28x20 of a face"));
  }
  dataset.picture = kFace;
  return dataset;
}

Dataset load_built_in(std::string_view name, std::uint64_t seed) {
  if (name == "digits") return digits(seed);
  return name == "gaussian2d" ? gaussian2d(seed) : uniform10(seed);
}

}  // namespace

const KnownSet* find_known(std::string_view name) {
  const auto found =
      std::find_if(kSets.begin(), kSets.end(), [name](const auto& set) { return set.name == name; });
  return found == kSets.end() ? nullptr : &*found;
}

std::vector<std::string> known_names(std::optional<Origin> origin) {
  std::vector<std::string> names;
  for (const auto& set : kSets) {
    if (!origin || set.origin == *origin) names.emplace_back(set.name);
  }
  return names;
}

fs::path cache_folder() {
  // The XDG rule: a relative path is ignored.
  if (const char* cache = environment("XDG_CACHE_HOME"); cache && *cache == '/')
    return fs::path(cache) / "elbo";
  if (const char* home = environment("HOME")) return fs::path(home) / ".cache" / "elbo";
  throw IoError("there is no folder for downloaded data: set HOME or XDG_CACHE_HOME");
}

std::vector<fs::path> places(std::string_view name) {
  std::vector<fs::path> found;
  if (const char* data = environment("ELBO_DATA")) found.push_back(fs::path(data) / name);
  if (environment("HOME") || environment("XDG_CACHE_HOME")) found.push_back(cache_folder() / name);
  // Debian's packages dataset-… put theirs into /usr/share/datasets.
  const char* system = environment("XDG_DATA_DIRS");
  for (const std::string_view folder : pieces(system ? system : "/usr/local/share:/usr/share", ':')) {
    if (folder.starts_with('/')) found.push_back(fs::path(folder) / "datasets" / name);
  }
  return found;
}

fs::path locate(std::string_view name) {
  for (const auto& place : places(name)) {
    if (holds(place, name)) return place;
  }
  return {};
}

Dataset load_known(const KnownSet& set, std::uint64_t seed) {
  if (set.origin == Origin::built_in) return load_built_in(set.name, seed);
  const fs::path folder = locate(set.name);
  if (folder.empty()) fail_missing(set);
  if (set.name == std::string_view("frey")) return load_frey(folder / kFreyFile);
  Dataset dataset = load_idx_folder(folder, set.name);
  if (dataset.name == "mnist-binarized") {
    for (auto* part : {&dataset.train, &dataset.validation, &dataset.test}) stretch_binary(*part);
  }
  return dataset;
}

}  // namespace data

std::vector<KnownDataset> known_datasets() {
  std::vector<KnownDataset> known;
  for (const auto& set : data::kSets) {
    const bool built_in = set.origin == data::Origin::built_in;
    known.push_back({set.name, set.description, built_in, {}});
    try {
      if (!built_in) known.back().where = data::locate(set.name);
    } catch (const IoError&) {
      // A folder that cannot be read hides only its own data set.
    }
  }
  return known;
}

}  // namespace elbo
