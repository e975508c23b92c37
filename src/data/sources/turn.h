#pragma once
// Turns and mirrors pictures as EXIF's orientation says.

#include <cstdint>
#include <span>

#include "elbo/dataset.h"

namespace elbo::data {

/// The shape of a picture of shape `stored` that is shown in this orientation, 1 to 8: 5 to 8 change width
/// and height.
PictureShape turned(const PictureShape& stored, int orientation);

/// Moves the pixels, `pixel_bytes` each, of a picture stored as `shape` to their places in the picture shown.
/// `from` and `to` have the same size and do not overlap.
void turn(std::span<const std::uint8_t> from, const PictureShape& shape, std::int64_t pixel_bytes,
          int orientation, std::span<std::uint8_t> to);

}  // namespace elbo::data
