// Adam or Adamax over the flat arena, four parameters per thread, and the step counters.

#include "ops/adam.h"

#include "math/update.h"
#include "memory.cuh"
#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    adam_kernel(float* values, const float* gradient, float* m, float* v, std::int64_t size, bool aligned,
                math::AdamConstants constants, const StepState* state) {
  const std::int64_t first = 4 * (static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x);
  const std::int64_t count = size - first;
  if (count <= 0 || state->skipped) return;  // no barrier follows
  const math::AdamCoefficients c = math::adam_coefficients(constants, *state);
  float4 p4 = load4(values + first, count, aligned);
  const float4 g4 = load4(gradient + first, count, aligned);
  float4 m4 = load4(m + first, count, aligned);
  float4 v4 = load4(v + first, count, aligned);
  math::update_parameter(p4.x, g4.x, m4.x, v4.x, c);
  math::update_parameter(p4.y, g4.y, m4.y, v4.y, c);
  math::update_parameter(p4.z, g4.z, m4.z, v4.z, c);
  math::update_parameter(p4.w, g4.w, m4.w, v4.w, c);
  store4(values + first, p4, count, aligned);
  store4(m + first, m4, count, aligned);
  store4(v + first, v4, count, aligned);
}

__global__ void advance_kernel(StepState* next, const StepState* state, const StepRates* rates,
                               std::int64_t rates_size, std::int64_t batch, double beta1, double beta2) {
  *next = math::advanced(*state, rates, rates_size, batch, beta1, beta2);
}

__global__ void skip_kernel(StepState* state, SkippedSteps* skipped, const float* norm, float limit,
                            double beta1, double beta2) {
  math::skip_beyond(*state, *skipped, *norm, limit, beta1, beta2);
}

}  // namespace

void adam(Context& context, VectorView<float> values, VectorView<const float> gradient, VectorView<float> m,
          VectorView<float> v, const ops::AdamSettings& settings, const StepState* state) {
  const bool aligned =
      aligned16(values.data) && aligned16(gradient.data) && aligned16(m.data) && aligned16(v.data);
  launch(context.cuda(), LaunchShape{blocks_for(values.size, 4 * kThreads), kThreads}, adam_kernel,
         values.data, gradient.data, m.data, v.data, values.size, aligned, settings.constants(), state);
}

void advance_step(Context& context, StepState* next, const StepState* state,
                  VectorView<const StepRates> rates, std::int64_t batch, const ops::AdamSettings& settings) {
  launch(context.cuda(), LaunchShape{1, 1}, advance_kernel, next, state, rates.data, rates.size, batch,
         settings.beta1, settings.beta2);
}

void skip_beyond(Context& context, StepState* state, SkippedSteps* skipped, const float* norm, float limit,
                 const ops::AdamSettings& settings) {
  launch(context.cuda(), LaunchShape{1, 1}, skip_kernel, state, skipped, norm, limit, settings.beta1,
         settings.beta2);
}

}  // namespace elbo::cuda
