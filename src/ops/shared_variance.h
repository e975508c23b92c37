#pragma once
// The one variance of the gaussian-shared likelihood, which follows what is optimal for the data: for given
// means, −Σ log N(x; μ, σ²) is least where σ² is the mean of (x − μ)² (the "optimal σ-VAE" of Rybkin,
// Daniilidis & Levine 2021). Here the mean is a running one over the steps of a training, so that
// evaluation has a variance that does not depend on the batch at hand.

#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// A batch of n examples with K samples each, whose costs are of the variance to be moved.
struct GaussianCosts {
  VectorView<const float> nll;      ///< [n·K] −log p(x|z), nats; row i·K + k is sample k of example i
  VectorView<const float> weights;  ///< [n·K] how much each counts; empty: 1
  MatrixView<const float> mask;     ///< [n, d] 1 where a value is present, else 0; empty: all are
  std::int64_t examples = 0;        ///< n
  std::int64_t values = 0;          ///< d
};

/// sums[0] = Σ_r w_r Σ_j (x_j − μ_j)² over present values, and sums[1] = Σ_r w_r · present values; "+=" with
/// `accumulate`. The errors are worked out of nll and *log_variance. `sums` [2] and `log_variance` [1] are on
/// the device. In double, in a fixed order. Throws ShapeError.
void squared_error_sums(Context& context, double* sums, const GaussianCosts& costs, const float* log_variance,
                        bool accumulate);

/// *log_variance ← log((1 − a)σ² + a·sums[0]/sums[1]) with σ² = exp(*log_variance), a = max(9/(10 + t), 0.01)
/// and t = state->step, at least −20; as it is where sums[1] is 0 or the step is skipped. All on the device.
/// Throws ShapeError.
void move_shared_variance(Context& context, float* log_variance, const double* sums, const StepState* state);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/shared_variance.cu
decltype(ops::squared_error_sums) squared_error_sums;
decltype(ops::move_shared_variance) move_shared_variance;
}  // namespace elbo::cuda
