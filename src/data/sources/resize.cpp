#include "data/sources/resize.h"

#include <algorithm>
#include <new>
#include <vector>

#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_STATIC
#include <stb_image_resize.h>

namespace elbo::data {
namespace {

/// A rectangle of pixels.
struct Piece {
  std::int64_t top, left, height, width;
};

/// The largest central piece of `shape` with the proportions of `wanted`; at least one pixel each way.
Piece middle(const PictureShape& shape, const PictureShape& wanted) {
  Piece piece{0, 0, shape.height, shape.width};
  if (shape.width * wanted.height > wanted.width * shape.height) {
    piece.width = std::max<std::int64_t>(1, shape.height * wanted.width / wanted.height);
    piece.left = (shape.width - piece.width) / 2;
  } else {
    piece.height = std::max<std::int64_t>(1, shape.width * wanted.height / wanted.width);
    piece.top = (shape.height - piece.height) / 2;
  }
  return piece;
}

/// Weights of red, green and blue in grey, in 2⁻¹⁶ (ITU-R BT.601).
constexpr std::uint32_t kLuma[] = {19595, 38470, 7471};

void change_channels(std::span<const std::uint8_t> from, std::int64_t channels, std::span<std::uint8_t> to,
                     std::int64_t wanted) {
  const std::size_t pixels = to.size() / static_cast<std::size_t>(wanted);
  for (std::size_t i = 0; i < pixels; ++i) {
    if (channels == 1) {
      std::fill_n(to.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, from[i]);
    } else {
      std::uint32_t sum = 1u << 15;
      for (std::size_t c = 0; c < 3; ++c) sum += kLuma[c] * from[3 * i + c];
      to[i] = static_cast<std::uint8_t>(sum >> 16);
    }
  }
}

void scale(std::span<const std::uint8_t> pixels, const PictureShape& shape, std::span<std::uint8_t> scaled,
           const PictureShape& wanted) {
  const Piece piece = middle(shape, wanted);
  const auto first = static_cast<std::size_t>((piece.top * shape.width + piece.left) * shape.channels);
  const auto whole = [](std::int64_t value) { return static_cast<int>(value); };
  const int done =
      stbir_resize_uint8_generic(pixels.data() + first, whole(piece.width), whole(piece.height),
                                 whole(shape.width * shape.channels), scaled.data(), whole(wanted.width),
                                 whole(wanted.height), 0, whole(shape.channels), STBIR_ALPHA_CHANNEL_NONE, 0,
                                 STBIR_EDGE_CLAMP, STBIR_FILTER_CATMULLROM, STBIR_COLORSPACE_LINEAR, nullptr);
  if (!done) throw std::bad_alloc();
}

}  // namespace

void resize_picture(std::span<const std::uint8_t> pixels, const PictureShape& shape,
                    std::span<std::uint8_t> resized, const PictureShape& wanted) {
  if (shape.channels == wanted.channels) return scale(pixels, shape, resized, wanted);
  std::vector<std::uint8_t> scaled(static_cast<std::size_t>(wanted.height * wanted.width * shape.channels));
  scale(pixels, shape, scaled, wanted);
  change_channels(scaled, shape.channels, resized, wanted.channels);
}

}  // namespace elbo::data
