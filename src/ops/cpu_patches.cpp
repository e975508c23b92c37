#include "ops/cpu_patches.h"

#include <algorithm>
#include <cstring>

namespace elbo::ops::cpu {
namespace {

/// Copies `count` floats and returns the end of the copy. Runs of a few channels are too short for a call to
/// memcpy.
float* copy_run(float* to, const float* from, std::int64_t count) {
  constexpr std::int64_t kLong = 64;
  if (count >= kLong) {
    std::memcpy(to, from, sizeof(float) * static_cast<std::size_t>(count));
    return to + count;
  }
  const auto copy = [&](auto floats) {
    std::memcpy(to, from, sizeof(float) * floats.value);
    to += floats.value;
    from += floats.value;
  };
  for (; count >= 8; count -= 8) copy(std::integral_constant<int, 8>());
  if (count & 4) copy(std::integral_constant<int, 4>());
  if (count & 2) copy(std::integral_constant<int, 2>());
  if (count & 1) copy(std::integral_constant<int, 1>());
  return to;
}

float* zero_run(float* to, std::int64_t count) {
  for (; count > 0; --count) *to++ = 0.0f;
  return to;
}

}  // namespace

GridCursor::GridCursor(const math::PixelGrid& grid, std::int64_t index)
    : grid_(grid), end_y_(grid.y + grid.rows * grid.step), end_x_(grid.x + grid.cols * grid.step) {
  picture_ = index / grid.count();
  const std::int64_t pixel = index % grid.count();
  y_ = grid.y + pixel / grid.cols * grid.step;
  x_ = grid.x + pixel % grid.cols * grid.step;
}

void Patches::copy(const Block& block, float* to, std::int64_t stride) const {
  if (block.empty()) return;
  const math::Picture& from = gemm_.from;
  const std::int64_t taps = gemm_.taps_across, pitch = from.width * from.channels;
  const std::int64_t line = taps * from.channels;  // a patch's values that are contiguous in a picture
  const std::int64_t first_line = block.col / line, end_col = block.col + block.cols;
  GridCursor cursor(gemm_.corners, block.row);
  for (std::int64_t row = 0; row < block.rows; ++row, cursor.next(), to += stride) {
    const std::int64_t y = cursor.y(), x = cursor.x();
    // The part of a line that is inside the picture, and the lines inside.
    const std::int64_t inside = std::clamp<std::int64_t>(-x, 0, taps) * from.channels;
    const std::int64_t outside = std::clamp<std::int64_t>(from.width - x, 0, taps) * from.channels;
    const bool whole = y >= 0 && y + gemm_.taps_down <= from.height && outside - inside == line;
    const float* const picture = pictures_.row(cursor.picture());
    const std::int64_t corner = from.offset(y, x);
    float* out = to;
    for (std::int64_t i = first_line, at = first_line * line; at < end_col; ++i, at += line) {
      const std::int64_t begin = std::max<std::int64_t>(block.col - at, 0),
                         end = std::min(end_col - at, line);
      if (whole) {
        out = copy_run(out, picture + (corner + i * pitch + begin), end - begin);
        continue;
      }
      const bool exists = y + i >= 0 && y + i < from.height;
      const std::int64_t first = exists ? std::clamp(inside, begin, end) : end;
      const std::int64_t last = exists ? std::clamp(outside, first, end) : end;
      out = zero_run(out, first - begin);
      if (last > first) out = copy_run(out, picture + (corner + i * pitch + first), last - first);
      out = zero_run(out, end - last);
    }
  }
}

void PhaseWeights::copy(const Block& block, float* to, std::int64_t stride) const {
  const std::int64_t filters = phase_.gemm.from.channels, channels = phase_.gemm.to.channels;
  for (std::int64_t row = block.row; row < block.row + block.rows; ++row, to += stride) {
    const std::int64_t tap = row / filters, filter = row % filters;
    const std::int64_t y = phase_.kernel_y - tap / phase_.gemm.taps_across * phase_.step,
                       x = phase_.kernel_x - tap % phase_.gemm.taps_across * phase_.step;
    copy_run(to, w_.row(filter) + (y * kernel_ + x) * channels + block.col, block.cols);
  }
}

}  // namespace elbo::ops::cpu
