#include "data/sources/resize.h"

#include <algorithm>
#include <new>
#include <type_traits>
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

template <class T>
void change_channels(std::span<const T> from, std::int64_t channels, std::span<T> to, std::int64_t wanted) {
  const std::size_t pixels = to.size() / static_cast<std::size_t>(wanted);
  for (std::size_t i = 0; i < pixels; ++i) {
    if (channels == 1) {
      std::fill_n(to.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, from[i]);
    } else {
      std::uint32_t sum = 1u << 15;
      for (std::size_t c = 0; c < 3; ++c) sum += kLuma[c] * from[3 * i + c];
      to[i] = static_cast<T>(sum >> 16);
    }
  }
}

template <class T>
void scale(std::span<const T> pixels, const PictureShape& shape, std::span<T> scaled,
           const PictureShape& wanted) {
  constexpr auto resize = [] {
    if constexpr (std::is_same_v<T, std::uint8_t>) return stbir_resize_uint8_generic;
    if constexpr (std::is_same_v<T, std::uint16_t>) return stbir_resize_uint16_generic;
  }();
  const Piece piece = middle(shape, wanted);
  const auto first = static_cast<std::size_t>((piece.top * shape.width + piece.left) * shape.channels);
  const auto whole = [](std::int64_t value) { return static_cast<int>(value); };
  const int row_bytes = whole(shape.width * shape.channels * std::int64_t{sizeof(T)});
  const int done =
      resize(pixels.data() + first, whole(piece.width), whole(piece.height), row_bytes, scaled.data(),
             whole(wanted.width), whole(wanted.height), 0, whole(shape.channels), STBIR_ALPHA_CHANNEL_NONE, 0,
             STBIR_EDGE_CLAMP, STBIR_FILTER_CATMULLROM, STBIR_COLORSPACE_LINEAR, nullptr);
  if (!done) throw std::bad_alloc();
}

template <class T>
void resize(std::span<const T> pixels, const PictureShape& shape, std::span<T> resized,
            const PictureShape& wanted) {
  const bool same_size = shape.height == wanted.height && shape.width == wanted.width;
  if (shape.channels == wanted.channels) return scale(pixels, shape, resized, wanted);
  if (same_size) return change_channels(pixels, shape.channels, resized, wanted.channels);
  std::vector<T> scaled(static_cast<std::size_t>(wanted.height * wanted.width * shape.channels));
  scale(pixels, shape, std::span<T>(scaled), wanted);
  change_channels(std::span<const T>(scaled), shape.channels, resized, wanted.channels);
}

}  // namespace

void resize_picture(std::span<const std::uint8_t> pixels, const PictureShape& shape,
                    std::span<std::uint8_t> resized, const PictureShape& wanted) {
  resize(pixels, shape, resized, wanted);
}

void resize_picture(std::span<const std::uint16_t> pixels, const PictureShape& shape,
                    std::span<std::uint16_t> resized, const PictureShape& wanted) {
  resize(pixels, shape, resized, wanted);
}

}  // namespace elbo::data
