#pragma once
// Pixels as PNG.

#include <cstdint>
#include <span>
#include <string>

namespace elbo::command {

/// The bytes of a PNG file: rows from the top, channels last, 1 grey or 3 for red, green and blue. Throws
/// Error if they cannot be encoded.
std::string encode_png(std::span<const std::uint8_t> pixels, std::int64_t width, std::int64_t height,
                       std::int64_t channels);

}  // namespace elbo::command
