#include "data/sources/picture_folder.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/folder.h"
#include "base/text.h"
#include "data/sources/picture_file.h"

namespace elbo::data {
namespace {

namespace fs = std::filesystem;

/// Things of one kind that are not read: their number and the names of the first.
class LeftOut {
 public:
  void add(const fs::path& path) {
    constexpr std::int64_t kNamed = 3;
    if (count_++ < kNamed) names_ += (names_.empty() ? "" : ", ") + shown(path.filename().string());
    more_ = count_ > kNamed;
  }
  /// "4 WHAT left out: "a", "b", "c" and others"; nothing where there are none.
  void tell(const char* what, std::vector<std::string>& notes) const {
    if (count_ > 0) notes.push_back(concat(count_, what, " left out: ", names_, more_ ? " and others" : ""));
  }

 private:
  std::int64_t count_ = 0;
  std::string names_;
  bool more_ = false;
};

/// A folder's entries, sorted, without hidden ones.
struct Listing {
  std::vector<fs::path> pictures;
  std::vector<fs::path> folders;
  std::vector<fs::path> others;
};

Listing list_pictures(const fs::path& folder) {
  Listing listing;
  std::error_code error;
  for (auto& path : list_folder(folder)) {
    if (path.filename().string().starts_with('.')) continue;
    auto& kind = fs::is_directory(path, error) ? listing.folders
                 : is_picture_name(path)       ? listing.pictures
                                               : listing.others;
    kind.push_back(std::move(path));
  }
  return listing;
}

struct SplitNames {
  std::string_view split;
  std::array<std::string_view, 3> names;
};
constexpr std::array<SplitNames, 3> kSplits = {{{"train", {"train", "training"}},
                                                {"validation", {"validation", "valid", "val"}},
                                                {"test", {"test", "testing"}}}};

/// The number of the split that a folder is called by; nothing if its name is another.
std::optional<std::size_t> split_of(const fs::path& folder) {
  const std::string name = lower(folder.filename().string());
  for (std::size_t i = 0; i < kSplits.size(); ++i) {
    if (!name.empty() && std::ranges::find(kSplits[i].names, name) != kSplits[i].names.end()) return i;
  }
  return std::nullopt;
}

/// The folders of train, validation and test, empty where there is none. Throws DataError if there are two of
/// one.
std::array<fs::path, 3> find_splits(const Listing& listing) {
  std::array<fs::path, 3> found;
  for (const auto& folder : listing.folders) {
    const auto split = split_of(folder);
    if (!split) continue;
    fs::path& place = found[*split];
    if (!place.empty()) {
      throw DataError(concat(folder.parent_path().string(), ": both ", place.filename().string(), " and ",
                             folder.filename().string(), " would be the split ", kSplits[*split].split,
                             ".\nKeep one, or name one of them as the data."));
    }
    place = folder;
  }
  return found;
}

/// Reads a folder with its sub-folders.
class Finder {
 public:
  PictureFolder find(const fs::path& folder) {
    const Listing listing = list_pictures(folder);
    const auto splits = find_splits(listing);
    if (splits[0].empty()) {
      collect(folder, listing, 0);
      tell_classes(splits);
    } else {
      for (std::size_t i = 0; i < splits.size(); ++i) {
        if (!splits[i].empty()) collect(splits[i], list_pictures(splits[i]), i);
      }
      tell_splits(splits);
      leave_out_beside(listing);
    }
    number_classes();
    no_pictures_.tell(" files that are no pictures were", found_.notes);
    beside_.tell(" entries beside the splits were", found_.notes);
    return std::move(found_);
  }

 private:
  void collect(const fs::path& folder, const Listing& listing, std::size_t split) {
    PictureFiles& files = found_.splits[split];
    files.origin = folder.string();
    take(listing, split);
    for (const auto& below : listing.folders) {
      refuse_splits_below(below);
      std::set<fs::path> seen;
      const std::size_t before = files.paths.size();
      collect_class(below, split, seen);
      classes_[split].insert(classes_[split].end(), files.paths.size() - before, below.filename().string());
    }
    if (!classes_[split].empty() && classes_[split].size() != files.paths.size()) {
      throw DataError(concat(folder.string(), ": holds pictures both beside and in sub-folders, ",
                             "so that some would have labels and some not"));
    }
  }

  /// The pictures of a class, however deep. A folder that links lead back to is read once.
  void collect_class(const fs::path& folder, std::size_t split, std::set<fs::path>& seen) {
    std::error_code error;
    const fs::path real = fs::canonical(folder, error);
    if (!seen.insert(error ? folder : real).second) return;
    const Listing listing = list_pictures(folder);
    take(listing, split);
    for (const auto& below : listing.folders) collect_class(below, split, seen);
  }

  void take(const Listing& listing, std::size_t split) {
    auto& paths = found_.splits[split].paths;
    paths.insert(paths.end(), listing.pictures.begin(), listing.pictures.end());
    for (const auto& other : listing.others) no_pictures_.add(other);
  }

  static void refuse_splits_below(const fs::path& folder) {
    const auto splits = find_splits(list_pictures(folder));
    if (splits[0].empty() || (splits[1].empty() && splits[2].empty())) return;
    throw DataError(concat(folder.string(), ": has the splits ", splits[0].filename().string(), " and ",
                           (splits[1].empty() ? splits[2] : splits[1]).filename().string(),
                           " of its own, which one class would mix.\nName this folder as the data."));
  }

  void tell_splits(const std::array<fs::path, 3>& splits) {
    std::string list;
    bool other_case = false;
    for (std::size_t i = 0; i < splits.size(); ++i) {
      if (splits[i].empty()) continue;
      const std::string name = splits[i].filename().string();
      other_case = other_case || name != lower(name);
      list += concat(list.empty() ? "" : ", ", name, " for ", kSplits[i].split);
    }
    if (other_case) found_.notes.push_back(concat("folders were taken for splits: ", list));
  }

  /// Says that folders with a split's name are classes.
  void tell_classes(const std::array<fs::path, 3>& splits) {
    for (const auto& folder : splits) {
      if (folder.empty()) continue;
      found_.notes.push_back(concat("the folder ", folder.filename().string(),
                                    " was taken for a class, as there is no folder train beside it"));
    }
  }

  void leave_out_beside(const Listing& listing) {
    for (const auto& folder : listing.folders) {
      if (!split_of(folder)) beside_.add(folder);
    }
    for (const auto& picture : listing.pictures) beside_.add(picture);
    for (const auto& other : listing.others) no_pictures_.add(other);
  }

  /// Whether training has the class good alone and another split has more.
  bool only_good_is_trained() const {
    const auto good = [](const std::string& name) { return name == "good"; };
    const auto has_more = [&](const auto& names) { return !std::ranges::all_of(names, good); };
    return !classes_[0].empty() && !has_more(classes_[0]) && (has_more(classes_[1]) || has_more(classes_[2]));
  }

  void number_classes() {
    std::map<std::string, std::int32_t> labels;
    for (const auto& names : classes_) {
      for (const auto& name : names) labels.emplace(name, 0);
    }
    const auto numeric = [](const std::string& name, std::int32_t& value) {
      const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
      return error == std::errc() && end == name.data() + name.size();
    };
    bool all_numeric = true;
    for (auto& [name, label] : labels) all_numeric = all_numeric && numeric(name, label);
    const bool good_first = only_good_is_trained();
    std::int32_t next = good_first ? 1 : 0;
    for (auto& [name, label] : labels) {
      if (!all_numeric) label = good_first && name == "good" ? 0 : next++;
    }
    if (!all_numeric) found_.label_names.resize(labels.size());
    for (const auto& [name, label] : labels) {
      if (!all_numeric) found_.label_names[static_cast<std::size_t>(label)] = name;
    }
    if (good_first) found_.notes.push_back("label 0 is good, the others follow in the order of their names");
    for (std::size_t i = 0; i < classes_.size(); ++i) {
      for (const auto& name : classes_[i]) found_.splits[i].labels.push_back(labels.at(name));
    }
  }

  PictureFolder found_;
  std::array<std::vector<std::string>, 3> classes_;  ///< of each picture, or empty
  LeftOut no_pictures_;
  LeftOut beside_;
};

}  // namespace

PictureFolder find_pictures(const fs::path& folder) {
  return Finder().find(folder);
}

}  // namespace elbo::data
