#pragma once
// Arrays read from files, and their conversion to examples.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/dataset.h"

namespace elbo::data {

/// The value of byte 1; byte 255 is 1.0.
inline constexpr float kByteScale = 1.0f / 255.0f;

/// Row-major values of any rank: in `bytes` if the file stored unsigned bytes, in `sparse` if it stored a
/// matrix of mostly zeros by its other values, else in `floats`.
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> bytes;
  std::vector<float> floats;
  CsrRows sparse = {};

  std::int64_t rows() const { return shape.empty() ? 0 : shape[0]; }
  double value(std::size_t i) const;
};

/// "60000 x 28 x 28".
std::string shape_name(std::span<const std::int64_t> shape);

/// The number of values in `shape`, each of which takes at least `item_bytes` of the `available` bytes.
/// Throws DataError, naming `origin`, if a size is negative, the product overflows, or the values cannot fit;
/// it does so before any memory is allocated for them.
std::size_t checked_size(std::span<const std::int64_t> shape, std::size_t item_bytes, std::size_t available,
                         std::string_view origin);

/// Converts from Fortran order, in which the first index runs fastest, to C order.
template <class T>
std::vector<T> to_c_order(const std::vector<T>& from, std::span<const std::int64_t> shape) {
  std::vector<T> to(from.size());
  if (to.empty()) return to;  // the other extents may be of any size
  std::vector<std::int64_t> index(shape.size(), 0), stride(shape.size(), 1);
  for (std::size_t d = 1; d < shape.size(); ++d) stride[d] = stride[d - 1] * shape[d - 1];
  std::int64_t source = 0;
  for (auto& value : to) {
    value = from[static_cast<std::size_t>(source)];
    for (std::size_t d = shape.size(); d-- > 0;) {
      source += stride[d];
      if (++index[d] < shape[d]) break;
      source -= stride[d] * shape[d];
      index[d] = 0;
    }
  }
  return to;
}

/// Examples from an array [n, …], flattened to [n, dims]. Throws DataError on rank 0 or 1 and on zero values.
Examples to_examples(Array array, std::string_view origin);

/// [n, h, w], [n, 1, h, w] and [n, h, w, c] with 1 or 3 channels are pictures.
PictureShape picture_shape(std::span<const std::int64_t> shape);

/// Whether the shape is that of colour pictures whose channels come first: [n, 3, h, w] where the last
/// dimension is neither 1 nor 3.
bool has_channels_first(std::span<const std::int64_t> shape);

/// Brings an array of rank 4 from [n, c, h, w] to [n, h, w, c].
Array channels_last(Array array);

/// Reshapes [n] to [n, 1]: examples of one value.
Array as_examples(Array array);

/// A whole number as a label; nothing if it has a fraction, is missing or exceeds 2²⁴.
std::optional<std::int32_t> to_label(double number);

/// Integral labels from [n] or [n, 1]. Throws DataError.
std::vector<std::int32_t> to_labels(const Array& array, std::string_view origin);

/// A split as read from a source, with its origin's name for errors.
struct Part {
  Examples examples;
  PictureShape picture;
  std::string origin;
  std::vector<std::string> label_texts = {};  ///< for number_label_texts(); or empty
  std::vector<std::string> notes = {};        ///< what reading changed
};

/// Examples, with their picture's shape, from an array [n, …]; colour pictures are brought to channels last,
/// with a note. Throws DataError like to_examples.
Part to_part(Array array, std::string origin);

/// A dataset of training examples alone from an array [n, …]. Throws DataError like to_examples.
Dataset from_array(Array array, std::string origin, std::string name);

/// Sets the labels of a part after checking their number. Throws DataError.
void attach_labels(Part& part, std::vector<std::int32_t> labels, std::string_view origin);

/// Puts the parts together (validation and test may be empty) after checking that they agree in width and
/// picture shape. A note that several parts have is kept once. Throws DataError, naming both origins, if they
/// disagree; also if there are no training examples.
Dataset assemble(std::string name, Part train, Part validation, Part test);

}  // namespace elbo::data
