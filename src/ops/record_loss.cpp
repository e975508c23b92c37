#include "ops/record_loss.h"

#include <cmath>

#include "ops/kernels.h"
#include "base/check.h"

namespace elbo::ops {
namespace {

/// The sum of a view; 0 if it is empty.
double sum_of(const VectorView<const float>& values) {
  double sum = 0.0;
  for (std::int64_t i = 0; !values.empty() && i < values.size; ++i) sum += values.data[i];
  return sum;
}

}  // namespace

void record_loss(Context& context, double* sums, std::uint64_t* first_bad_step, const BatchCosts& costs,
                 const StepState* state) {
  const auto& [nll, kl, samples, objective, kl_cost, penalty] = costs;
  ELBO_CHECK(sums != nullptr && first_bad_step != nullptr, ShapeError,
             "record_loss was given no place for its results");
  ELBO_CHECK(!nll.empty() && nll.size > 0, ShapeError, "record_loss was given no nll");
  ELBO_CHECK(samples > 0, ShapeError, "record_loss was given ", samples, " samples");
  const auto fits = [&](const VectorView<const float>& of_examples) {  // clang captures no structured binding
    return of_examples.empty() ||
           (of_examples.size > 0 && costs.nll.size % (of_examples.size * costs.samples) == 0);
  };
  ELBO_CHECK(fits(kl) && fits(objective) && fits(penalty) && (!kl_cost || !kl.empty()), ShapeError,
             "record_loss was given ", nll.size, " nll of ", samples, " samples, ", kl.size, " kl, ",
             objective.size, " of the objective and ", penalty.size, " penalties");
  const TracedOp traced(context, [&] {
    return plain_call("record_loss", concat(costs.nll.size),
                      4.0 * static_cast<double>(costs.nll.size + costs.kl.size + costs.objective.size));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::record_loss(context, sums, first_bad_step, costs, state); });
  }
  const double reconstruction = sum_of(nll) / static_cast<double>(samples);
  const double divergence = sum_of(kl);
  const double kl_part = kl_cost ? static_cast<double>(kl.size) * *kl_cost
                                 : (state ? double{state->kl_weight} : 1.0) * divergence;
  const double minimised =
      sum_of(penalty) + (objective.empty() ? reconstruction + kl_part : sum_of(objective));
  sums[0] += reconstruction;
  sums[1] += divergence;
  sums[2] += minimised;
  if (*first_bad_step == 0 && !std::isfinite(reconstruction + divergence + minimised))
    *first_bad_step = state ? state->step : 1;
}

}  // namespace elbo::ops
