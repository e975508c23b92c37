#include "ops/linear_likelihood.h"

#include "ops/kernels.h"
#include "ops/linear.h"
#include "base/check.h"

namespace elbo::ops {

bool linear_likelihood_takes(LikelihoodKind kind) {
  return math::visit_likelihood(kind, {}, [](const auto& likelihood) {
    return kLinearLikelihoodTakes<std::decay_t<decltype(likelihood)>>;
  });
}

std::int64_t nll_parts(const Context& context, std::int64_t d) {
  constexpr std::int64_t kColumns = 32;  // the narrowest tile of a product
  return context.is_cuda() ? (d + kColumns - 1) / kColumns : 1;
}

void linear_likelihood(Context& context, LikelihoodKind kind, const LikelihoodConstants& constants,
                       MatrixView<float> nll, MatrixView<float> gradient, MatrixView<const float> h,
                       MatrixView<const float> w, VectorView<const float> b, MatrixView<const float> x,
                       MatrixView<const float> mask, const RowWeight& weight) {
  const std::int64_t rows = h.rows, d = w.rows;
  ELBO_CHECK(linear_likelihood_takes(kind), ShapeError, "linear_likelihood was given the ",
             likelihood_name(kind), " likelihood, which it does not take");
  ELBO_CHECK(constants.variance > 0.0f && constants.scale > 0.0f, ShapeError, "the gaussian's variance was ",
             constants.variance, ", the laplace's scale ", constants.scale);
  ELBO_CHECK(w.contiguous() && !w.empty() && h.cols == w.cols, ShapeError, "linear_likelihood was given h [",
             h.rows, ", ", h.cols, "] and w [", w.rows, ", ", w.cols, "]");
  ELBO_CHECK(b.empty() || b.size == d, ShapeError, "linear_likelihood was given ", b.size, " biases for ", d,
             " values");
  ELBO_CHECK(x.cols == d && (x.rows == 0 ? rows == 0 : rows % x.rows == 0), ShapeError,
             "linear_likelihood was given x [", x.rows, ", ", x.cols, "] for ", rows, " rows of ", d,
             " values");
  ELBO_CHECK(mask.empty() || (mask.rows == x.rows && mask.cols == d), ShapeError,
             "linear_likelihood was given a mask [", mask.rows, ", ", mask.cols, "] for x [", x.rows, ", ", d,
             "]");
  ELBO_CHECK(gradient.rows == rows && gradient.cols == d, ShapeError,
             "linear_likelihood was given a gradient [", gradient.rows, ", ", gradient.cols, "] for ", rows,
             " rows of ", d, " values");
  ELBO_CHECK(nll.rows == rows && nll.cols == nll_parts(context, d) && nll.contiguous(), ShapeError,
             "linear_likelihood was given nll [", nll.rows, ", ", nll.cols, "] where [", rows, ", ",
             nll_parts(context, d), "] is needed, contiguous");
  ELBO_CHECK(weight.per_row.empty() || weight.per_row.size == rows, ShapeError,
             "linear_likelihood was given ", weight.per_row.size, " row weights for ", rows, " rows");
  if (rows == 0) return;
  const TracedOp traced(context, [&] {
    return product_call(context, "linear_likelihood", concat(rows, "x", h.cols, " -> ", rows, "x", d), rows,
                        h.cols, d, d + x.rows * d * (mask.empty() ? 1 : 2));
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
