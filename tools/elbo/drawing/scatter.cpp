#include "drawing/scatter.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include "base/check.h"
#include "drawing/axes.h"

namespace elbo::command {
namespace {

constexpr std::int64_t kMargin = 16;
constexpr std::int64_t kAxisName = Canvas::kTextHeight + 8;  // height of an axis name's line

Span axis(const std::vector<Panel>& panels, std::int64_t coordinate) {
  Span span{INFINITY, -INFINITY};
  for (const auto& panel : panels) {
    std::vector<float> values;
    for (std::int64_t i = 0; i < panel.points.rows; ++i) {
      if (const float value = panel.points.row(i)[static_cast<std::size_t>(coordinate)];
          std::isfinite(value)) {
        values.push_back(value);
      }
    }
    if (values.empty()) continue;
    const auto cut = values.size() / 200;
    std::sort(values.begin(), values.end());
    span.low = std::min<double>(span.low, values[cut]);
    span.high = std::max<double>(span.high, values[values.size() - 1 - cut]);
  }
  if (!(span.low <= span.high)) return {};
  // Around a single value, the range must be wide enough for ticks to have distinct numbers.
  const double pad =
      span.high > span.low ? 0.08 * (span.high - span.low) : std::max(0.5, 1e-6 * std::abs(span.high));
  return {span.low - pad, span.high + pad};
}

// Gives both axes one scale, so that a coordinate that hardly varies looks flat.
void equalize(Span& a, Span& b) {
  Span& shorter = a.high - a.low < b.high - b.low ? a : b;
  const double more = std::abs((a.high - a.low) - (b.high - b.low)) / 2.0;
  shorter.low -= more;
  shorter.high += more;
}

constexpr std::int64_t kLegendRow = Canvas::kTextHeight + 8;
constexpr std::int64_t kLegendRows = 16;

// The groups of a panel and their colours.
class Groups {
 public:
  explicit Groups(const Panel& panel) : texts_(panel.group_names) {
    const std::set<std::int32_t> names(panel.groups.begin(), panel.groups.end());
    names_.assign(names.begin(), names.end());
  }

  // A group's colour: by its number, so that a digit has the same colour in every picture, or by its rank if
  // numbers are too large for the palette.
  Colour colour(std::int32_t name) const {
    if (name == kNoLabel) return kFaint;
    if (first() >= 0 && names_.back() < kPaletteColours) return palette(name);
    return palette(std::lower_bound(names_.begin(), names_.end(), name) - names_.begin());
  }
  std::string text(std::int32_t name) const {
    if (name == kNoLabel) return "none";
    const bool named = name >= 0 && name < std::ssize(texts_);
    return named ? texts_[static_cast<std::size_t>(name)] : std::to_string(name);
  }
  // The groups in the legend: all, or none if there are too many for the palette.
  std::span<const std::int32_t> legend() const {
    return std::ssize(names_) <= kPaletteColours ? std::span(names_) : std::span<const std::int32_t>();
  }
  std::int64_t legend_columns() const { return (std::ssize(legend()) + kLegendRows - 1) / kLegendRows; }
  std::int64_t legend_column_width() const {
    std::int64_t widest = 16;
    for (const auto name : legend()) widest = std::max(widest, Canvas::text_width(text(name)));
    return widest + 40;
  }

 private:
  std::int32_t first() const {
    return names_.front() == kNoLabel && names_.size() > 1 ? names_[1] : names_.front();
  }

  std::vector<std::int32_t> names_;
  std::vector<std::string> texts_;
};

void draw_legend(Surface& canvas, const Groups& groups, std::int64_t left, std::int64_t top) {
  const auto names = groups.legend();
  const auto column = groups.legend_column_width();
  for (std::int64_t i = 0; i < std::ssize(names); ++i) {
    const auto name = names[static_cast<std::size_t>(i)];
    const auto x = left + i / kLegendRows * column, y = top + i % kLegendRows * kLegendRow;
    canvas.dot(static_cast<double>(x), static_cast<double>(y) + 7.0, 5.0, groups.colour(name), 1.0);
    canvas.text(x + 14, y, groups.text(name), kInk);
  }
}

// As much of a title as fits into `width` pixels.
std::string shortened(std::string title, std::int64_t width) {
  if (Canvas::text_width(title) <= width) return title;
  while (!title.empty() && Canvas::text_width(title + "...") > width) {
    while (!title.empty() && (static_cast<unsigned char>(title.back()) & 0xC0) == 0x80) title.pop_back();
    if (!title.empty()) title.pop_back();  // with what followed it, a whole UTF-8 character
  }
  return title + "...";
}

void draw_panel(Surface& canvas, const Panel& panel, const Frame& frame) {
  const auto& [left, top, size, height, horizontal, vertical] = frame;
  draw_horizontal_ticks(canvas, frame);
  draw_vertical_ticks(canvas, frame);
  const double opacity = std::clamp(600.0 / static_cast<double>(std::max<std::int64_t>(panel.points.rows, 1)),
                                    panel.groups.empty() ? 0.25 : 0.5, 0.8);
  const Groups groups(panel);
  for (std::int64_t i = 0; i < panel.points.rows; ++i) {
    const auto point = panel.points.row(i);
    const double x = horizontal.unit(point[0]), y = vertical.unit(point[1]);
    if (!(x >= 0.0 && x <= 1.0 && y >= 0.0 && y <= 1.0)) continue;
    const Colour colour = panel.groups.empty() ? palette(panel.colour)
                                               : groups.colour(panel.groups[static_cast<std::size_t>(i)]);
    canvas.dot(frame.x(point[0]), frame.y(point[1]), 2.2, colour, opacity);
  }
  draw_box(canvas, frame);
  canvas.text(left, top - Canvas::kTextHeight - 10 - (panel.y_axis.empty() ? 0 : kAxisName),
              shortened(panel.title, size + kMargin), kInk);
  canvas.text(left + size - Canvas::text_width(panel.x_axis), top + height + 8 + kAxisName, panel.x_axis,
              kInk);
  canvas.text(left - 40, top - Canvas::kTextHeight - 10, panel.y_axis, kInk);
  draw_legend(canvas, groups, left + size + 18, top);
}

// The positions of everything in the plot.
class Layout {
 public:
  /// Throws ShapeError.
  explicit Layout(const std::vector<Panel>& panels) : panels_(panels) {
    for (const auto& panel : panels) {
      ELBO_CHECK(panel.points.cols == 2, ShapeError, "points of ", panel.points.cols,
                 " coordinates are not points of the plane");
      ELBO_CHECK(panel.groups.empty() || std::ssize(panel.groups) == panel.points.rows, ShapeError,
                 panel.groups.size(), " groups for ", panel.points.rows, " points");
    }
    horizontal_ = axis(panels, 0);
    vertical_ = axis(panels, 1);
    equalize(horizontal_, vertical_);
    for (const auto& panel : panels) {
      if (!panel.x_axis.empty()) below_ = kAxisName;
      if (!panel.y_axis.empty()) above_ = kAxisName;
    }
  }

  std::int64_t width() const {
    std::int64_t legend_width = 0;
    if (!panels_.empty()) {
      const Groups groups(panels_.back());
      legend_width = groups.legend_columns() * groups.legend_column_width();
    }
    return std::ssize(panels_) * (kSize + kLabels) + kMargin + legend_width;
  }
  std::int64_t height() const { return above_ + kTop + kSize + kBottom + below_; }

  void draw(Surface& surface) const {
    for (std::size_t i = 0; i < panels_.size(); ++i) {
      draw_panel(surface, panels_[i],
                 {static_cast<std::int64_t>(i) * (kSize + kLabels) + kLabels - 4, above_ + kTop, kSize, kSize,
                  horizontal_, vertical_});
    }
  }

 private:
  static constexpr std::int64_t kSize = 480, kLabels = 72, kTop = 48, kBottom = 44;

  const std::vector<Panel>& panels_;
  Span horizontal_, vertical_;
  std::int64_t above_ = 0, below_ = 0;
};

}  // namespace

Canvas draw_scatter(const std::vector<Panel>& panels) {
  const Layout layout(panels);
  Canvas canvas(layout.width(), layout.height());
  layout.draw(canvas);
  return canvas;
}

Svg draw_scatter_svg(const std::vector<Panel>& panels) {
  const Layout layout(panels);
  Svg svg(layout.width(), layout.height());
  layout.draw(svg);
  return svg;
}

}  // namespace elbo::command
