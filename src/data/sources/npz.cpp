// .npz: which of its arrays are the examples and the labels.

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "data/sources/labels.h"
#include "data/sources/npy.h"
#include "data/sources/npz_archive.h"
#include "data/sources/scipy.h"
#include "base/text.h"
#include "base/check.h"

namespace elbo::data {
namespace {

constexpr std::size_t npos = NpzArchive::npos;

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

bool contains(std::span<const std::string_view> keys, std::string_view key) {
  return std::ranges::find(keys, key) != keys.end();
}

void read_labels(const NpzArchive& archive, std::size_t labels, Part& part) {
  const std::string origin = archive.origin(labels);
  const auto header = archive.header(labels);
  if (!header || !header->holds_text()) {
    attach_labels(part, to_labels(parse_npy(archive.read(labels), origin), origin), origin);
    return;
  }
  part.label_texts = parse_npy_texts(archive.read(labels), origin);
  if (static_cast<std::int64_t>(part.label_texts.size()) == part.examples.count) return;
  throw DataError(concat(origin, ": holds ", part.label_texts.size(), " labels, but ", part.origin, " has ",
                         part.examples.count, " examples"));
}

Part load_part(const NpzArchive& archive, const SplitKeys& keys, std::size_t examples) {
  Part part;
  if (examples == npos) return part;
  const std::string origin = archive.origin(examples);
  part = to_part(as_examples(parse_npy(archive.read(examples), origin)), origin);
  const auto labels = archive.find_first(keys.labels);
  if (labels != npos && labels != examples) read_labels(archive, labels, part);
  return part;
}

Dataset assemble_labelled(std::string name, Part train, Part validation, Part test) {
  Part* const parts[] = {&train, &validation, &test};
  auto names = number_label_texts(parts);
  Dataset dataset = assemble(std::move(name), std::move(train), std::move(validation), std::move(test));
  dataset.label_names = std::move(names);
  return dataset;
}

[[noreturn]] void fail_choice(const NpzArchive& archive, const std::string& problem) {
  const std::string example = archive.count() ? archive.key(0) : "x";
  throw DataError(concat(archive.file(), ": ", problem, ".\nIts arrays are ", archive.listed(),
                         ".\nName one behind a colon in data.name: ", archive.file(), ":", escaped(example)));
}

/// The number of examples if an array can be them: numbers, one example a row; else nothing.
std::optional<std::int64_t> examples_in(const NpzArchive& archive, std::size_t array) {
  const auto header = archive.header(array);
  if (!header || header->holds_objects() || header->holds_text() || header->shape.size() < 2) return {};
  return header->rows();
}

/// Whether an array describes examples, as labels do and the factors of dSprites, or has another split's.
bool is_beside_examples(const std::string& key) {
  const std::string name = lower(key);
  if (name.starts_with("latents") || name.starts_with("factors")) return true;
  return contains(kTrainY, name) || contains(kValidationX, name) || contains(kValidationY, name) ||
         contains(kTestX, name) || contains(kTestY, name);
}

/// The only array that can be the training examples; npos if there is none or more.
std::size_t only_examples(const NpzArchive& archive) {
  std::size_t only = npos;
  for (std::size_t i = 0; i < archive.count(); ++i) {
    if (is_beside_examples(archive.key(i)) || !examples_in(archive, i)) continue;
    if (only != npos) return npos;
    only = i;
  }
  return only;
}

/// What a choice by the arrays' shapes took and left, as a note.
std::string choice_note(const NpzArchive& archive, std::size_t examples) {
  const std::size_t read[] = {examples,
                              archive.find_first(kTrainY),
                              archive.find_first(kValidationX),
                              archive.find_first(kValidationY),
                              archive.find_first(kTestX),
                              archive.find_first(kTestY)};
  std::string left;
  for (std::size_t i = 0; i < archive.count(); ++i) {
    if (std::ranges::find(read, i) == std::end(read))
      left += (left.empty() ? "" : ", ") + escaped(archive.key(i));
  }
  return concat("The examples are the array ", escaped(archive.key(examples)),
                left.empty() ? "" : "; not read: ", left, ".");
}

/// The keys of the labels that belong to the named examples.
const SplitKeys& keys_beside(const std::string& examples) {
  const std::string name = lower(examples);
  if (contains(kValidation.examples, name)) return kValidation;
  return contains(kTest.examples, name) ? kTest : kTrain;
}

/// The array called `key` as training examples, with labels where there are as many.
Dataset load_named(const NpzArchive& archive, std::string name, std::string_view key) {
  const auto examples = archive.find(key);
  if (examples == npos) fail_choice(archive, concat("no array in it is named ", shown(key)));
  const SplitKeys& keys = keys_beside(archive.key(examples));
  const auto labels = archive.find_first(keys.labels);
  const auto header = archive.header(examples), of_labels = labels == npos ? header : archive.header(labels);
  const bool fit = header && of_labels && of_labels->rows() == header->rows();
  Dataset dataset =
      assemble_labelled(std::move(name), load_part(archive, fit ? keys : SplitKeys{}, examples), {}, {});
  if (!fit) {
    dataset.notes.push_back(concat("The array ", escaped(archive.key(labels)),
                                   " does not have a label for each of ", escaped(archive.key(examples)),
                                   ": it was not read."));
  }
  return dataset;
}

}  // namespace

Dataset load_npz(const std::filesystem::path& file, std::string name, std::string_view array) {
  const NpzArchive archive(file);
  if (!array.empty()) return load_named(archive, std::move(name), array);
  if (holds_sparse_matrix(archive)) {
    return from_array(to_array(read_sparse_matrix(archive), archive.file()), archive.file(), std::move(name));
  }
  std::size_t train = archive.find_first(kTrain.examples);
  const bool named = train != npos || archive.count() == 1;
  if (train == npos) train = archive.count() == 1 ? 0 : only_examples(archive);
  if (train == npos) fail_choice(archive, "no array in it is named x, x_train, data or the like");
  Dataset dataset =
      assemble_labelled(std::move(name), load_part(archive, kTrain, train),
                        load_part(archive, kValidation, archive.find_first(kValidation.examples)),
                        load_part(archive, kTest, archive.find_first(kTest.examples)));
  if (!named) dataset.notes.push_back(choice_note(archive, train));
  return dataset;
}

}  // namespace elbo::data
