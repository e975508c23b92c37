// −log p(x | parameters) and its gradient in one pass: one block per row, four neighbouring values per
// thread. The categorical, which has many parameters, has one value per thread: neighbouring threads read
// neighbouring logits.

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
  bool aligned;  ///< whether all rows allow moving four values at once
};

/// Number of neighbouring values that a thread computes at a time.
template <class Likelihood>
inline constexpr int kAtOnce = 4;
template <>
inline constexpr int kAtOnce<math::Categorical> = 1;

/// Unpacks one parameter of four values.
__device__ void unpack(float4 from, float (&to)[4]) {
  to[0] = from.x;
  to[1] = from.y;
  to[2] = from.z;
  to[3] = from.w;
}

/// Returns −log p of up to four values of a row from j on, and writes their gradient.
template <class Likelihood>
__device__ float values_at(const Likelihood& likelihood, const LikelihoodArguments& a, std::int64_t row,
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
  ELBO_UNROLL
  for (int i = 0; i < 4; ++i) {
    float value_parameters[kParameters], value_gradient[kParameters];
    for (int p = 0; p < kParameters; ++p) value_parameters[p] = parameters[p][i];
    const bool counts = i < count && present[i] != 0.0f;
    const float nll = likelihood.nll(x[i], value_parameters);
    likelihood.nll_gradient(x[i], value_parameters, value_gradient);
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

/// One value's logits.
struct Logits {
  const float* first;
  std::int64_t size;  ///< values of a row: the distance between classes

  ELBO_HD float operator()(int c) const { return first[c * size]; }
};

/// The same for the single value j.
__device__ float values_at(const math::Categorical& likelihood, const LikelihoodArguments& a,
                           std::int64_t row, std::int64_t j, float row_weight) {
  const std::int64_t size = a.x.cols, example = row / a.samples;
  const Logits logit{a.parameters.data + row * a.parameters.stride + j, size};
  const float x = a.x.data[example * a.x.stride + j];
  const bool counts = !a.mask.data || a.mask.data[example * a.mask.stride + j] != 0.0f;
  const auto softmax = likelihood.softmax(x, logit);
  if (a.gradient.data) {
    float* const gradient = a.gradient.data + row * a.gradient.stride + j;
    const float max_probability = likelihood.max_probability(softmax);
    for (int c = 0; c < likelihood.classes; ++c) {
      const float slope = likelihood.nll_gradient(softmax, max_probability, x, c, logit(c));
      gradient[c * size] = counts ? slope * row_weight : 0.0f;
    }
  }
  return counts ? likelihood.nll(softmax) : 0.0f;
}

template <class Likelihood, int Threads>
__global__ void __launch_bounds__(Threads) likelihood_kernel(Likelihood given, LikelihoodArguments a) {
  const Likelihood likelihood = math::settled(given);
  auto& scratch = shared_storage<BlockScratch<float, Threads>>();
  const std::int64_t row = blockIdx.x;
  const float row_weight = a.weight.scale * (a.weight.per_row.data ? a.weight.per_row.data[row] : 1.0f);
  constexpr std::int64_t kStep = kAtOnce<Likelihood>;
  float sum = 0.0f;
  for (std::int64_t j = kStep * threadIdx.x; j < a.x.cols; j += kStep * Threads) {
    sum += values_at(likelihood, a, row, j, row_weight);
  }
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0 && a.nll.data) a.nll.data[row] = sum;
}

/// The mean of the value whose first parameter is at this address; its other parameters are `size` apart.
template <class Likelihood>
__device__ float mean_at(const Likelihood& likelihood, const float* parameters, std::int64_t size) {
  float of_value[Likelihood::kParameters];
  for (int p = 0; p < Likelihood::kParameters; ++p) of_value[p] = parameters[p * size];
  return likelihood.mean(of_value);
}
__device__ float mean_at(const math::Categorical& likelihood, const float* parameters, std::int64_t size) {
  return likelihood.mode<float>(Logits{parameters, size});
}

template <class Likelihood>
__global__ void __launch_bounds__(kThreads)
    mean_kernel(Likelihood likelihood, MatrixView<float> mean, MatrixView<const float> parameters) {
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= mean.rows * mean.cols) return;
  const std::int64_t row = item / mean.cols, j = item % mean.cols;
  mean.data[row * mean.stride + j] =
      mean_at(likelihood, parameters.data + row * parameters.stride + j, mean.cols);
}

template <class Likelihood, int Threads>
void launch_likelihood(CudaState& state, const Likelihood& likelihood, const LikelihoodArguments& arguments) {
  launch(state,
         LaunchShape{blocks_for(arguments.parameters.rows, 1), Threads, sizeof(BlockScratch<float, Threads>)},
         likelihood_kernel<Likelihood, Threads>, likelihood, arguments);
}

/// A row of few values takes a single warp.
template <class Likelihood>
void launch_likelihood(CudaState& state, const Likelihood& likelihood, const LikelihoodArguments& arguments) {
  if (arguments.x.cols <= kAtOnce<Likelihood> * kWarpSize) {
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
  math::visit_likelihood(kind, constants, [&](const auto& likelihood) {
    launch_likelihood(context.cuda(), likelihood, arguments);
  });
}

void likelihood_mean(Context& context, LikelihoodKind kind, const LikelihoodConstants& constants,
                     MatrixView<float> mean, MatrixView<const float> parameters) {
  const LaunchShape shape{blocks_for(mean.rows * mean.cols, kThreads), kThreads};
  math::visit_likelihood(kind, constants, [&](const auto& likelihood) {
    launch(context.cuda(), shape, mean_kernel<std::decay_t<decltype(likelihood)>>, likelihood, mean,
           parameters);
  });
}

}  // namespace elbo::cuda
