#pragma once
// An array as read from a file, and how arrays become examples.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/dataset.h"

namespace elbo::data {

/// What byte 1 stands for; 255 is 1.
inline constexpr float kByteScale = 1.0f / 255.0f;

/// Row-major values of any rank; `bytes` where the file stored unsigned bytes, else `floats`.
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> bytes;
  std::vector<float> floats;

  std::int64_t rows() const { return shape.empty() ? 0 : shape[0]; }
  double value(std::size_t i) const { return bytes.empty() ? static_cast<double>(floats[i]) : bytes[i]; }
};

/// "60000 x 28 x 28".
std::string shape_name(std::span<const std::int64_t> shape);

/// Number of values of `shape`, which must be stored in `available` bytes of `item_bytes` each or more.
/// Throws DataError, naming `origin`, on a negative size, on one whose product overflows or on more values
/// than can be there, before anything is allocated for them.
std::size_t checked_size(std::span<const std::int64_t> shape, std::size_t item_bytes, std::size_t available,
                         std::string_view origin);

/// Examples from an array [n, …], flattened to [n, dims]. Throws DataError on rank 0 or 1 and on zero values.
Examples to_examples(Array array, std::string_view origin);

/// [n, h, w], [n, 1, h, w] and [n, h, w, c] with 1 or 3 channels are pictures.
PictureShape picture_shape(std::span<const std::int64_t> shape);

/// [n] as [n, 1]: examples of one value.
Array as_examples(Array array);

/// A whole number as a label; nothing if it has a fraction, is missing or beyond 2²⁴.
std::optional<std::int32_t> to_label(double number);

/// Integral labels from [n] or [n, 1]. Throws DataError.
std::vector<std::int32_t> to_labels(const Array& array, std::string_view origin);

/// A split as found in a source, with the name of its origin for errors.
struct Part {
  Examples examples;
  PictureShape picture;
  std::string origin;
};

/// Examples, with their picture's shape, from an array [n, …]. Throws DataError like to_examples.
Part to_part(Array array, std::string origin);

/// A dataset of training examples alone from an array [n, …]. Throws DataError like to_examples.
Dataset from_array(Array array, std::string origin, std::string name);

/// Sets the labels of a part after checking their number. Throws DataError.
void attach_labels(Part& part, std::vector<std::int32_t> labels, std::string_view origin);

/// Puts parts together (validation and test may be empty) after checking that they agree in width and
/// picture. Without a training part the test part is refused. Throws DataError naming both origins.
Dataset assemble(std::string name, Part train, Part validation, Part test);

}  // namespace elbo::data
