#include <zip.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "data/sources/gzip.h"
#include "data/sources/npy.h"
#include "io/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/check.h"

namespace elbo::data {
namespace {

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct Close {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

Archive open_archive(const std::filesystem::path& file) {
  io::require_plain_file(file);
  int code = 0;
  if (zip_t* archive = zip_open(file.c_str(), ZIP_RDONLY, &code)) return Archive(archive);
  zip_error_t reason;
  zip_error_init_with_code(&reason, code);
  const std::string message = concat(file.string(), ": ", zip_error_strerror(&reason));
  zip_error_fini(&reason);
  if (code == ZIP_ER_OPEN || code == ZIP_ER_NOENT || code == ZIP_ER_READ)
    throw IoError("cannot open " + message);
  throw DataError(concat(message, " (a .npz is a zip of .npy files)", kMakeAgain));
}

std::string read_entry(zip_t* archive, zip_uint64_t index, std::uint64_t file_size,
                       const std::string& origin) {
  zip_stat_t about;
  const bool known = zip_stat_index(archive, index, 0, &about) == 0 && (about.valid & ZIP_STAT_SIZE) &&
                     (about.valid & ZIP_STAT_COMP_SIZE);
  if (!known || about.comp_size > file_size || about.size / kLargestExpansion > about.comp_size) {
    throw DataError(concat(origin, ": the zip's directory is damaged", kMakeAgain));
  }
  const std::unique_ptr<zip_file_t, Close> entry(zip_fopen_index(archive, index, 0));
  if (!entry) throw DataError(concat(origin, ": ", zip_strerror(archive), kMakeAgain));
  require_memory(about.size, origin);
  std::string bytes(about.size, '\0');
  std::size_t done = 0;
  char past_the_end = 0;
  for (;;) {
    // The read that finds the end also compares the checksum.
    const bool full = done == bytes.size();
    const auto got = full ? zip_fread(entry.get(), &past_the_end, 1)
                          : zip_fread(entry.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0) throw DataError(concat(origin, ": ", zip_file_strerror(entry.get()), kMakeAgain));
    if (got == 0) break;
    if (full) throw DataError(concat(origin, ": the zip's directory is damaged", kMakeAgain));
    done += static_cast<std::size_t>(got);
  }
  if (done < bytes.size()) throw DataError(concat(origin, ": the compressed data is truncated", kMakeAgain));
  return bytes;
}

/// The names, in lower case, that denote a split's examples and labels.
struct SplitKeys {
  std::span<const std::string_view> examples;
  std::span<const std::string_view> labels;
};
constexpr std::string_view kTrainX[] = {"x_train", "train_x", "train_images", "images_train", "train",
                                        "x",       "data",    "images",       "features"};
constexpr std::string_view kTrainY[] = {"y_train", "train_y", "train_labels", "labels_train", "y",
                                        "labels",  "label",   "targets",      "target"};
constexpr std::string_view kValidationX[] = {"x_valid", "x_val",        "x_validation", "valid_x",
                                             "val_x",   "valid_images", "val_images",   "valid",
                                             "val",     "validation"};
constexpr std::string_view kValidationY[] = {"y_valid", "y_val",        "y_validation", "valid_y",
                                             "val_y",   "valid_labels", "val_labels"};
constexpr std::string_view kTestX[] = {"x_test", "test_x", "test_images", "images_test", "test"};
constexpr std::string_view kTestY[] = {"y_test", "test_y", "test_labels", "labels_test"};
constexpr SplitKeys kTrain{kTrainX, kTrainY}, kValidation{kValidationX, kValidationY}, kTest{kTestX, kTestY};

/// The arrays of an .npz, read when they are asked for.
class Arrays {
 public:
  explicit Arrays(const std::filesystem::path& file) : file_(file.string()), archive_(open_archive(file)) {
    size_ = std::filesystem::file_size(file);
    const auto entries = zip_get_num_entries(archive_.get(), 0);
    for (zip_int64_t i = 0; i < entries; ++i) {
      const char* name = zip_get_name(archive_.get(), static_cast<zip_uint64_t>(i), 0);
      if (!name) continue;
      std::string key = name;
      if (key.ends_with(".npy")) key.resize(key.size() - 4);
      entries_.push_back({key, static_cast<zip_uint64_t>(i)});
    }
  }

  std::string origin(std::size_t entry) const { return concat(file_, " (", entries_[entry].key, ")"); }

  Array read(std::size_t entry) const {
    return parse_npy(read_entry(archive_.get(), entries_[entry].index, size_, origin(entry)), origin(entry));
  }

  /// The entry with the first of `names` that is present; npos if none is.
  std::size_t find(std::span<const std::string_view> names) const {
    for (const auto name : names) {
      for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (lower(entries_[i].key) == name) return i;
      }
    }
    return npos;
  }

  std::size_t count() const { return entries_.size(); }

  std::string keys() const {
    std::string list;
    for (const auto& entry : entries_) list += (list.empty() ? "" : ", ") + entry.key;
    return list;
  }

  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

 private:
  struct Entry {
    std::string key;
    zip_uint64_t index;
  };

  std::string file_;
  Archive archive_;
  std::uint64_t size_ = 0;
  std::vector<Entry> entries_;
};

Part load_part(const Arrays& arrays, const SplitKeys& keys, std::size_t examples) {
  Part part;
  if (examples == Arrays::npos) return part;
  part = to_part(as_examples(arrays.read(examples)), arrays.origin(examples));
  if (const auto labels = arrays.find(keys.labels); labels != Arrays::npos) {
    attach_labels(part, to_labels(arrays.read(labels), arrays.origin(labels)), arrays.origin(labels));
  }
  return part;
}

}  // namespace

Dataset load_npz(const std::filesystem::path& file, std::string name) {
  const Arrays arrays(file);
  std::size_t train = arrays.find(kTrain.examples);
  if (train == Arrays::npos && arrays.count() == 1) train = 0;
  if (train == Arrays::npos) {
    throw DataError(concat(file.string(), ": no array in it is named x, x_train or data.\nIts arrays are: ",
                           arrays.count() ? arrays.keys() : "none", "."));
  }
  return assemble(std::move(name), load_part(arrays, kTrain, train),
                  load_part(arrays, kValidation, arrays.find(kValidation.examples)),
                  load_part(arrays, kTest, arrays.find(kTest.examples)));
}

}  // namespace elbo::data
