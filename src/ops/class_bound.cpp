#include "ops/class_bound.h"

#include "base/check.h"
#include "base/team.h"
#include "math/class_bound.h"
#include "ops/kernels.h"
#include "ops/shapes.h"

namespace elbo::ops {
namespace {

constexpr const char* kOp = "class_bound";
constexpr std::int64_t kParallelClasses = 1 << 10;

void check(const ClassBound& result, const ClassCosts& costs) {
  const std::int64_t examples = costs.logits.rows, classes = costs.logits.cols, rows = examples * classes;
  check_matrix(kOp, "logits", costs.logits, examples, classes);
  ELBO_CHECK(classes > 0 || examples == 0, ShapeError, kOp, " was given logits of no class");
  check_shape(kOp, "nll", costs.nll, rows, costs.nll.cols);
  check_contiguous(kOp, "nll", costs.nll);
  check_size(kOp, "kl", costs.kl, rows);
  check_size(kOp, "label", costs.label, examples);
  check_size(kOp, "weights", result.weights, rows);
  check_optional_size(kOp, "the sum of nll", result.nll, examples);
  check_optional_size(kOp, "the sum of kl", result.kl, examples);
  check_optional_size(kOp, "cost", result.cost, examples);
  if (!result.dlogits.empty()) check_matrix(kOp, "dlogits", result.dlogits, examples, classes);
}

double bytes_of(const ClassBound& result, const ClassCosts& costs) {
  const std::int64_t of_class = costs.nll.cols + 3 + (result.dlogits.empty() ? 0 : 1);
  const std::int64_t of_example =
      1 + (result.nll.empty() ? 0 : 1) + (result.kl.empty() ? 0 : 1) + (result.cost.empty() ? 0 : 1);
  return 4.0 * static_cast<double>(costs.kl.size * of_class + costs.label.size * of_example);
}

math::ClassRow row_of(const ClassBound& result, const ClassCosts& costs, std::int64_t example) {
  const std::int64_t classes = costs.logits.cols, first = example * classes;
  return {.nll = costs.nll.row(first),
          .parts = costs.nll.cols,
          .kl = costs.kl.data + first,
          .logits = costs.logits.row(example),
          .classes = classes,
          .label = math::class_of_label(costs.label.data[example], classes),
          .weights = result.weights.data + first,
          .dlogits = result.dlogits.row(example)};
}

void bound_example(const ClassBound& result, const ClassCosts& costs, const math::ClassScales& scales,
                   std::int64_t example) {
  constexpr math::ClassLanes kAll = {0, 1};
  const math::ClassRow row = row_of(result, costs, example);
  const float largest = math::largest_logit(row, kAll);
  const math::ClassSoftmax softmax(largest, math::sum_of_exp(row, largest, kAll));
  const math::ClassSums sums = math::weigh_classes(row, softmax, scales.kl_weight, kAll);
  const math::ClassResults results = math::class_results(row, softmax, sums, scales);
  math::finish_classes(row, softmax, results.cost, scales, kAll);
  if (result.nll.data) result.nll.data[example] = results.nll;
  if (result.kl.data) result.kl.data[example] = results.kl;
  if (result.cost.data) result.cost.data[example] = results.cost;
}

}  // namespace

void class_bound(Context& context, const ClassBound& result, const ClassCosts& costs,
                 const ClassWeighting& weighting) {
  check(result, costs);
  const std::int64_t examples = costs.logits.rows;
  if (examples == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call(kOp, concat(examples, "x", costs.logits.cols), bytes_of(result, costs));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::class_bound(context, result, costs, weighting); });
  }
  const math::ClassScales scales = {weighting.kl_weight ? *weighting.kl_weight : 1.0f, weighting.classifier,
                                    weighting.gradient_scale};
  parallel_for(context.team(), examples, costs.kl.size >= kParallelClasses,
               [&](std::int64_t example) { bound_example(result, costs, scales, example); });
}

}  // namespace elbo::ops
