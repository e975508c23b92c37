#pragma once
// The one variance of the gaussian-shared likelihood, which follows the optimum for the data. For given
// means, −Σ log N(x; μ, σ²) is minimal if σ² is the mean of (x − μ)² (the "optimal σ-VAE" of Rybkin,
// Daniilidis & Levine 2021). Here it is a running mean over training steps, so that in evaluation the
// variance does not depend on the batch.

#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// The costs of a batch of n examples with K samples each, computed with the variance that is updated.
struct GaussianCosts {
  VectorView<const float> nll;      ///< [n·K] −log p(x|z), nats; row i·K + k is sample k of example i
  VectorView<const float> weights;  ///< [n·K] the weight of each; empty: 1
  MatrixView<const float> mask;     ///< [n, d] 1 where a value is present, else 0; empty: all present
  std::int64_t examples = 0;        ///< n
  std::int64_t values = 0;          ///< d
};

/// sums[0] = Σ_r w_r Σ_j (x_j − μ_j)² over present values, and sums[1] = Σ_r w_r · present values; "+=" with
/// `accumulate`. The squared errors are computed from nll and *log_variance. `sums` [2] and `log_variance`
/// [1] are on the device. In double, in a fixed order. Throws ShapeError.
void squared_error_sums(Context& context, double* sums, const GaussianCosts& costs, const float* log_variance,
                        bool accumulate);

/// *log_variance ← log((1 − a)σ² + a·sums[0]/sums[1]) with σ² = exp(*log_variance), a = max(9/(10 + t), 0.01)
/// and t = state->step, at least −20. It stays if sums[1] is 0 or the step is skipped. All are on the device.
/// Throws ShapeError.
void move_shared_variance(Context& context, float* log_variance, const double* sums, const StepState* state);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/shared_variance.cu
decltype(ops::squared_error_sums) squared_error_sums;
decltype(ops::move_shared_variance) move_shared_variance;
}  // namespace elbo::cuda
