#include "drawing/curves.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "drawing/axes.h"

namespace elbo::command {
namespace {

struct Point {
  double epoch, cost;
};

/// What is drawn in a panel.
struct Cost {
  const char* title;
  const char* key;
  double sign;
};
constexpr Cost kCosts[] = {
    {"-ELBO, nats per example", "elbo", -1.0}, {"reconstruction", "reconstruction", 1.0}, {"KL", "kl", 1.0}};
constexpr const char* kSplits[] = {"train", "validation"};
constexpr std::int64_t kWidth = 420, kHeight = 320, kLabels = 76, kTop = 48, kBottom = 64;

std::vector<Point> points_of(const std::vector<Json>& epochs, const char* split, const Cost& cost) {
  std::vector<Point> points;
  for (const Json& epoch : epochs) {
    if (!epoch.contains("epoch") || !epoch.contains(split)) continue;
    const Json& terms = epoch.at(split);
    if (!terms.contains(cost.key) || !terms.at(cost.key).is_number()) continue;
    points.push_back({epoch.at("epoch").number(), cost.sign * terms.at(cost.key).number()});
  }
  return points;
}

/// The range of the costs after the first twentieth of the epochs; the lowest counts always.
Span span_of(const std::vector<std::vector<Point>>& curves) {
  double low = INFINITY, high = -INFINITY;
  for (const auto& curve : curves) {
    for (std::size_t i = 0; i < curve.size(); ++i) {
      low = std::min(low, curve[i].cost);
      if (i >= curve.size() / 20) high = std::max(high, curve[i].cost);
    }
  }
  if (!(low <= high)) return {};
  const double pad = std::max(0.08 * (high - low), 1e-3 * std::max(1.0, std::abs(high)));
  return {low - pad, high + pad};
}

Span epochs_of(const std::vector<std::vector<Point>>& curves) {
  double low = INFINITY, high = -INFINITY;
  for (const auto& curve : curves) {
    if (curve.empty()) continue;
    low = std::min(low, curve.front().epoch);
    high = std::max(high, curve.back().epoch);
  }
  if (!(low <= high)) return {};
  const double pad = std::max(0.03 * (high - low), 0.5);
  return {low - pad, high + pad};
}

/// Draws what lies within the frame; a line that leaves it at the top ends there.
void draw_points(Surface& surface, const Frame& frame, const std::vector<Point>& points, Colour colour) {
  constexpr std::size_t kSeparate = 40;  // more points would hide the line
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double x = frame.x(points[i].epoch), y = frame.y(points[i].cost);
    const double top = static_cast<double>(frame.top);
    if (points.size() <= kSeparate && y >= top) surface.dot(x, y, 3.0, colour, 1.0);
    if (i + 1 == points.size()) break;
    const double next_x = frame.x(points[i + 1].epoch), next_y = frame.y(points[i + 1].cost);
    if (y < top && next_y < top) continue;
    const auto at_top = [&](double from_x, double from_y, double to_x, double to_y) {
      return from_y >= top ? from_x : from_x + (to_x - from_x) * (top - from_y) / (to_y - from_y);
    };
    draw_line(surface, at_top(x, y, next_x, next_y), std::max(y, top), at_top(next_x, next_y, x, y),
              std::max(next_y, top), colour);
  }
}

/// Below the panel, at its right.
void draw_legend(Surface& surface, const Frame& frame, std::size_t splits) {
  const std::int64_t y = frame.top + frame.height + 30;
  std::int64_t x = frame.left + frame.width;
  for (std::size_t s = splits; s-- > 0;) {
    x -= Canvas::text_width(kSplits[s]);
    surface.text(x, y, kSplits[s], kInk);
    x -= 14;
    surface.dot(static_cast<double>(x), static_cast<double>(y) + 7.0, 5.0,
                palette(static_cast<std::int64_t>(s)), 1.0);
    x -= 20;
  }
}

}  // namespace

Canvas draw_curves(const std::vector<Json>& epochs, bool variational) {
  std::vector<Cost> costs(std::begin(kCosts), std::end(kCosts));
  if (!variational) costs = {kCosts[1]};
  Canvas canvas(std::ssize(costs) * (kWidth + kLabels) + 24, kTop + kHeight + kBottom);
  for (std::size_t c = 0; c < costs.size(); ++c) {
    std::vector<std::vector<Point>> curves;
    for (const char* split : kSplits) {
      if (auto points = points_of(epochs, split, costs[c]); !points.empty())
        curves.push_back(std::move(points));
    }
    const Frame frame{static_cast<std::int64_t>(c) * (kWidth + kLabels) + kLabels - 4,
                      kTop,
                      kWidth,
                      kHeight,
                      epochs_of(curves),
                      span_of(curves)};
    draw_horizontal_ticks(canvas, frame);
    draw_vertical_ticks(canvas, frame);
    for (std::size_t s = 0; s < curves.size(); ++s)
      draw_points(canvas, frame, curves[s], palette(static_cast<std::int64_t>(s)));
    draw_box(canvas, frame);
    canvas.text(frame.left, frame.top - Canvas::kTextHeight - 10, costs[c].title);
    canvas.text(frame.left, frame.top + frame.height + 30, "epoch");
    draw_legend(canvas, frame, curves.size());
  }
  return canvas;
}

}  // namespace elbo::command
