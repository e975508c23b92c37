#pragma once
// Scatter plots of points in the plane.

#include <cstdint>
#include <string>
#include <vector>

#include "drawing/canvas.h"
#include "elbo/dataset.h"
#include "drawing/svg.h"

namespace elbo::command {

/// Points in the plane, [n, 2]; colours follow `groups`, one number per point, or are all `colour`. Up to
/// kPaletteColours groups are named beside the panel.
struct Panel {
  std::string title;
  Table points;
  std::vector<std::int32_t> groups;
  std::int64_t colour = 0;  ///< number in the palette
  std::string x_axis = {};  ///< name of the coordinates, ASCII; empty: none
  std::string y_axis = {};
  std::vector<std::string> group_names = {};  ///< of groups 0, 1, …; empty: their numbers
};

/// Panels side by side with the same axes, in one scale. The axes include every finite point except the
/// outermost 0.5 % of each panel.
Canvas draw_scatter(const std::vector<Panel>& panels);
/// The same as SVG.
Svg draw_scatter_svg(const std::vector<Panel>& panels);

}  // namespace elbo::command
