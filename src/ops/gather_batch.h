#pragma once
// Builds a batch from the resident dataset: rows by index, converted, scaled, binarised, standardised.

#include "elbo/choices.h"
#include "math/host_device.h"
#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// A matrix [starts.size − 1, cols] by compressed rows: the values of row i, and their columns in ascending
/// order, are at starts[i] … starts[i + 1]. A place that is not stored is 0.
struct SparseMatrix {
  std::int64_t cols = 0;
  VectorView<const std::int64_t> starts;
  VectorView<const std::int32_t> columns;
  VectorView<const float> values;

  ELBO_HD bool empty() const { return starts.data == nullptr; }
};

/// The dataset on the device; exactly one of the matrices [examples, d] is set.
struct GatherSource {
  MatrixView<const std::uint8_t> bytes;
  MatrixView<const float> values;
  SparseMatrix sparse;
  /// [examples] order of this epoch; empty: the stored order.
  VectorView<const std::int64_t> permutation;

  ELBO_HD std::int64_t examples() const {
    if (!sparse.empty()) return sparse.starts.size - 1;
    return bytes.data ? bytes.rows : values.rows;
  }
};

/// The preprocessing of a value, in this order: x·scale + offset; binarise; (x − mean_j)·inverse_deviation_j.
struct Preprocess {
  float scale = 1.0f;
  float offset = 0.0f;
  Binarize binarize =
      Binarize::none;  ///< threshold: x > `threshold`; dynamic: 1 with probability x, new each time
  float threshold = 0.5f;
  /// The seed and time for dynamic. The purpose is always binarize, and the examples are the rows' own.
  NoiseSource noise;
  VectorView<const float> mean;               ///< [d] or empty
  VectorView<const float> inverse_deviation;  ///< [d] or empty
};

/// The destination of a batch. `x` [n, d] is required, the rest may be empty.
struct GatherTarget {
  MatrixView<float> x;
  MatrixView<float> mask;             ///< [n, d]: 1 where the value is present, 0 where it was NaN
  VectorView<std::int64_t> examples;  ///< [n]: each row's index in the dataset, for NoiseSource
};

/// Row i of the target is dataset row permutation[state.cursor + i] (state null: cursor 0), preprocessed. A
/// NaN becomes 0, with mask 0. "=". For a shorter last batch the target has as many rows as are left. Throws
/// ShapeError if the widths differ, or the target has more rows than the source. Nothing is read outside the
/// dataset: a cursor or permutation that points outside throws ShapeError on the CPU. On CUDA the host cannot
/// see it, so those rows become NaN with mask 1 and example −1, and the loss shows it.
void gather_batch(Context& context, const GatherTarget& target, const GatherSource& source,
                  const Preprocess& preprocess, const StepState* state);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/gather_batch.cu
decltype(ops::gather_batch) gather_batch;
}  // namespace elbo::cuda
