// −log p(x | parameters) and its gradient in one pass: a block a row, four neighbouring values a thread.

#include "ops/likelihood.h"

#include "block.cuh"
#include "memory.cuh"
#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 256;

struct LikelihoodArguments {
  VectorView<float> nll;
  MatrixView<float> gradient;
  MatrixView<const float> parameters;
  MatrixView<const float> x;
  MatrixView<const float> mask;
  ops::RowWeight weight;
  std::int64_t samples;
  bool aligned;  ///< four values at once may be moved everywhere
};

/// Four parameters p of the values from `value` on.
__device__ void unpack(float4 from, float (&to)[4]) {
  to[0] = from.x;
  to[1] = from.y;
  to[2] = from.z;
  to[3] = from.w;
}

/// −log p of up to four values of a row from j on, whose gradient it writes.
template <class Likelihood>
__device__ float four_values(const Likelihood& likelihood, const LikelihoodArguments& a, std::int64_t row,
                             std::int64_t j, float row_weight) {
  constexpr int kParameters = Likelihood::kParameters;
  const std::int64_t size = a.x.cols, count = size - j, example = row / a.samples;
  float x[4], present[4] = {1.0f, 1.0f, 1.0f, 1.0f}, parameters[kParameters][4], gradient[kParameters][4];
  unpack(load4(a.x.data + example * a.x.stride + j, count, a.aligned), x);
  if (a.mask.data) unpack(load4(a.mask.data + example * a.mask.stride + j, count, a.aligned), present);
  for (int p = 0; p < kParameters; ++p) {
    unpack(load4(a.parameters.data + row * a.parameters.stride + p * size + j, count, a.aligned),
           parameters[p]);
  }
  float sum = 0.0f;
  for (int i = 0; i < 4; ++i) {
    float value_parameters[kParameters], value_gradient[kParameters];
    for (int p = 0; p < kParameters; ++p) value_parameters[p] = parameters[p][i];
    const bool counts = i < count && present[i] != 0.0f;
    const float nll = likelihood.nll(x[i], value_parameters);
    likelihood.dnll(x[i], value_parameters, value_gradient);
    sum += counts ? nll : 0.0f;
    for (int p = 0; p < kParameters; ++p) gradient[p][i] = counts ? value_gradient[p] * row_weight : 0.0f;
  }
  if (a.gradient.data) {
    for (int p = 0; p < kParameters; ++p) {
      store4(a.gradient.data + row * a.gradient.stride + p * size + j,
             {gradient[p][0], gradient[p][1], gradient[p][2], gradient[p][3]}, count, a.aligned);
    }
  }
  return sum;
}

template <class Likelihood, int Threads>
__global__ void __launch_bounds__(Threads) likelihood_kernel(Likelihood given, LikelihoodArguments a) {
  const Likelihood likelihood = math::settled(given);
  auto& scratch = shared_storage<BlockScratch<float, Threads>>();
  const std::int64_t row = blockIdx.x;
  const float row_weight = a.weight.scale * (a.weight.per_row.data ? a.weight.per_row.data[row] : 1.0f);
  float sum = 0.0f;
  for (std::int64_t j = 4 * static_cast<std::int64_t>(threadIdx.x); j < a.x.cols; j += 4 * Threads) {
    sum += four_values(likelihood, a, row, j, row_weight);
  }
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0 && a.nll.data) a.nll.data[row] = sum;
}

template <class Likelihood>
__global__ void __launch_bounds__(kThreads)
    mean_kernel(Likelihood likelihood, MatrixView<float> mean, MatrixView<const float> parameters) {
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= mean.rows * mean.cols) return;
  const std::int64_t row = item / mean.cols, j = item % mean.cols;
  float value_parameters[Likelihood::kParameters];
  for (int p = 0; p < Likelihood::kParameters; ++p) {
    value_parameters[p] = parameters.data[row * parameters.stride + p * mean.cols + j];
  }
  mean.data[row * mean.stride + j] = likelihood.mean(value_parameters);
}

template <class Likelihood, int Threads>
void launch_likelihood(CudaState& state, const Likelihood& likelihood, const LikelihoodArguments& arguments) {
  launch(state,
         LaunchShape{blocks_for(arguments.parameters.rows, 1), Threads, sizeof(BlockScratch<float, Threads>)},
         likelihood_kernel<Likelihood, Threads>, likelihood, arguments);
}

/// A row of a few values is one warp's work.
template <class Likelihood>
void launch_likelihood(CudaState& state, const Likelihood& likelihood, const LikelihoodArguments& arguments) {
  if (arguments.x.cols <= 4 * kWarpSize) {
    launch_likelihood<Likelihood, kWarpSize>(state, likelihood, arguments);
  } else {
    launch_likelihood<Likelihood, kThreads>(state, likelihood, arguments);
  }
}

bool empty_or_aligned(const MatrixView<const float>& view) {
  return view.empty() || rows_aligned16(view.data, view.stride);
}

}  // namespace

void likelihood(Context& context, LikelihoodKind kind, const LikelihoodConstants& constants,
                VectorView<float> nll, MatrixView<float> gradient, MatrixView<const float> parameters,
                MatrixView<const float> x, MatrixView<const float> mask, const ops::RowWeight& weight) {
  const bool aligned = empty_or_aligned(x) && empty_or_aligned(mask) && empty_or_aligned(parameters) &&
                       empty_or_aligned(gradient) && (x.cols % 4 == 0 || parameters.cols == x.cols);
  const LikelihoodArguments arguments{nll,    gradient, parameters, x, mask, weight, parameters.rows / x.rows,
                                      aligned};
  switch (kind) {
#define ELBO_CASE(kind, Likelihood) \
  case LikelihoodKind::kind:        \
    return launch_likelihood(context.cuda(), math::Likelihood(constants), arguments);
    ELBO_LIKELIHOODS(ELBO_CASE)
#undef ELBO_CASE
  }
}

void likelihood_mean(Context& context, LikelihoodKind kind, const LikelihoodConstants& constants,
                     MatrixView<float> mean, MatrixView<const float> parameters) {
  const LaunchShape shape{blocks_for(mean.rows * mean.cols, kThreads), kThreads};
  switch (kind) {
#define ELBO_CASE(kind, Likelihood)                                                                        \
  case LikelihoodKind::kind:                                                                               \
    return launch(context.cuda(), shape, mean_kernel<math::Likelihood>, math::Likelihood(constants), mean, \
                  parameters);
    ELBO_LIKELIHOODS(ELBO_CASE)
#undef ELBO_CASE
  }
}

}  // namespace elbo::cuda
