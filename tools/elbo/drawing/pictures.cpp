#include "drawing/pictures.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"

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
  // A Gaussian's mean may be slightly outside [0, 1] even if the data is not.
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
    if (style.first_column_apart && column > 0) x += wide;
    if (style.last_column_apart && column > 0 && column == columns - 1) x += wide;
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

Table walk(const Table& codes, std::int64_t a, std::int64_t b, std::int64_t steps, bool along_arc) {
  const auto from = codes.row(a), to = codes.row(b);
  const double from_norm = norm(from), to_norm = norm(to);
  double cosine = 0.0;
  for (std::size_t j = 0; j < from.size(); ++j) cosine += static_cast<double>(from[j]) * to[j];
  const double angle =
      from_norm * to_norm > 0.0 ? std::acos(std::clamp(cosine / (from_norm * to_norm), -1.0, 1.0)) : 0.0;
  const bool arc = along_arc && std::sin(angle) > 1e-6;  // parallel codes have no unique arc

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
