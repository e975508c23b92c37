// Every processor and compiler draws the same bytes: this file, random.cpp and synthetic.cpp are compiled
// without fused multiply-adds and without vectorisation (cmake/ElboLibrary.cmake), and they only use
// operations that IEEE 754 rounds exactly (+ − × ÷ √).

#include "data/sources/digits.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "data/sources/digit_strokes.h"
#include "data/sources/random.h"
#include "elbo/device.h"

namespace elbo::data {
namespace {

constexpr int kSide = 28;
constexpr int kPixels = kSide * kSide;
constexpr float kCentre = 0.5f * kSide;
constexpr int kCurveSteps = 6;  // straight pieces per pair of stroke points
constexpr float kEdge = 1.4f;   // pixels over which ink fades to paper
constexpr std::size_t kMaxPoints = 16;

/// How one example is written. The fields are in the order of Examples::factors' columns.
struct Factors {
  float style;      ///< index into the digit's styles
  float height;     ///< pixels
  float aspect;     ///< width relative to the style's own
  float slant;      ///< tangent of the shear; positive leans to the right
  float rotation;   ///< tangent of the angle, clockwise
  float thickness;  ///< pixels
  float pressure;   ///< relative growth of the thickness from the middle of a stroke to its end
  float shift_x;    ///< pixels
  float shift_y;    ///< pixels
  float wobble;     ///< how far stroke points stray, in digit heights
};
constexpr std::array kFactorNames = {"style",     "height",   "aspect",  "slant",   "rotation",
                                     "thickness", "pressure", "shift x", "shift y", "wobble"};
static_assert(sizeof(Factors) == kFactorNames.size() * sizeof(float));

/// Draws between low and high, the middle more often than the ends: the mean of two uniforms.
float spread(Random& random, double low, double high) {
  const double a = random.uniform();
  const double b = random.uniform();
  return static_cast<float>(low + (high - low) * (0.5 * (a + b)));
}

int draw_style(Random& random, std::span<const DigitStyle> styles) {
  int total = 0;
  for (const auto& style : styles) total += style.weight;
  auto ticket = static_cast<int>(random.below(static_cast<std::uint64_t>(total)));
  int chosen = 0;
  while (ticket >= styles[static_cast<std::size_t>(chosen)].weight) {
    ticket -= styles[static_cast<std::size_t>(chosen)].weight;
    ++chosen;
  }
  return chosen;
}

Factors draw_factors(Random& random, std::span<const DigitStyle> styles) {
  Factors factors{};
  factors.style = static_cast<float>(draw_style(random, styles));
  factors.height = spread(random, 14.5, 20.0);
  factors.aspect = spread(random, 0.7, 1.45);
  factors.slant = spread(random, -0.35, 0.65);
  factors.rotation = spread(random, -0.3, 0.3);
  factors.thickness = spread(random, 1.2, 3.7);
  factors.pressure = spread(random, -0.4, 0.4);
  factors.shift_x = spread(random, -1.2, 1.2);
  factors.shift_y = spread(random, -1.2, 1.2);
  factors.wobble = spread(random, 0.01, 0.14);
  return factors;
}

/// Maps stroke points to pixels: slant, rotation, a smooth random bend, aspect, height and shift.
class Placement {
 public:
  Placement(const Factors& factors, Random& random) : factors_(factors) {
    for (auto& value : bend_) value = spread(random, -0.5, 0.5);
    cosine_ = 1.0f / std::sqrt(1.0f + factors.rotation * factors.rotation);
    sine_ = factors.rotation * cosine_;
  }

  StrokePoint operator()(StrokePoint p) const {
    const float bent_x = p.x + bend_[0] * p.x * p.y + bend_[1] * (p.y * p.y - 0.08f) + bend_[2] * p.x * p.x;
    const float bent_y = p.y + bend_[3] * p.x * p.y + bend_[4] * (p.x * p.x - 0.03f) + bend_[5] * p.x;
    const float x = bent_x * factors_.aspect - bent_y * factors_.slant;
    return {kCentre + factors_.shift_x + factors_.height * (cosine_ * x - sine_ * bent_y),
            kCentre + factors_.shift_y + factors_.height * (sine_ * x + cosine_ * bent_y)};
  }

 private:
  const Factors& factors_;
  std::array<float, 6> bend_{};
  float cosine_ = 1.0f;
  float sine_ = 0.0f;
};

/// Distance of every pixel's centre to the ink's outline, negative inside.
class Canvas {
 public:
  Canvas() { outside_.fill(kSide); }

  /// Draws a straight piece whose radius changes from `from_radius` to `to_radius`.
  void line(StrokePoint from, StrokePoint to, float from_radius, float to_radius) {
    const float reach = std::max(from_radius, to_radius) + kEdge;
    const int left = pixel(std::min(from.x, to.x) - reach), right = pixel(std::max(from.x, to.x) + reach);
    const int top = pixel(std::min(from.y, to.y) - reach), bottom = pixel(std::max(from.y, to.y) + reach);
    const float dx = to.x - from.x, dy = to.y - from.y;
    const float squared = dx * dx + dy * dy;
    const float inverse = squared > 0.0f ? 1.0f / squared : 0.0f;
    for (int row = top; row <= bottom; ++row) {
      for (int column = left; column <= right; ++column) {
        const float x = static_cast<float>(column) + 0.5f - from.x,
                    y = static_cast<float>(row) + 0.5f - from.y;
        const float along = std::clamp((x * dx + y * dy) * inverse, 0.0f, 1.0f);
        const float across_x = x - along * dx, across_y = y - along * dy;
        const float radius = from_radius + along * (to_radius - from_radius);
        const float distance = std::sqrt(across_x * across_x + across_y * across_y) - radius;
        float& nearest = outside_[static_cast<std::size_t>(row * kSide + column)];
        nearest = std::min(nearest, distance);
      }
    }
  }

  /// Grey values: full ink inside, paper outside, fading over kEdge.
  void print(std::span<std::uint8_t> pixels) const {
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      const float t = std::clamp(0.5f - outside_[i] / kEdge, 0.0f, 1.0f);
      const float ink = t * t * (3.0f - 2.0f * t);
      pixels[i] = static_cast<std::uint8_t>(255.0f * ink + 0.5f);
    }
  }

 private:
  static int pixel(float at) { return static_cast<int>(std::clamp(at, 0.0f, static_cast<float>(kSide - 1))); }

  std::array<float, kPixels> outside_;
};

/// The point at t in [0, 1] between b and c of the curve through a, b, c, d (Catmull & Rom 1974).
StrokePoint on_curve(StrokePoint a, StrokePoint b, StrokePoint c, StrokePoint d, float t) {
  const auto blend = [t](float p, float q, float r, float s) {
    return q +
           0.5f * t * ((r - p) + t * ((2.0f * p - 5.0f * q + 4.0f * r - s) + t * (3.0f * (q - r) + s - p)));
  };
  return {blend(a.x, b.x, c.x, d.x), blend(a.y, b.y, c.y, d.y)};
}

void draw_stroke(Canvas& canvas, Stroke stroke, const Factors& factors, const Placement& place,
                 Random& random) {
  std::array<StrokePoint, kMaxPoints> points;
  for (std::size_t i = 0; i < stroke.size(); ++i) {
    const float x = stroke[i].x + factors.wobble * spread(random, -1.0, 1.0);
    const float y = stroke[i].y + factors.wobble * spread(random, -1.0, 1.0);
    points[i] = place({x, y});
  }
  const int last = static_cast<int>(stroke.size()) - 1;
  const auto at = [&](int i) { return points[static_cast<std::size_t>(std::clamp(i, 0, last))]; };
  const auto radius = [&](int step) {
    const float along = static_cast<float>(step) / static_cast<float>(last * kCurveSteps);
    return 0.5f * factors.thickness * (1.0f + factors.pressure * (2.0f * along - 1.0f));
  };
  StrokePoint from = at(0);
  for (int i = 0; i < last; ++i) {
    for (int step = 1; step <= kCurveSteps; ++step) {
      const float t = static_cast<float>(step) / kCurveSteps;
      const StrokePoint to = on_curve(at(i - 1), at(i), at(i + 1), at(i + 2), t);
      canvas.line(from, to, radius(i * kCurveSteps + step - 1), radius(i * kCurveSteps + step));
      from = to;
    }
  }
}

Factors draw_digit(Random& random, int digit, std::span<std::uint8_t> pixels) {
  const auto styles = digit_styles(digit);
  const Factors factors = draw_factors(random, styles);
  const Placement place(factors, random);
  Canvas canvas;
  for (const Stroke stroke : styles[static_cast<std::size_t>(factors.style)].strokes) {
    draw_stroke(canvas, stroke, factors, place, random);
  }
  canvas.print(pixels);
  return factors;
}

Examples draw_examples(std::uint64_t seed, Stream stream, std::int64_t count) {
  Examples examples;
  examples.count = count;
  examples.dims = kPixels;
  const auto size = static_cast<std::size_t>(count);
  const auto columns = static_cast<std::int64_t>(kFactorNames.size());
  examples.bytes.resize(size * kPixels);
  examples.labels.resize(size);
  examples.factors = {count, columns, std::vector<float>(size * kFactorNames.size())};
#pragma omp parallel for schedule(static) num_threads(cpu_threads()) if (count > 64)
  for (std::int64_t i = 0; i < count; ++i) {
    Random random(seed, stream, static_cast<std::uint64_t>(i));
    const int digit = static_cast<int>(random.below(10));
    const auto factors = draw_digit(
        random, digit, std::span(examples.bytes).subspan(static_cast<std::size_t>(i) * kPixels, kPixels));
    examples.labels[static_cast<std::size_t>(i)] = digit;
    const float row[] = {factors.style,    factors.height,    factors.aspect,   factors.slant,
                         factors.rotation, factors.thickness, factors.pressure, factors.shift_x,
                         factors.shift_y,  factors.wobble};
    std::copy(std::begin(row), std::end(row), examples.factors.values.begin() + i * columns);
  }
  return examples;
}

}  // namespace

Dataset digits(std::uint64_t seed, std::int64_t train_count, std::int64_t test_count) {
  Dataset dataset;
  dataset.name = "digits";
  dataset.picture = {kSide, kSide, 1};
  dataset.factor_names.assign(kFactorNames.begin(), kFactorNames.end());
  dataset.train = draw_examples(seed, Stream::digit_train, train_count);
  dataset.test = draw_examples(seed, Stream::digit_test, test_count);
  return dataset;
}

}  // namespace elbo::data
