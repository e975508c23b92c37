// Adds noise to a batch: four values per thread, which share one block of Philox.

#include "ops/corrupt.h"

#include "math/corruption.h"
#include "memory.cuh"
#include "noise.cuh"
#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 128;

struct CorruptArguments {
  MatrixView<float> corrupted;
  MatrixView<const float> x, mask;
  ops::Corruption kind;
  float amount;
  NoiseSource noise;
  bool aligned;  ///< whether all rows allow moving four values at once
};

__device__ float corrupt_value(const CorruptArguments& a, float x, float present, float noise) {
  if (present == 0.0f) return x;
  return a.kind == ops::Corruption::gaussian ? math::with_gaussian_noise(x, noise, a.amount)
                                             : math::with_masking_noise(x, noise, a.amount);
}

__global__ void __launch_bounds__(kThreads) corrupt_kernel(CorruptArguments a) {
  const std::int64_t quads = (a.x.cols + 3) / 4;
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= a.x.rows * quads) return;  // no barrier follows
  const std::int64_t row = item / quads, j = 4 * (item % quads), count = a.x.cols - j;
  const NoiseRow source(a.noise, row);
  float noise[4];
  if (a.kind == ops::Corruption::gaussian) {
    source.normals(j, noise);
  } else {
    source.uniforms(j, noise);
  }
  const float4 x = load4(a.x.data + row * a.x.stride + j, count, a.aligned);
  float4 present = {1.0f, 1.0f, 1.0f, 1.0f};
  if (a.mask.data) present = load4(a.mask.data + row * a.mask.stride + j, count, a.aligned);
  store4(a.corrupted.data + row * a.corrupted.stride + j,
         {corrupt_value(a, x.x, present.x, noise[0]), corrupt_value(a, x.y, present.y, noise[1]),
          corrupt_value(a, x.z, present.z, noise[2]), corrupt_value(a, x.w, present.w, noise[3])},
         count, a.aligned);
}

}  // namespace

void corrupt(Context& context, MatrixView<float> corrupted, MatrixView<const float> x,
             MatrixView<const float> mask, ops::Corruption kind, float amount, const NoiseSource& noise) {
  const bool aligned = rows_aligned16(corrupted.data, corrupted.stride) && rows_aligned16(x.data, x.stride) &&
                       (mask.empty() || rows_aligned16(mask.data, mask.stride));
  const std::int64_t items = x.rows * ((x.cols + 3) / 4);
  launch(context.cuda(), LaunchShape{blocks_for(items, kThreads), kThreads}, corrupt_kernel,
         CorruptArguments{corrupted, x, mask, kind, amount, noise, aligned});
}

}  // namespace elbo::cuda
