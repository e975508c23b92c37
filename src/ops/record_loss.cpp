#include "ops/record_loss.h"

#include <cmath>

#include "ops/kernels.h"
#include "runtime/check.h"

namespace elbo::ops {
namespace {

double sum_of(VectorView<const float> values) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < values.size; ++i) sum += values.data[i];
  return sum;
}

}  // namespace

void record_loss(Context& context, double* sums, std::uint64_t* first_bad_step, VectorView<const float> nll,
                 VectorView<const float> kl, const StepState* state) {
  ELBO_CHECK(sums != nullptr && first_bad_step != nullptr, ShapeError,
             "record_loss was given no place for its results");
  ELBO_CHECK(!nll.empty() && nll.size > 0, ShapeError, "record_loss was given no nll");
  ELBO_CHECK(kl.empty() || (kl.size > 0 && nll.size % kl.size == 0), ShapeError, "record_loss was given ",
             nll.size, " nll and ", kl.size, " kl");
  const TracedOp traced(context, [&] {
    return plain_call("record_loss", concat(nll.size), 4.0 * static_cast<double>(nll.size + kl.size));
  });
  ELBO_DISPATCH_CUDA(context, record_loss(context, sums, first_bad_step, nll, kl, state));
  const double reconstruction = sum_of(nll);
  const double divergence = kl.empty() ? 0.0 : sum_of(kl);
  sums[0] += reconstruction;
  sums[1] += divergence;
  if (*first_bad_step == 0 && !std::isfinite(reconstruction + divergence))
    *first_bad_step = state ? state->step : 1;
}

}  // namespace elbo::ops
