#pragma once
// Rows of a few values in the form for evaluations.

#include <numeric>
#include <vector>

#include "evaluation/evaluation_data.h"

namespace elbo::test {

/// The rows of x [rows, dims], each keyed by its number. Both arguments must outlive the result.
inline EvaluationData rows_to_evaluate(Context& context, const std::vector<float>& x, std::int64_t dims) {
  EvaluationData rows;
  rows.count = static_cast<std::int64_t>(x.size()) / dims;
  rows.fill = [&context, &x, dims](const Batch& batch, std::int64_t first) {
    std::vector<std::int64_t> examples(static_cast<std::size_t>(batch.rows()));
    std::iota(examples.begin(), examples.end(), first);
    context.copy_to_device(batch.x().data, x.data() + first * dims,
                           sizeof(float) * static_cast<std::size_t>(batch.rows() * dims));
    context.copy_to_device(batch.examples().data, examples.data(), examples.size() * sizeof(std::int64_t));
  };
  return rows;
}

}  // namespace elbo::test
