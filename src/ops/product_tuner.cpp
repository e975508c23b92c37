#include "ops/product_tuner.h"

#include <vector>

#include "ops/linear.h"
#include "runtime/buffer.h"
#include "runtime/check.h"

namespace elbo::ops {

#if ELBO_HAS_CUDA
namespace {

/// Numbers in (−1, 1) that are not all alike: products of constants draw less power, and run faster.
Buffer<float> scratch_numbers(Context& context, std::int64_t size) {
  constexpr std::int64_t kBlock = 1 << 16;
  std::vector<float> block(static_cast<std::size_t>(std::min(size, kBlock)));
  std::uint32_t state = 1;
  for (float& value : block) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-31f;
  }
  Buffer<float> numbers(context, size);
  for (std::int64_t first = 0; first < size; first += kBlock) {
    const auto count = static_cast<std::size_t>(std::min(kBlock, size - first));
    context.copy_to_device(numbers.data() + first, block.data(), sizeof(float) * count);
  }
  return numbers;
}

/// A layer's product on memory of its own.
class Trial {
 public:
  Trial(Context& context, const ProductKey& key)
      : context_(context),
        key_(key),
        a_(scratch_numbers(context, key.m * key.k)),
        b_(scratch_numbers(context, key.n * key.k)),
        c_(scratch_numbers(context, key.m * key.n)),
        bias_(scratch_numbers(context, key.kind == ProductKind::backward_params ? key.m : key.n)) {}

  void run(const ProductPlan& plan) {
    const auto [m, n, k, kind, precision] = key_;
    switch (kind) {
      case ProductKind::forward:
        return cuda::linear_forward(context_, plan, c_.matrix(m, n), {}, a_.matrix(m, k), b_.matrix(n, k),
                                    bias_.view(), Activation::relu);
      case ProductKind::backward_input:
        return cuda::linear_backward_input(context_, plan, c_.matrix(m, n), a_.matrix(m, k), b_.matrix(k, n),
                                           {}, Activation::identity);
      case ProductKind::backward_params:
        return cuda::linear_backward_params(context_, plan, c_.matrix(m, n), bias_.view(), a_.matrix(k, m),
                                            b_.matrix(k, n), false);
    }
  }

 private:
  Context& context_;
  ProductKey key_;
  Buffer<float> a_, b_, c_, bias_;
};

/// The candidates worth their time, the one expected to be the best first.
std::vector<ProductPlan> promising(const ProductKey& key, const ProductLimits& limits) {
  constexpr double kFarBehind = 4.0;
  constexpr int kMostOwn = 10, kMostBlas = 4;
  std::vector<ProductPlan> plans;
  int own = 0, blas = 0;
  for (const ProductPlan& plan : candidates(key, limits)) {
    const bool first = plans.empty(), library = plan.engine == ProductEngine::blas;
    if (!first &&
        predicted_seconds(plan, key, limits) > kFarBehind * predicted_seconds(plans.front(), key, limits)) {
      continue;
    }
    if (library ? blas++ < kMostBlas : own++ < kMostOwn) plans.push_back(plan);
  }
  return plans;
}

}  // namespace

ProductLimits product_limits(Context& context) {
  return cuda::product_limits(context);
}

ProductPlan fastest_plan(Context& context, const ProductKey& key, const Stopwatch& stopwatch) {
  constexpr double kWorthIt = 0.97;
  const auto plans = promising(key, product_limits(context));
  if (plans.size() == 1 || key.flops() == 0.0) return plans.front();
  Trial trial(context, key);
  ProductPlan best = plans.front();
  double best_seconds = 0.0;
  for (const ProductPlan& plan : plans) {
    const double seconds = stopwatch([&] { trial.run(plan); });
    if (plan == plans.front() || seconds < kWorthIt * best_seconds) {
      best = plan;
      best_seconds = seconds;
    }
  }
  return best;
}
#else
ProductLimits product_limits(Context&) {
  throw DeviceError("this build of elbo has no CUDA, whose products have plans");
}
ProductPlan fastest_plan(Context& context, const ProductKey&, const Stopwatch&) {
  product_limits(context);
  return {};
}
#endif

}  // namespace elbo::ops
