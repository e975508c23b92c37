#pragma once
// Resizes pictures of any size and kind.

#include <cstdint>
#include <span>

#include "elbo/dataset.h"

namespace elbo::data {

/// Resizes a picture, height × width × channels, from `shape` to `wanted`. It crops to the largest central
/// piece of the wanted proportions, then filters bicubically (Catmull-Rom, over the area of a new pixel if
/// that is larger than an old one). Grey becomes colour by repetition, colour grey by its luma (ITU-R
/// BT.601). Throws std::bad_alloc.
void resize_picture(std::span<const std::uint8_t> pixels, const PictureShape& shape,
                    std::span<std::uint8_t> resized, const PictureShape& wanted);
/// The same for values of 16 bits.
void resize_picture(std::span<const std::uint16_t> pixels, const PictureShape& shape,
                    std::span<std::uint16_t> resized, const PictureShape& wanted);

}  // namespace elbo::data
