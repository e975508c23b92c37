#pragma once
// How each digit is written. A style consists of strokes, a stroke of points that a smooth curve passes
// through.

#include <span>

namespace elbo::data {

/// A point in units of the digit's height, x to the right and y down; a digit spans about −0.3 … 0.3 by −0.5
/// … 0.5.
struct StrokePoint {
  float x;
  float y;
};

/// A pen stroke, smooth throughout; a corner is where one stroke ends and the next begins.
using Stroke = std::span<const StrokePoint>;

/// One way to write a digit, and its frequency relative to the digit's other styles.
struct DigitStyle {
  std::span<const Stroke> strokes;
  int weight;
};

/// The styles of a digit from 0 to 9.
std::span<const DigitStyle> digit_styles(int digit);

}  // namespace elbo::data
