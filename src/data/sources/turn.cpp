#include "data/sources/turn.h"

#include <algorithm>
#include <utility>

namespace elbo::data {
namespace {

/// An orientation as three steps from the picture shown back to the one stored.
struct Steps {
  bool transpose;    ///< rows shown are columns stored
  bool from_bottom;  ///< stored rows count from the bottom
  bool from_right;   ///< stored columns count from the right
};

constexpr Steps kSteps[] = {
    {false, false, false},  // 1: as stored
    {false, false, true},   // 2: mirrored left to right
    {false, true, true},    // 3: turned by 180 degrees
    {false, true, false},   // 4: mirrored top to bottom
    {true, false, false},   // 5: mirrored along the main diagonal
    {true, true, false},    // 6: to be turned by 90 degrees clockwise
    {true, true, true},     // 7: mirrored along the other diagonal
    {true, false, true},    // 8: to be turned by 90 degrees anticlockwise
};

}  // namespace

PictureShape turned(const PictureShape& stored, int orientation) {
  PictureShape shown = stored;
  if (kSteps[orientation - 1].transpose) std::swap(shown.height, shown.width);
  return shown;
}

void turn(std::span<const std::uint8_t> from, const PictureShape& shape, std::int64_t pixel_bytes,
          int orientation, std::span<std::uint8_t> to) {
  const Steps steps = kSteps[orientation - 1];
  const PictureShape shown = turned(shape, orientation);
  std::uint8_t* pixel = to.data();
  for (std::int64_t y = 0; y < shown.height; ++y) {
    for (std::int64_t x = 0; x < shown.width; ++x, pixel += pixel_bytes) {
      const std::int64_t down = steps.transpose ? x : y, across = steps.transpose ? y : x;
      const std::int64_t row = steps.from_bottom ? shape.height - 1 - down : down;
      const std::int64_t column = steps.from_right ? shape.width - 1 - across : across;
      std::copy_n(from.data() + (row * shape.width + column) * pixel_bytes, pixel_bytes, pixel);
    }
  }
}

}  // namespace elbo::data
