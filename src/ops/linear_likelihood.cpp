#include "ops/linear_likelihood.h"

#include "ops/kernels.h"
#include "ops/linear.h"
#include "ops/shapes.h"
#include "base/check.h"

namespace elbo::ops {

bool linear_likelihood_takes(LikelihoodKind kind) {
  return math::visit_likelihood(kind, {}, [](const auto& likelihood) {
    return kLinearLikelihoodTakes<std::decay_t<decltype(likelihood)>>;
  });
}

std::int64_t nll_parts(const Device& device, std::int64_t d) {
  constexpr std::int64_t kColumns = 32;  // the narrowest tile of a product
  return device.is_cuda() ? (d + kColumns - 1) / kColumns : 1;
}

void linear_likelihood(Context& context, LikelihoodKind kind, const LikelihoodConstants& constants,
                       MatrixView<float> nll, MatrixView<float> gradient, MatrixView<const float> h,
                       MatrixView<const float> w, VectorView<const float> b, MatrixView<const float> x,
                       MatrixView<const float> mask, const RowWeight& weight) {
  constexpr const char* kOp = "linear_likelihood";
  const std::int64_t rows = h.rows, d = w.rows;
  ELBO_CHECK(linear_likelihood_takes(kind), ShapeError, kOp, " was given the ", likelihood_name(kind),
             " likelihood, which it does not take");
  ELBO_CHECK(constants.variance > 0.0f && constants.scale > 0.0f, ShapeError, "the gaussian's variance was ",
             constants.variance, ", the laplace's scale ", constants.scale);
  ELBO_CHECK(w.contiguous() && !w.empty() && h.cols == w.cols, ShapeError, kOp, " was given h ", shape(h),
             " and w ", shape(w));
  ELBO_CHECK(x.cols == d && rows_per_example(rows, x.rows), ShapeError, kOp, " was given x ", shape(x),
             " for ", rows, " rows of ", d, " values");
  check_optional_size(kOp, "b", b, d);
  check_optional_shape(kOp, "mask", mask, x.rows, d);
  check_shape(kOp, "gradient", gradient, rows, d);
  check_shape(kOp, "nll", nll, rows, nll_parts(context.device(), d));
  ELBO_CHECK(nll.contiguous(), ShapeError, kOp, " was given nll that is not contiguous");
  check_optional_size(kOp, "weight.per_row", weight.per_row, rows);
  if (rows == 0) return;
  const TracedOp traced(context, [&] {
    return gemm_call(context, kOp, concat(rows, "x", h.cols, " -> ", rows, "x", d), rows, h.cols, d,
                     d + x.rows * d * (mask.empty() ? 1 : 2));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::linear_likelihood(context, kind, constants, nll, gradient, h, w, b, x, mask, weight);
    });
  }
  linear_forward(context, gradient, {}, h, w, b, Activation::identity);
  likelihood(context, kind, constants, {nll.data, rows}, gradient, gradient, x, mask, weight);
}

}  // namespace elbo::ops
