#pragma once
// The products that make up a convolution and its transpose: which pixels are multiplied by which weights.
//
// Each result is a sum over a patch of pixels. A convolution's results form one grid. A transpose's results
// fall into stride² phases, by (y + padding) mod stride and the same for x. All pixels of a phase use the
// same weights of the kernel, and neighbouring pixels of a phase use neighbouring patches, so that no zero is
// multiplied.

#include <cstdint>

#include "math/host_device.h"

namespace elbo::math {

/// A convolution from pictures of height × width × channels to pictures of out_height() × out_width() ×
/// filters.
struct Conv2dShape {
  std::int64_t height = 1, width = 1, channels = 1;
  std::int64_t filters = 1;
  std::int64_t kernel = 1, stride = 1;
  std::int64_t padding = 0;  ///< zeros on each side

  /// Whether every size is positive and the kernel fits into the padded picture. The functions below require
  /// it.
  constexpr bool valid() const {
    return height > 0 && width > 0 && channels > 0 && filters > 0 && kernel > 0 && stride > 0 &&
           padding >= 0 && height + 2 * padding >= kernel && width + 2 * padding >= kernel;
  }
  constexpr std::int64_t out_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  constexpr std::int64_t out_width() const { return (width + 2 * padding - kernel) / stride + 1; }
  /// Number of values in a patch, and so in a row of w.
  constexpr std::int64_t patch() const { return kernel * kernel * channels; }
  /// Number of values in an input picture and in an output picture.
  constexpr std::int64_t in() const { return height * width * channels; }
  constexpr std::int64_t out() const { return out_height() * out_width() * filters; }

  bool operator==(const Conv2dShape&) const = default;
};

/// A picture's pixels, row by row; a pixel's `channels` values are contiguous.
struct Picture {
  std::int64_t height, width, channels;

  ELBO_HD std::int64_t offset(std::int64_t y, std::int64_t x) const { return (y * width + x) * channels; }
};

/// rows × cols pixels of a picture: (row, col) is the pixel (y + row · step, x + col · step), which may lie
/// outside.
struct PixelGrid {
  std::int64_t rows, cols, step, y, x;

  std::int64_t count() const { return rows * cols; }
};

/// results[i] = Σ over a patch of taps_down × taps_across pixels of `from` that starts at corners[i], of
/// pixel times weight. Pixels outside are zero.
struct PatchGemm {
  Picture from, to;
  PixelGrid corners, results;  ///< in `from`; in `to`
  std::int64_t taps_down, taps_across;

  std::int64_t depth() const { return taps_down * taps_across * from.channels; }
};

inline PatchGemm convolution_gemm(const Conv2dShape& s) {
  const std::int64_t rows = s.out_height(), cols = s.out_width();
  return {.from = {s.height, s.width, s.channels},
          .to = {rows, cols, s.filters},
          .corners = {rows, cols, s.stride, -s.padding, -s.padding},
          .results = {rows, cols, 1, 0, 0},
          .taps_down = s.kernel,
          .taps_across = s.kernel};
}

/// Pixel (i, j) of a patch is multiplied by the kernel's weight (kernel_y − i · step, kernel_x − j · step).
struct TransposePhase {
  PatchGemm gemm;
  std::int64_t kernel_y, kernel_x, step;
};

namespace detail {

/// A phase along one axis of `size` pixels: its first result, number of results, number of taps, and first
/// pixel of the first patch.
struct AxisPhase {
  std::int64_t first, count, taps, corner;
};

inline AxisPhase axis_phase(const Conv2dShape& s, std::int64_t size, std::int64_t phase) {
  // Result pixel + padding = stride · q + phase; tap j of the kernel's phase, at phase + stride · j, takes
  // pixel q − j of the other picture.
  const std::int64_t taps = s.kernel > phase ? (s.kernel - phase + s.stride - 1) / s.stride : 0;
  const std::int64_t first_q = s.padding > phase ? (s.padding - phase + s.stride - 1) / s.stride : 0;
  const std::int64_t first = s.stride * first_q + phase - s.padding;
  const std::int64_t count = first < size ? (size - 1 - first) / s.stride + 1 : 0;
  return {first, count, taps, first_q - taps + 1};
}

}  // namespace detail

inline TransposePhase transpose_phase(const Conv2dShape& s, std::int64_t phase_y, std::int64_t phase_x) {
  const detail::AxisPhase down = detail::axis_phase(s, s.height, phase_y),
                          across = detail::axis_phase(s, s.width, phase_x);
  return {.gemm = {.from = {s.out_height(), s.out_width(), s.filters},
                   .to = {s.height, s.width, s.channels},
                   .corners = {down.count, across.count, 1, down.corner, across.corner},
                   .results = {down.count, across.count, s.stride, down.first, across.first},
                   .taps_down = down.taps,
                   .taps_across = across.taps},
          .kernel_y = phase_y + s.stride * (down.taps - 1),
          .kernel_x = phase_x + s.stride * (across.taps - 1),
          .step = s.stride};
}

}  // namespace elbo::math
