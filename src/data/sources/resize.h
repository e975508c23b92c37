#pragma once
// Pictures of any size and kind, brought to one.

#include <cstdint>
#include <span>

#include "elbo/dataset.h"

namespace elbo::data {

/// Brings a picture, height × width × channels of `shape`, to that of `wanted`: the largest piece of the
/// wanted proportions from its middle, filtered as bicubic interpolation does (Catmull-Rom, over the area of
/// a new pixel where that is larger than an old one). Grey becomes colour by repetition, colour grey by its
/// luma (ITU-R BT.601). Throws std::bad_alloc.
void resize_picture(std::span<const std::uint8_t> pixels, const PictureShape& shape,
                    std::span<std::uint8_t> resized, const PictureShape& wanted);

}  // namespace elbo::data
