// Dropout: four values per thread, which share one block of Philox.

#include "ops/dropout.h"

#include "gradient.cuh"
#include "math/corruption.h"
#include "noise.cuh"
#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 128;

struct DropoutArguments {
  GradientTarget y;
  MatrixView<const float> x;
  std::int64_t samples;
  float rate, scale;
  NoiseSource noise;
};

__global__ void __launch_bounds__(kThreads) dropout_kernel(DropoutArguments a) {
  const std::int64_t quads = (a.x.cols + 3) / 4;
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= a.x.rows * quads) return;  // no barrier follows
  const std::int64_t row = item / quads, j = 4 * (item % quads), count = a.x.cols - j;
  float u[4];
  NoiseRow(a.noise, row / a.samples).uniforms(4 * quads * (row % a.samples) + j, u);
  const float4 x = load4(a.x.data + row * a.x.stride + j, count, a.y.aligned);
  const auto value = [&](float of, float noise) {
    return math::with_masking_noise(of * a.scale, noise, a.rate);
  };
  a.y.write(row, j, {value(x.x, u[0]), value(x.y, u[1]), value(x.z, u[2]), value(x.w, u[3])}, count);
}

}  // namespace

void dropout(Context& context, MatrixView<float> y, MatrixView<const float> x, MatrixView<const float> saved,
             Activation activation, std::int64_t samples, float rate, const NoiseSource& noise,
             bool accumulate) {
  const bool aligned = rows_aligned16(y.data, y.stride) && rows_aligned16(x.data, x.stride) &&
                       (saved.empty() || rows_aligned16(saved.data, saved.stride));
  const std::int64_t items = x.rows * ((x.cols + 3) / 4);
  launch(context.cuda(), LaunchShape{blocks_for(items, kThreads), kThreads}, dropout_kernel,
         DropoutArguments{
             {y, saved, activation, accumulate, aligned}, x, samples, rate, 1.0f / (1.0f - rate), noise});
}

}  // namespace elbo::cuda
