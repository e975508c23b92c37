#pragma once
// Builds a batch from the resident dataset: rows by index, converted, scaled, binarised, standardised.

#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// The dataset on the device; exactly one of the two matrices [examples, d] is set.
struct GatherSource {
  MatrixView<const std::uint8_t> bytes;
  MatrixView<const float> values;
  /// [examples] order of this epoch; empty means as stored.
  VectorView<const std::int64_t> permutation;
};

enum class Binarize { none, threshold, dynamic };

/// What is done to a value, in this order: x·scale + offset; binarise; (x − mean_j)·inverse_deviation_j.
struct Preprocess {
  float scale = 1.0f;
  float offset = 0.0f;
  Binarize binarize =
      Binarize::none;  ///< threshold: x > `threshold`; dynamic: 1 with probability x, new each time
  float threshold = 0.5f;
  /// For dynamic: its seed and time. The purpose is always binarize, the examples the rows' own.
  NoiseSource noise;
  VectorView<const float> mean;               ///< [d] or empty
  VectorView<const float> inverse_deviation;  ///< [d] or empty
};

/// Where a batch goes. `x` [n, d] is required, the rest may be empty.
struct GatherTarget {
  MatrixView<float> x;
  MatrixView<float> mask;             ///< [n, d]: 1 where the value is present, 0 where it was NaN
  VectorView<std::int64_t> examples;  ///< [n]: each row's index in the dataset, for NoiseSource
};

/// Row i of the target is dataset row permutation[state.cursor + i] (state null: cursor 0), preprocessed. A
/// NaN becomes 0, with mask 0. "=". A ragged last batch has a target of as many rows as are left. Throws
/// ShapeError where the widths differ, or where the target has more rows than the source. Nothing is read
/// outside the dataset: a cursor or permutation that points there throws ShapeError on the CPU; on CUDA,
/// where the host cannot see it, those rows are NaN with mask 1 and example −1, so that the loss says so.
void gather_batch(Context& context, const GatherTarget& target, const GatherSource& source,
                  const Preprocess& preprocess, const StepState* state);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/gather_batch.cu
decltype(ops::gather_batch) gather_batch;
}  // namespace elbo::cuda
