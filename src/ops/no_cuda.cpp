// Replaces cuda_gemm_tuner.cpp in a build without CUDA, whose contexts are never on a GPU.
#include "base/check.h"
#include "ops/gemm_tuner.h"

namespace elbo::ops {

GemmLimits gemm_limits(Context&) {
  throw DeviceError("this build of elbo has no CUDA, so its products have no plans");
}

std::optional<GemmPlan> fastest_plan(Context& context, const GemmKey&, const Stopwatch&) {
  gemm_limits(context);
  return std::nullopt;
}

}  // namespace elbo::ops
