#include "pictures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <set>

#include "runtime/check.h"

namespace elbo::command {
namespace {

constexpr std::int64_t kMargin = 16;

std::uint8_t shade(float value, DisplayRange range) {
  const float unit = (value - range.black) / (range.white - range.black);
  return static_cast<std::uint8_t>(std::lround(255.0f * std::clamp(unit, 0.0f, 1.0f)));
}

void draw_picture(Canvas& canvas, std::int64_t left, std::int64_t top, std::span<const float> values,
                  PictureShape shape, std::int64_t scale, DisplayRange range) {
  for (std::int64_t y = 0; y < shape.height; ++y) {
    for (std::int64_t x = 0; x < shape.width; ++x) {
      const float* value = values.data() + (y * shape.width + x) * shape.channels;
      const auto channel = [&](std::int64_t c) { return shade(value[shape.channels < 3 ? 0 : c], range); };
      const bool nan = std::isnan(value[0]);
      canvas.rectangle(left + x * scale, top + y * scale, scale, scale,
                       nan ? kNotANumber : Colour{channel(0), channel(1), channel(2)});
    }
  }
}

// What the axes of a scatter plot span.
struct Span {
  double low = 0.0;
  double high = 1.0;

  double unit(double value) const { return (value - low) / (high - low); }
};

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
  // Of a single value so much that ticks have room between numbers of its size.
  const double pad =
      span.high > span.low ? 0.08 * (span.high - span.low) : std::max(0.5, 1e-6 * std::abs(span.high));
  return {span.low - pad, span.high + pad};
}

// Both axes to one scale, so that a coordinate that hardly varies looks as flat as it is.
void equalize(Span& a, Span& b) {
  Span& shorter = a.high - a.low < b.high - b.low ? a : b;
  const double more = std::abs((a.high - a.low) - (b.high - b.low)) / 2.0;
  shorter.low -= more;
  shorter.high += more;
}

// A round distance between ticks that gives four to ten of them.
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

// The groups worth naming: all, or none where there are too many for the palette.
std::vector<std::int32_t> legend(const Panel& panel) {
  const std::set<std::int32_t> names(panel.groups.begin(), panel.groups.end());
  if (names.size() > 10) return {};
  return {names.begin(), names.end()};
}

void draw_panel(Canvas& canvas, const Panel& panel, Span horizontal, Span vertical, std::int64_t left,
                std::int64_t top, std::int64_t size) {
  const auto x_of = [&](double value) {
    return static_cast<double>(left) + horizontal.unit(value) * static_cast<double>(size);
  };
  const auto y_of = [&](double value) {
    return static_cast<double>(top) + (1.0 - vertical.unit(value)) * static_cast<double>(size);
  };
  const double dx = tick_distance(horizontal), dy = tick_distance(vertical);
  for (double value = std::ceil(horizontal.low / dx) * dx; value < horizontal.high; value += dx) {
    const auto x = std::llround(x_of(value));
    canvas.rectangle(x, top, 1, size, kFaint);
    const auto label = tick_label(value, dx);
    canvas.text(x - Canvas::text_width(label) / 2, top + size + 8, label);
  }
  for (double value = std::ceil(vertical.low / dy) * dy; value < vertical.high; value += dy) {
    const auto y = std::llround(y_of(value));
    canvas.rectangle(left, y, size, 1, kFaint);
    const auto label = tick_label(value, dy);
    canvas.text(left - 8 - Canvas::text_width(label), y - Canvas::kTextHeight / 2, label);
  }
  const double opacity = std::clamp(600.0 / static_cast<double>(std::max<std::int64_t>(panel.points.rows, 1)),
                                    panel.groups.empty() ? 0.25 : 0.5, 0.8);
  for (std::int64_t i = 0; i < panel.points.rows; ++i) {
    const auto point = panel.points.row(i);
    const double x = horizontal.unit(point[0]), y = vertical.unit(point[1]);
    if (!(x >= 0.0 && x <= 1.0 && y >= 0.0 && y <= 1.0)) continue;
    const auto group = panel.groups.empty() ? panel.colour : panel.groups[static_cast<std::size_t>(i)];
    canvas.dot(x_of(point[0]), y_of(point[1]), 2.2, palette(group), opacity);
  }
  for (const std::int64_t edge : {std::int64_t{0}, size}) {
    canvas.rectangle(left, top + edge, size + 1, 1, kInk);
    canvas.rectangle(left + edge, top, 1, size + 1, kInk);
  }
  canvas.text(left, top - Canvas::kTextHeight - 10, panel.title);
  const auto names = legend(panel);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto y = top + static_cast<std::int64_t>(i) * (Canvas::kTextHeight + 8);
    canvas.dot(static_cast<double>(left + size + 18), static_cast<double>(y) + 7.0, 5.0, palette(names[i]),
               1.0);
    canvas.text(left + size + 32, y, std::to_string(names[i]));
  }
}

double norm(std::span<const float> row) {
  double sum = 0.0;
  for (const float value : row) sum += static_cast<double>(value) * value;
  return std::sqrt(sum);
}

}  // namespace

DisplayRange display_range(const Table& values) {
  float low = INFINITY, high = -INFINITY;
  for (const float value : values.values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  // A Gaussian's mean may leave [0, 1] by a little without the data doing so.
  if (!(low < high) || (low >= -0.5f && high <= 1.5f)) return {};
  return {low, high};
}

std::int64_t enlargement(PictureShape shape) {
  const auto longest = std::max<std::int64_t>({shape.height, shape.width, 1});
  return std::clamp<std::int64_t>((56 + longest - 1) / longest, 1, 8);
}

Canvas draw_grid(const Table& pictures, PictureShape shape, const GridStyle& style, DisplayRange range) {
  ELBO_CHECK(shape.is_picture() && pictures.cols == shape.height * shape.width * shape.channels, ShapeError,
             "a row of ", pictures.cols, " values is not a picture of ", shape.height, " x ", shape.width,
             " x ", shape.channels);
  ELBO_CHECK(style.cells.empty() || std::ssize(style.cells) == pictures.rows, ShapeError, style.cells.size(),
             " cells for ", pictures.rows, " pictures");
  const auto cell = [&](std::int64_t i) {
    return style.cells.empty() ? i : style.cells[static_cast<std::size_t>(i)];
  };
  std::int64_t cells = 0;
  for (std::int64_t i = 0; i < pictures.rows; ++i) cells = std::max(cells, cell(i) + 1);
  const std::int64_t scale = enlargement(shape), wide = style.gap + 4 * scale;
  const std::int64_t columns = std::max<std::int64_t>(std::min(style.columns, cells), 1);
  const std::int64_t rows = (cells + columns - 1) / columns;
  const auto left = [&](std::int64_t column) {
    std::int64_t x = kMargin + column * (shape.width * scale + style.gap);
    if (style.outer_columns_apart)
      x += (column > 0 ? wide : 0) + (column > 0 && column == columns - 1 ? wide : 0);
    return x;
  };
  const std::int64_t caption = style.caption.empty() ? 0 : Canvas::kTextHeight + 12;
  const auto top = [&](std::int64_t row) {
    const std::int64_t bands = style.rows_in_band > 0 ? row / style.rows_in_band : 0;
    return kMargin + caption + row * (shape.height * scale + style.gap) + bands * wide;
  };
  const auto width = left(columns - 1) + shape.width * scale + kMargin;
  Canvas canvas(std::max(width, caption ? 2 * kMargin + Canvas::text_width(style.caption) : 0),
                top(std::max<std::int64_t>(rows, 1) - 1) + shape.height * scale + kMargin);
  canvas.text(kMargin, kMargin, style.caption);
  for (std::int64_t i = 0; i < pictures.rows; ++i) {
    draw_picture(canvas, left(cell(i) % columns), top(cell(i) / columns), pictures.row(i), shape, scale,
                 range);
  }
  return canvas;
}

Canvas draw_scatter(const std::vector<Panel>& panels) {
  for (const auto& panel : panels) {
    ELBO_CHECK(panel.points.cols == 2, ShapeError, "points of ", panel.points.cols,
               " coordinates do not lie in a plane");
    ELBO_CHECK(panel.groups.empty() || std::ssize(panel.groups) == panel.points.rows, ShapeError,
               panel.groups.size(), " groups for ", panel.points.rows, " points");
  }
  constexpr std::int64_t kSize = 480, kLabels = 72, kTop = 48, kBottom = 44;
  Span horizontal = axis(panels, 0), vertical = axis(panels, 1);
  equalize(horizontal, vertical);
  const std::int64_t legend_width = panels.empty() || legend(panels.back()).empty() ? 0 : 56;
  Canvas canvas(std::ssize(panels) * (kSize + kLabels) + kMargin + legend_width, kTop + kSize + kBottom);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    draw_panel(canvas, panels[i], horizontal, vertical,
               static_cast<std::int64_t>(i) * (kSize + kLabels) + kLabels - 4, kTop, kSize);
  }
  return canvas;
}

double normal_quantile(double p) {
  if (p >= 0.5) return p == 0.5 ? 0.0 : -normal_quantile(1.0 - p);
  // Bisection on Φ(x) = ½ erfc(−x/√2): slow, exact, and nothing to look up.
  double low = -40.0, high = 0.0;
  for (int i = 0; i < 100 && low < high; ++i) {
    const double middle = 0.5 * (low + high);
    (0.5 * std::erfc(-middle / std::numbers::sqrt2) < p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

Table quantile_grid(std::int64_t n) {
  std::vector<float> quantiles;
  for (std::int64_t i = 0; i < n; ++i) {
    quantiles.push_back(
        static_cast<float>(normal_quantile((static_cast<double>(i) + 0.5) / static_cast<double>(n))));
  }
  Table grid{n * n, 2, {}};
  for (std::int64_t row = n; row-- > 0;) {
    for (const float x : quantiles)
      grid.values.insert(grid.values.end(), {x, quantiles[static_cast<std::size_t>(row)]});
  }
  return grid;
}

Table walk(const Table& codes, std::int64_t a, std::int64_t b, std::int64_t steps, bool along_arc) {
  const auto from = codes.row(a), to = codes.row(b);
  const double from_norm = norm(from), to_norm = norm(to);
  double cosine = 0.0;
  for (std::size_t j = 0; j < from.size(); ++j) cosine += static_cast<double>(from[j]) * to[j];
  const double angle =
      from_norm * to_norm > 0.0 ? std::acos(std::clamp(cosine / (from_norm * to_norm), -1.0, 1.0)) : 0.0;
  const bool arc = along_arc && std::sin(angle) > 1e-6;  // there is no one arc between parallel codes

  Table path{steps, codes.cols, {}};
  for (std::int64_t s = 0; s < steps; ++s) {
    const double t = steps > 1 ? static_cast<double>(s) / static_cast<double>(steps - 1) : 0.0;
    double weight_from = 1.0 - t, weight_to = t;
    if (arc) {
      const double length = (1.0 - t) * from_norm + t * to_norm;
      weight_from = std::sin((1.0 - t) * angle) / std::sin(angle) * length / from_norm;
      weight_to = std::sin(t * angle) / std::sin(angle) * length / to_norm;
    }
    for (std::size_t j = 0; j < from.size(); ++j) {
      path.values.push_back(static_cast<float>(weight_from * from[j] + weight_to * to[j]));
    }
  }
  return path;
}

}  // namespace elbo::command
