#pragma once
// Tables of numbers as pictures: grids of images. For scatter plots see scatter.h.

#include <cstdint>
#include <string>
#include <vector>

#include "drawing/canvas.h"
#include "elbo/dataset.h"
#include "drawing/scatter.h"

namespace elbo::command {

/// The values drawn as black and as white.
struct DisplayRange {
  float black = 0.0f;
  float white = 1.0f;
};

/// [0, 1], unless the values are clearly outside; then their own range.
DisplayRange display_range(const Table& values);

struct GridStyle {
  std::int64_t columns = 10;
  std::int64_t gap = 3;             ///< pixels between pictures
  std::int64_t rows_in_band = 0;    ///< a wider gap after this many rows; 0: never
  bool first_column_apart = false;  ///< a wider gap after the first column
  bool last_column_apart = false;   ///< a wider gap before the last column
  std::string caption = {};         ///< a line above, ASCII
  /// The cell of each picture, counted along the rows; empty: they follow each other.
  std::vector<std::int64_t> cells = {};
};

/// The factor by which a small picture is enlarged.
std::int64_t enlargement(PictureShape shape);

/// Rows of the table, left to right and top to bottom, each a picture of `shape`. Throws ShapeError if a
/// row's size is not the picture's.
Canvas draw_grid(const Table& pictures, PictureShape shape, const GridStyle& style, DisplayRange range = {});

/// `steps` points from row a to row b of a table, both included: along the line, or along the arc (Shoemake
/// 1985, "Animating rotation with quaternion curves") with interpolated lengths.
Table walk(const Table& codes, std::int64_t a, std::int64_t b, std::int64_t steps, bool along_arc);

}  // namespace elbo::command
