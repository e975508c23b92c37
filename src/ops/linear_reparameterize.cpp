#include "ops/linear_reparameterize.h"

#include "ops/kernels.h"
#include "ops/linear.h"
#include "ops/noise_row.h"
#include "ops/shapes.h"
#include "base/check.h"

namespace elbo::ops {

void linear_reparameterize_backward(Context& context, MatrixView<float> dmean,
                                    MatrixView<float> dlog_variance, MatrixView<float> dz,
                                    MatrixView<const float> dy, MatrixView<const float> w,
                                    MatrixView<const float> mean, MatrixView<const float> log_variance,
                                    const KlWeight& weight, float divisor, const NoiseSource& noise) {
  constexpr const char* kOp = "linear_reparameterize_backward";
  const std::int64_t rows = dy.rows, latent = w.cols;
  ELBO_CHECK(w.contiguous() && !w.empty() && dy.cols == w.rows, ShapeError, kOp, " was given dy ", shape(dy),
             " and w ", shape(w));
  check_shape(kOp, "dmean", dmean, rows, latent);
  check_shape(kOp, "dlog_variance", dlog_variance, rows, latent);
  check_shape(kOp, "dz", dz, rows, latent);
  check_shape(kOp, "mean", mean, rows, latent);
  check_shape(kOp, "log_variance", log_variance, rows, latent);
  check_optional_size(kOp, "weight.per_row", weight.per_row, rows);
  check_optional_size(kOp, "weight.per_dimension", weight.per_dimension, latent);
  ELBO_CHECK(weight.per_sample.empty(), ShapeError, kOp, " takes no weights per sample");
  check_noise(kOp, noise, 1, latent);
  if (rows == 0) return;
  const TracedOp traced(context, [&] {
    return gemm_call(context, kOp, concat(rows, "x", dy.cols, " -> ", rows, "x", latent), rows, latent,
                     dy.cols, 3 * rows * latent);
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::linear_reparameterize_backward(context, dmean, dlog_variance, dz, dy, w, mean, log_variance,
                                           weight, divisor, noise);
    });
  }
  linear_backward_input(context, dz, dy, w, {}, Activation::identity);
  reparameterize_backward(context, dmean, dlog_variance, dz, mean, log_variance, weight, divisor, noise);
}

}  // namespace elbo::ops
