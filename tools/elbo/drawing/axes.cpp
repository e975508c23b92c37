#include "drawing/axes.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace elbo::command {
namespace {

// A round distance between ticks, for four to ten ticks.
double tick_distance(Span span) {
  const double rough = (span.high - span.low) / 7.0;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10.0 * power;
}

std::string tick_label(double value, double distance) {
  char text[32];
  const int decimals = std::clamp(static_cast<int>(-std::floor(std::log10(distance))), 0, 6);
  std::snprintf(text, sizeof text, "%.*f", decimals, std::abs(value) < distance / 2 ? 0.0 : value);
  return text;
}

}  // namespace

void draw_horizontal_ticks(Surface& surface, const Frame& frame) {
  const double distance = tick_distance(frame.horizontal);
  for (double value = std::ceil(frame.horizontal.low / distance) * distance; value < frame.horizontal.high;
       value += distance) {
    const auto x = std::llround(frame.x(value));
    surface.rectangle(x, frame.top, 1, frame.height, kFaint);
    const auto label = tick_label(value, distance);
    surface.text(x - Canvas::text_width(label) / 2, frame.top + frame.height + 8, label, kInk);
  }
}

void draw_vertical_ticks(Surface& surface, const Frame& frame) {
  const double distance = tick_distance(frame.vertical);
  for (double value = std::ceil(frame.vertical.low / distance) * distance; value < frame.vertical.high;
       value += distance) {
    const auto y = std::llround(frame.y(value));
    surface.rectangle(frame.left, y, frame.width, 1, kFaint);
    const auto label = tick_label(value, distance);
    surface.text(frame.left - 8 - Canvas::text_width(label), y - Canvas::kTextHeight / 2, label, kInk);
  }
}

void draw_box(Surface& surface, const Frame& frame) {
  for (const std::int64_t edge : {std::int64_t{0}, frame.height})
    surface.rectangle(frame.left, frame.top + edge, frame.width + 1, 1, kInk);
  for (const std::int64_t edge : {std::int64_t{0}, frame.width})
    surface.rectangle(frame.left + edge, frame.top, 1, frame.height + 1, kInk);
}

void draw_line(Surface& surface, double x0, double y0, double x1, double y1, Colour colour) {
  const auto dots = std::max(1, static_cast<int>(std::hypot(x1 - x0, y1 - y0)));
  for (int d = 0; d < dots; ++d) {
    const double t = static_cast<double>(d) / dots;
    surface.dot(x0 + t * (x1 - x0), y0 + t * (y1 - y0), 1.0, colour, 0.8);
  }
}

}  // namespace elbo::command
