#include "ops/gemm_tuner.h"

#include <optional>
#include <vector>

#include "ops/linear.h"
#include "ops/linear_adam.h"
#include "runtime/buffer.h"
#include "base/check.h"

namespace elbo::ops {

namespace {

/// Fills memory with varied numbers in (−1, 1): products of constants draw less power and run faster.
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

/// A layer's product on its own memory, with the most common epilogue in training. After cuBLAS, the epilogue
/// is a separate pass.
class Trial {
 public:
  Trial(Context& context, const GemmKey& key)
      : context_(context),
        key_(key),
        a_(scratch_numbers(context, key.m * key.k)),
        b_(scratch_numbers(context, key.n * key.k)),
        c_(scratch_numbers(context, key.m * key.n)),
        bias_(scratch_numbers(context, key.kind == GemmKind::backward_params ? key.m : key.n)) {
    if (key.kind == GemmKind::backward_input) saved_ = scratch_numbers(context, key.m * key.n);
    if (key.kind != GemmKind::backward_params) return;
    weight_ = scratch_numbers(context, key.m * key.n);
    for (Buffer<float>* moment : {&first_moment_, &second_moment_}) {
      *moment = Buffer<float>(context, key.m * key.n);
      moment->fill_zero();
    }
    for (Buffer<float>* moment : {&bias_first_moment_, &bias_second_moment_}) {
      *moment = Buffer<float>(context, key.m);
      moment->fill_zero();
    }
    const StepState first{
        .step = 1, .learning_rate = 1e-3f, .bias_correction1 = 0.1f, .bias_correction2 = 1e-3f};
    state_ = Buffer<StepState>(context, std::span<const StepState>(&first, 1));
  }

  void run(const GemmPlan& plan) {
    const auto [m, n, k, kind, precision] = key_;
    switch (kind) {
      case GemmKind::forward:
        return cuda::linear_forward(context_, plan, c_.matrix(m, n), {}, a_.matrix(m, k), b_.matrix(n, k),
                                    bias_.view(), Activation::relu);
      case GemmKind::backward_input:
        return cuda::linear_backward_input(context_, plan, c_.matrix(m, n), a_.matrix(m, k), b_.matrix(k, n),
                                           saved_.matrix(m, n), Activation::relu);
      case GemmKind::backward_params: {
        const AdamLayer layer{weight_.matrix(m, n), first_moment_.matrix(m, n), second_moment_.matrix(m, n),
                              bias_.view(),         bias_first_moment_.view(),  bias_second_moment_.view()};
        return cuda::linear_adam(context_, plan, layer, c_.matrix(m, n), a_.matrix(k, m), b_.matrix(k, n),
                                 {0.9, 0.999, 1e-8f, 0.0f}, state_.data());
      }
    }
  }

 private:
  Context& context_;
  GemmKey key_;
  Buffer<float> a_, b_, c_, bias_, saved_;
  Buffer<float> weight_, first_moment_, second_moment_, bias_first_moment_, bias_second_moment_;
  Buffer<StepState> state_;
};

/// The candidates worth timing, beginning with the one predicted to be the fastest.
std::vector<GemmPlan> promising(const GemmKey& key, const GemmLimits& limits) {
  constexpr double kFarBehind = 4.0;
  constexpr int kMaxOwn = 10, kMaxBlas = 4;
  std::vector<GemmPlan> plans;
  int own = 0, blas = 0;
  for (const GemmPlan& plan : candidates(key, limits)) {
    const bool first = plans.empty(), library = plan.engine == GemmEngine::blas;
    if (!first &&
        predicted_seconds(plan, key, limits) > kFarBehind * predicted_seconds(plans.front(), key, limits)) {
      continue;
    }
    if (library ? blas++ < kMaxBlas : own++ < kMaxOwn) plans.push_back(plan);
  }
  return plans;
}

}  // namespace

GemmLimits gemm_limits(Context& context) {
  return cuda::gemm_limits(context);
}

std::optional<GemmPlan> fastest_plan(Context& context, const GemmKey& key, const Stopwatch& stopwatch) {
  constexpr double kWorthIt = 0.97;
  const auto plans = promising(key, gemm_limits(context));
  if (plans.size() == 1 || key.flops() == 0.0) return plans.front();
  std::optional<Trial> trial;
  try {
    trial.emplace(context, key);
  } catch (const DeviceError&) {
    return std::nullopt;  // no memory for trials; the training itself may have enough
  }
  GemmPlan best = plans.front();
  double best_seconds = 0.0;
  for (const GemmPlan& plan : plans) {
    const double seconds = stopwatch([&] { trial->run(plan); });
    if (plan == plans.front() || seconds < kWorthIt * best_seconds) {
      best = plan;
      best_seconds = seconds;
    }
  }
  return best;
}

}  // namespace elbo::ops
