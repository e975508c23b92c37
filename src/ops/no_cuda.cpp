// Replaces cuda_product_tuner.cpp in a build without CUDA, whose contexts are never on a GPU.
#include "base/check.h"
#include "ops/product_tuner.h"

namespace elbo::ops {

ProductLimits product_limits(Context&) {
  throw DeviceError("this build of elbo has no CUDA, so its products have no plans");
}

std::optional<ProductPlan> fastest_plan(Context& context, const ProductKey&, const Stopwatch&) {
  product_limits(context);
  return std::nullopt;
}

}  // namespace elbo::ops
