#include "drawing/anomaly_picture.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "drawing/pictures.h"

namespace elbo::command {
namespace {

constexpr std::int64_t kColumns = 10;

/// Appends rows with `range` stretched to [0, 1].
void append_unit(Table& to, const Table& rows, DisplayRange range) {
  to.rows += rows.rows;
  for (const float value : rows.values)
    to.values.push_back((value - range.black) / (range.white - range.black));
}

/// The cost of each pixel in all its channels, from 0 to 1.
std::vector<float> cost_map(std::span<const float> costs, const std::vector<double>& usual,
                            std::int64_t channels) {
  std::vector<double> pixels(costs.size() / static_cast<std::size_t>(channels));
  for (std::size_t j = 0; j < costs.size(); ++j) {
    const double above = costs[j] - usual[j];
    if (!std::isnan(above)) pixels[j / static_cast<std::size_t>(channels)] += above;
  }
  const double highest = *std::max_element(pixels.begin(), pixels.end());
  std::vector<float> map;
  for (std::size_t j = 0; j < costs.size(); ++j) {
    const double above = std::max(pixels[j / static_cast<std::size_t>(channels)], 0.0);
    map.push_back(highest > 0.0 ? static_cast<float>(above / highest) : 0.0f);
  }
  return map;
}

}  // namespace

Canvas draw_costs(const Table& pictures, const Table& reconstructions, const Table& costs,
                  const std::vector<double>& usual, PictureShape shape) {
  const std::int64_t dims = shape.height * shape.width * shape.channels;
  ELBO_CHECK(pictures.cols == dims && reconstructions.cols == dims && costs.cols == dims &&
                 std::ssize(usual) == dims,
             ShapeError, "rows of ", pictures.cols, ", ", reconstructions.cols, " and ", costs.cols,
             " values are not pictures of ", dims);
  const DisplayRange range = display_range(pictures);
  Table all{0, dims, {}};
  append_unit(all, pictures, range);
  append_unit(all, reconstructions, range);
  for (std::int64_t i = 0; i < costs.rows; ++i) {
    const std::vector<float> map = cost_map(costs.row(i), usual, shape.channels);
    all.values.insert(all.values.end(), map.begin(), map.end());
    ++all.rows;
  }
  const std::int64_t columns = std::clamp<std::int64_t>(pictures.rows, 1, kColumns);
  GridStyle style{.columns = columns,
                  .rows_in_band = 3,
                  .caption = "data, its reconstruction, and what each pixel costs"};
  for (std::int64_t below = 0; below < 3; ++below) {
    for (std::int64_t i = 0; i < pictures.rows; ++i)
      style.cells.push_back((i / columns * 3 + below) * columns + i % columns);
  }
  return draw_grid(all, shape, style);
}

}  // namespace elbo::command
