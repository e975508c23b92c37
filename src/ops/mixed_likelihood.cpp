#include "ops/mixed_likelihood.h"

#include "math/column_likelihood.h"
#include "ops/kernels.h"
#include "ops/likelihood_shapes.h"
#include "base/check.h"

namespace elbo::ops {
namespace {

constexpr std::int64_t kParallelSize = 1 << 10;  // parameters

}  // namespace

void mixed_likelihood(Context& context, const ColumnLikelihoods& likelihoods, VectorView<float> nll,
                      MatrixView<float> gradient, MatrixView<const float> parameters,
                      MatrixView<const float> x, MatrixView<const float> mask, const RowWeight& weight) {
  const std::int64_t rows = parameters.rows;
  check_size("mixed_likelihood", "columns", likelihoods.columns, math::kColumnNumbers * x.cols);
  check_row_costs("mixed_likelihood", nll, gradient, parameters, x, mask, weight);
  if (rows == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call(
        "mixed_likelihood", concat(rows, "x", parameters.cols),
        4.0 * static_cast<double>((gradient.empty() ? 1 : 2) * rows * parameters.cols + x.rows * x.cols));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::mixed_likelihood(context, likelihoods, nll, gradient, parameters, x, mask, weight);
    });
  }
  const std::int64_t samples = rows / x.rows;
  parallel_for(context.team(), rows, rows * parameters.cols >= kParallelSize, [&](std::int64_t row) {
    const std::int64_t example = row / samples;
    const float row_weight = weight.scale * (weight.per_row.empty() ? 1.0f : weight.per_row.data[row]);
    float sum = 0.0f;
    for (std::int64_t j = 0; j < x.cols; ++j) {
      sum += math::column_cost(math::column_at(likelihoods.columns.data, j), likelihoods.constants, j,
                               x.row(example), mask.row(example), parameters.row(row), gradient.row(row),
                               row_weight);
    }
    if (!nll.empty()) nll.data[row] = sum;
  });
}

void mixed_likelihood_mean(Context& context, const ColumnLikelihoods& likelihoods, MatrixView<float> mean,
                           MatrixView<const float> parameters) {
  check_size("mixed_likelihood_mean", "columns", likelihoods.columns, math::kColumnNumbers * mean.cols);
  check_shape("mixed_likelihood_mean", "mean", mean, parameters.rows, mean.cols);
  if (mean.rows == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call("mixed_likelihood_mean", concat(mean.rows, "x", mean.cols),
                      4.0 * static_cast<double>(mean.rows * (mean.cols + parameters.cols)));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::mixed_likelihood_mean(context, likelihoods, mean, parameters); });
  }
  parallel_for(context.team(), mean.rows, mean.rows * parameters.cols >= kParallelSize,
               [&](std::int64_t row) {
                 for (std::int64_t j = 0; j < mean.cols; ++j) {
                   mean.row(row)[j] = math::column_mean(math::column_at(likelihoods.columns.data, j),
                                                        likelihoods.constants, parameters.row(row));
                 }
               });
}

}  // namespace elbo::ops
