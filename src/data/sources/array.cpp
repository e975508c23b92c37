#include "data/sources/array.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"

namespace elbo::data {
namespace {

std::string width_name(const Part& part) {
  const auto& picture = part.picture;
  if (!picture.is_picture()) return concat(part.examples.dims, " values");
  return concat("pictures of ", picture.height, "x", picture.width,
                picture.channels == 3 ? " in colour" : "");
}

void check_agreement(const Part& train, const Part& other) {
  if (other.examples.empty()) return;
  if (train.examples.dims == other.examples.dims && train.picture == other.picture) return;
  throw DataError(concat(other.origin, ": examples are ", width_name(other), ", but ", train.origin, " has ",
                         width_name(train), ".\nAll splits need one shape."));
}

template <class T>
std::vector<T> to_channels_last(const std::vector<T>& from, std::span<const std::int64_t> shape) {
  const auto channels = static_cast<std::size_t>(shape[1]);
  const auto pixels = static_cast<std::size_t>(shape[2]) * static_cast<std::size_t>(shape[3]);
  std::vector<T> to(from.size());
  for (std::size_t first = 0; first < from.size(); first += channels * pixels) {
    for (std::size_t i = 0; i < pixels; ++i) {
      for (std::size_t c = 0; c < channels; ++c) to[first + i * channels + c] = from[first + c * pixels + i];
    }
  }
  return to;
}

void add_notes(std::vector<std::string>& notes, const Part& part) {
  for (const auto& note : part.notes) {
    if (std::ranges::find(notes, note) == notes.end()) notes.push_back(note);
  }
}

}  // namespace

double Array::value(std::size_t i) const {
  if (!bytes.empty()) return bytes[i];
  if (sparse.empty()) return floats[i];
  const auto at = static_cast<std::int64_t>(i);
  return sparse.at(at / shape[1], at % shape[1]);
}

std::string shape_name(std::span<const std::int64_t> shape) {
  if (shape.empty()) return "a single value";
  std::string name;
  for (std::size_t i = 0; i < shape.size(); ++i) name += (i ? " x " : "") + std::to_string(shape[i]);
  return name;
}

std::size_t checked_size(std::span<const std::int64_t> shape, std::size_t item_bytes, std::size_t available,
                         std::string_view origin) {
  std::size_t size = 1;
  bool zero = false;
  for (const auto extent : shape) {
    if (extent < 0)
      throw DataError(concat(origin, ": the header declares a negative size, ", shape_name(shape)));
    zero = zero || extent == 0;
  }
  if (zero) return 0;
  for (const auto extent : shape) {
    const auto factor = static_cast<std::size_t>(extent);
    if (size > std::numeric_limits<std::size_t>::max() / item_bytes / factor) size = 0;
    size *= factor;
    if (size == 0 || size > available / item_bytes) {
      throw DataError(
          concat(origin, ": the header declares ", shape_name(shape), " values of ", item_bytes,
                 item_bytes == 1 ? " byte" : " bytes", ", more than the file holds.\n",
                 "The file is truncated or its header is damaged: make it again, or download it again."));
    }
  }
  return size;
}

std::optional<std::int32_t> to_label(double number) {
  constexpr double kMax = 16777216.0;  // up to here every whole number is a float
  if (!(std::fabs(number) <= kMax) || number != std::floor(number)) return std::nullopt;
  return static_cast<std::int32_t>(number);
}

Array as_examples(Array array) {
  if (array.shape.size() == 1) array.shape.push_back(1);
  return array;
}

Examples to_examples(Array array, std::string_view origin) {
  if (array.shape.size() < 2) {
    throw DataError(concat(origin, ": needs two or more dimensions, examples first, but has ",
                           array.shape.empty() ? "none" : "one"));
  }
  Examples examples;
  examples.origin = origin;
  if (std::ranges::count(array.shape, 0) > 0) {  // before the product, which only a 0 keeps within bounds
    throw DataError(concat(origin, ": holds no examples (its shape is ", shape_name(array.shape), ")"));
  }
  examples.count = array.rows();
  examples.dims = 1;
  for (std::size_t i = 1; i < array.shape.size(); ++i) examples.dims *= array.shape[i];
  examples.bytes = std::move(array.bytes);
  examples.floats = std::move(array.floats);
  examples.sparse = std::move(array.sparse);
  return examples;
}

PictureShape picture_shape(std::span<const std::int64_t> shape) {
  if (shape.size() == 3) return {shape[1], shape[2], 1};
  if (shape.size() == 4 && shape[3] != 1 && shape[1] == 1) return {shape[2], shape[3], 1};
  if (shape.size() == 4 && (shape[3] == 1 || shape[3] == 3)) return {shape[1], shape[2], shape[3]};
  return {};
}

bool has_channels_first(std::span<const std::int64_t> shape) {
  return shape.size() == 4 && shape[1] == 3 && shape[3] != 1 && shape[3] != 3;
}

Array channels_last(Array array) {
  array.bytes = to_channels_last(array.bytes, array.shape);
  array.floats = to_channels_last(array.floats, array.shape);
  std::rotate(array.shape.begin() + 1, array.shape.begin() + 2, array.shape.end());
  return array;
}

std::vector<std::int32_t> to_labels(const Array& array, std::string_view origin) {
  const bool column = array.shape.size() == 2 && array.shape[1] == 1;
  if (array.shape.size() != 1 && !column) {
    throw DataError(concat(origin, ": labels need one dimension, but these are ", shape_name(array.shape)));
  }
  std::vector<std::int32_t> labels(static_cast<std::size_t>(array.rows()));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double value = array.value(i);
    const auto label = to_label(value);
    if (!label)
      throw DataError(concat(origin, ": labels must be whole numbers, but row ", i, " has ", value));
    labels[i] = *label;
  }
  return labels;
}

Part to_part(Array array, std::string origin) {
  Part part;
  part.origin = std::move(origin);
  if (has_channels_first(array.shape)) {
    part.notes.push_back(concat("arrays [n, 3, ", array.shape[2], ", ", array.shape[3],
                                "] were taken for colour pictures whose channels come first"));
    array = channels_last(std::move(array));
  }
  part.picture = picture_shape(array.shape);
  part.examples = to_examples(std::move(array), part.origin);
  return part;
}

Dataset from_array(Array array, std::string origin, std::string name) {
  return assemble(std::move(name), to_part(std::move(array), std::move(origin)), {}, {});
}

void attach_labels(Part& part, std::vector<std::int32_t> labels, std::string_view origin) {
  if (static_cast<std::int64_t>(labels.size()) != part.examples.count) {
    throw DataError(concat(origin, ": holds ", labels.size(), " labels, but ", part.origin, " has ",
                           part.examples.count, " examples"));
  }
  part.examples.labels = std::move(labels);
}

Dataset assemble(std::string name, Part train, Part validation, Part test) {
  if (train.examples.empty()) throw DataError(concat(name, ": has no examples to train on"));
  check_agreement(train, validation);
  check_agreement(train, test);
  Dataset dataset;
  dataset.name = std::move(name);
  dataset.picture = train.picture;
  for (const Part* part : {&train, &validation, &test}) add_notes(dataset.notes, *part);
  dataset.train = std::move(train.examples);
  dataset.validation = std::move(validation.examples);
  dataset.test = std::move(test.examples);
  return dataset;
}

}  // namespace elbo::data
