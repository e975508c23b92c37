#pragma once
// NumPy's arrays, to write: .npy (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace elbo::io {

/// The header of format 1.0, padded so that values begin at a multiple of 64 bytes. They follow in C order.
/// `type` is NumPy's name of theirs: "<f4", "|u1", "<U12".
std::string npy_header(std::string_view type, std::span<const std::int64_t> shape);

/// A whole .npy of 32-bit integers.
std::string npy_integers(std::span<const std::int32_t> values);

/// A whole .npy of Unicode text, as wide as the longest of these UTF-8 texts. Bytes that are not UTF-8 become
/// U+FFFD.
std::string npy_texts(std::span<const std::string> texts);

}  // namespace elbo::io
