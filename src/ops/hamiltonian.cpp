#include "ops/hamiltonian.h"

#include <algorithm>
#include <cmath>

#include "math/philox.h"
#include "ops/kernels.h"
#include "ops/noise_row.h"
#include "ops/shapes.h"
#include "base/check.h"

namespace elbo::ops {
namespace {

constexpr std::int64_t kParallelSize = 1 << 14;  // values

float squared_norm(const MatrixView<const float>& of, std::int64_t row) {
  const float* values = of.row(row);
  float sum = 0.0f;
  for (std::int64_t d = 0; d < of.cols; ++d) sum += values[d] * values[d];
  return sum;
}

float uniform_number(const NoiseSource& noise, std::int64_t example, std::int64_t number) {
  const NoiseRow row = noise_row(noise, example);
  const auto words = math::noise_words(row.seed, row.subsequence, math::noise_block(row.time, number));
  return math::uniform(words.word[number % 4]);
}

}  // namespace

void leapfrog(Context& context, MatrixView<float> z, MatrixView<float> velocity,
              MatrixView<const float> gradient, float temperature, float kick, float drift) {
  check_shape("leapfrog", "velocity", velocity, z.rows, z.cols);
  check_shape("leapfrog", "gradient", gradient, z.rows, z.cols);
  if (z.rows == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call("leapfrog", concat(z.rows, "x", z.cols), 20.0 * static_cast<double>(z.rows * z.cols));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context,
                       [&] { cuda::leapfrog(context, z, velocity, gradient, temperature, kick, drift); });
  }
  parallel_for(context.team(), z.rows, z.rows * z.cols >= kParallelSize, [&](std::int64_t row) {
    float* at = z.row(row);
    float* v = velocity.row(row);
    const float* g = gradient.row(row);
    for (std::int64_t d = 0; d < z.cols; ++d) {
      v[d] -= kick * (at[d] + temperature * g[d]);
      at[d] += drift * v[d];
    }
  });
}

void hamiltonian(Context& context, VectorView<float> energy, MatrixView<const float> z,
                 MatrixView<const float> velocity, VectorView<const float> nll, float temperature) {
  check_shape("hamiltonian", "velocity", velocity, z.rows, z.cols);
  check_size("hamiltonian", "energy", energy, z.rows);
  check_size("hamiltonian", "nll", nll, z.rows);
  if (z.rows == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call("hamiltonian", concat(z.rows, "x", z.cols),
                      8.0 * static_cast<double>(z.rows * (z.cols + 1)));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::hamiltonian(context, energy, z, velocity, nll, temperature); });
  }
  parallel_for(context.team(), z.rows, z.rows * z.cols >= kParallelSize, [&](std::int64_t row) {
    energy.data[row] =
        0.5f * (squared_norm(velocity, row) + squared_norm(z, row)) + temperature * nll.data[row];
  });
}

void metropolis(Context& context, const ChainState<float>& state, const ChainState<const float>& proposal,
                VectorView<float> probability, VectorView<const float> before, VectorView<const float> after,
                std::int64_t chains, const NoiseSource& noise) {
  const MatrixView<const float> z = state.z;
  check_shape("metropolis", "gradient", state.gradient, z.rows, z.cols);
  check_shape("metropolis", "proposal", proposal.z, z.rows, z.cols);
  check_shape("metropolis", "proposal's gradient", proposal.gradient, z.rows, z.cols);
  check_size("metropolis", "nll", state.nll, z.rows);
  check_size("metropolis", "proposal's nll", proposal.nll, z.rows);
  check_size("metropolis", "probability", probability, z.rows);
  check_size("metropolis", "before", before, z.rows);
  check_size("metropolis", "after", after, z.rows);
  ELBO_CHECK(chains > 0 && z.rows % chains == 0, ShapeError, "metropolis was given ", z.rows, " chains, ",
             chains, " for each example");
  check_noise("metropolis", noise, chains, 1);
  if (z.rows == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call("metropolis", concat(z.rows, "x", z.cols),
                      16.0 * static_cast<double>(z.rows * (z.cols + 1)));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::metropolis(context, state, proposal, probability, before, after, chains, noise);
    });
  }
  parallel_for(context.team(), z.rows, z.rows * z.cols >= kParallelSize, [&](std::int64_t row) {
    const float change = before.data[row] - after.data[row];
    const float chance = change >= 0.0f ? 1.0f : change < 0.0f ? std::exp(change) : 0.0f;
    probability.data[row] = chance;
    if (!(uniform_number(noise, row / chains, noise.first_sample + row % chains) < chance)) return;
    std::copy_n(proposal.z.row(row), z.cols, state.z.row(row));
    std::copy_n(proposal.gradient.row(row), z.cols, state.gradient.row(row));
    state.nll.data[row] = proposal.nll.data[row];
  });
}

}  // namespace elbo::ops
