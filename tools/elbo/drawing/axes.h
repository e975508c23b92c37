#pragma once
// Axes of plots: ranges, ticks, frames and lines.

#include <cstdint>
#include <string>

#include "drawing/canvas.h"

namespace elbo::command {

/// The range of an axis.
struct Span {
  double low = 0.0;
  double high = 1.0;

  double unit(double value) const { return (value - low) / (high - low); }
};

/// A panel's place on a surface, and the ranges of its axes.
struct Frame {
  std::int64_t left = 0, top = 0, width = 0, height = 0;
  Span horizontal, vertical;

  double x(double value) const {
    return static_cast<double>(left) + horizontal.unit(value) * static_cast<double>(width);
  }
  double y(double value) const {
    return static_cast<double>(top) + (1.0 - vertical.unit(value)) * static_cast<double>(height);
  }
};

/// Lines at round values with their numbers, below the frame and to its left.
void draw_horizontal_ticks(Surface& surface, const Frame& frame);
void draw_vertical_ticks(Surface& surface, const Frame& frame);
/// The frame's four sides.
void draw_box(Surface& surface, const Frame& frame);
/// A thin straight line between two points, in pixels.
void draw_line(Surface& surface, double x0, double y0, double x1, double y1, Colour colour);

}  // namespace elbo::command
