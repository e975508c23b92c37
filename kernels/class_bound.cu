// The bound of examples whose class may be unknown: one warp per example, whose lanes take every 32nd class.

#include "ops/class_bound.h"

#include "math/class_bound.h"
#include "platform.cuh"
#include "warp.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kExamples = kThreads / kWarpSize;  // one warp each

__device__ inline math::ClassRow row_of(const ops::ClassBound& result, const ops::ClassCosts& costs,
                                        std::int64_t example) {
  const std::int64_t classes = costs.logits.cols, first = example * classes;
  math::ClassRow row;
  row.nll = costs.nll.data + first * costs.nll.cols;
  row.parts = costs.nll.cols;
  row.kl = costs.kl.data + first;
  row.logits = costs.logits.data + example * costs.logits.stride;
  row.classes = classes;
  row.label = math::class_of_label(costs.label.data[example], classes);
  row.weights = result.weights.data + first;
  row.dlogits = result.dlogits.data ? result.dlogits.data + example * result.dlogits.stride : nullptr;
  return row;
}

__global__ void __launch_bounds__(kThreads)
    class_bound_kernel(ops::ClassBound result, ops::ClassCosts costs, ops::ClassWeighting weighting) {
  const std::int64_t example = static_cast<std::int64_t>(blockIdx.x) * kExamples + warp_in_block();
  if (example >= costs.logits.rows) return;  // the whole warp; no barrier follows
  const math::ClassRow row = row_of(result, costs, example);
  const math::ClassLanes lanes = {lane_in_warp(), kWarpSize};
  const math::ClassScales scales = {weighting.kl_weight ? *weighting.kl_weight : 1.0f, weighting.classifier,
                                    weighting.gradient_scale};
  const float largest = warp_max(math::largest_logit(row, lanes));
  const math::ClassSoftmax softmax(largest, warp_sum(math::sum_of_exp(row, largest, lanes)));
  math::ClassSums sums = math::weigh_classes(row, softmax, scales.kl_weight, lanes);
  sums.nll = warp_sum(sums.nll);
  sums.kl = warp_sum(sums.kl);
  const math::ClassResults results = math::class_results(row, softmax, sums, scales);
  math::finish_classes(row, softmax, results.cost, scales, lanes);
  if (lane_in_warp() != 0) return;
  if (result.nll.data) result.nll.data[example] = results.nll;
  if (result.kl.data) result.kl.data[example] = results.kl;
  if (result.cost.data) result.cost.data[example] = results.cost;
}

}  // namespace

void class_bound(Context& context, const ops::ClassBound& result, const ops::ClassCosts& costs,
                 const ops::ClassWeighting& weighting) {
  launch(context.cuda(), LaunchShape{blocks_for(costs.logits.rows, kExamples), kThreads}, class_bound_kernel,
         result, costs, weighting);
}

}  // namespace elbo::cuda
