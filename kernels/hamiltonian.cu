// Steps of Hamiltonian Monte Carlo. All are small beside the decoder's products, so plain kernels suffice.

#include "ops/hamiltonian.h"

#include "math/elementary.h"
#include "noise.cuh"
#include "platform.cuh"
#include "warp.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kRows = kThreads / kWarpSize;  // one warp each

__global__ void __launch_bounds__(kThreads)
    leapfrog_kernel(MatrixView<float> z, MatrixView<float> velocity, MatrixView<const float> gradient,
                    float temperature, float kick, float drift) {
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= z.rows * z.cols) return;
  const std::int64_t row = item / z.cols, d = item % z.cols;
  float& at = z.data[row * z.stride + d];
  float& v = velocity.data[row * velocity.stride + d];
  v -= kick * (at + temperature * gradient.data[row * gradient.stride + d]);
  at += drift * v;
}

/// A warp does one chain.
__global__ void __launch_bounds__(kThreads)
    hamiltonian_kernel(VectorView<float> energy, MatrixView<const float> z, MatrixView<const float> velocity,
                       VectorView<const float> nll, float temperature) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kRows + warp_in_block();
  if (row >= z.rows) return;  // the whole warp; no barrier follows
  float sum = 0.0f;
  for (std::int64_t d = lane_in_warp(); d < z.cols; d += kWarpSize) {
    const float at = z.data[row * z.stride + d], v = velocity.data[row * velocity.stride + d];
    sum += v * v + at * at;
  }
  sum = warp_sum(sum);
  if (lane_in_warp() == 0) energy.data[row] = 0.5f * sum + temperature * nll.data[row];
}

struct Choice {
  ops::ChainState<float> state;
  ops::ChainState<const float> proposal;
  VectorView<float> probability;
  VectorView<const float> before, after;
  std::int64_t chains;
  NoiseSource noise;
};

__device__ float uniform_number(const NoiseSource& noise, std::int64_t example, std::int64_t number) {
  const auto words = curand_words(
      noise.seed, math::noise_subsequence(noise.purpose, noise.examples ? noise.examples[example] : example),
      math::noise_block(noise.time ? *noise.time : 0, number));
  std::uint32_t word = words.word[0];
  ELBO_UNROLL
  for (int i = 1; i < 4; ++i)
    if (number % 4 == i) word = words.word[i];  // an index would put the words into local memory
  return math::uniform(word);
}

/// One warp per chain; every lane draws the same number.
__global__ void __launch_bounds__(kThreads) metropolis_kernel(Choice c) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kRows + warp_in_block();
  if (row >= c.state.z.rows) return;  // the whole warp; no barrier follows
  const float change = c.before.data[row] - c.after.data[row];
  const float chance = change >= 0.0f ? 1.0f : change < 0.0f ? math::exp(change) : 0.0f;
  const bool taken = uniform_number(c.noise, row / c.chains, c.noise.first_sample + row % c.chains) < chance;
  if (lane_in_warp() == 0) {
    c.probability.data[row] = chance;
    if (taken) c.state.nll.data[row] = c.proposal.nll.data[row];
  }
  if (!taken) return;
  for (std::int64_t d = lane_in_warp(); d < c.state.z.cols; d += kWarpSize) {
    c.state.z.data[row * c.state.z.stride + d] = c.proposal.z.data[row * c.proposal.z.stride + d];
    c.state.gradient.data[row * c.state.gradient.stride + d] =
        c.proposal.gradient.data[row * c.proposal.gradient.stride + d];
  }
}

}  // namespace

void leapfrog(Context& context, MatrixView<float> z, MatrixView<float> velocity,
              MatrixView<const float> gradient, float temperature, float kick, float drift) {
  launch(context.cuda(), LaunchShape{blocks_for(z.rows * z.cols, kThreads), kThreads}, leapfrog_kernel, z,
         velocity, gradient, temperature, kick, drift);
}

void hamiltonian(Context& context, VectorView<float> energy, MatrixView<const float> z,
                 MatrixView<const float> velocity, VectorView<const float> nll, float temperature) {
  launch(context.cuda(), LaunchShape{blocks_for(z.rows, kRows), kThreads}, hamiltonian_kernel, energy, z,
         velocity, nll, temperature);
}

void metropolis(Context& context, const ops::ChainState<float>& state,
                const ops::ChainState<const float>& proposal, VectorView<float> probability,
                VectorView<const float> before, VectorView<const float> after, std::int64_t chains,
                const NoiseSource& noise) {
  launch(context.cuda(), LaunchShape{blocks_for(state.z.rows, kRows), kThreads}, metropolis_kernel,
         Choice{state, proposal, probability, before, after, chains, noise});
}

}  // namespace elbo::cuda
