#pragma once
// Pictures beside what each of their pixels costs.

#include <vector>

#include "drawing/canvas.h"
#include "elbo/dataset.h"

namespace elbo::command {

/// Three rows: pictures, their reconstructions, and the cost of each pixel, summed over its channels, above
/// its `usual` one [dims]: black is none, white the picture's highest. Tables are [pictures, dims]; a cost or
/// a usual one that is NaN counts 0. Throws ShapeError if a width is not the picture's.
Canvas draw_costs(const Table& pictures, const Table& reconstructions, const Table& costs,
                  const std::vector<double>& usual, PictureShape shape);

}  // namespace elbo::command
