#pragma once
// Cases of ops::leapfrog, ops::hamiltonian and ops::metropolis.

#include <cmath>
#include <string>
#include <vector>

#include "math/philox.h"
#include "ops/hamiltonian.h"
#include "base/check.h"
#include "support/op_case.h"

namespace elbo::test {

struct LeapfrogCase {
  std::int64_t chains = 1;
  std::int64_t latent = 1;
  bool last = false;  ///< no drift follows

  std::string name() const { return concat("n", chains, "_latent", latent, last ? "_last" : ""); }
  double flops() const { return 0.0; }
  double bytes() const { return 20.0 * static_cast<double>(chains * latent); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(chains * 100 + latent));
    const auto z = random.normal(chains * latent), velocity = random.normal(chains * latent),
               gradient = random.normal(chains * latent, 0.0, 5.0);
    constexpr float kTemperature = 0.3f, kKick = 0.07f;
    const float drift = last ? 0.0f : 0.14f;
    const auto reference = [=](bool of_velocity) {
      return [=] {
        std::vector<double> expected;
        for (std::size_t i = 0; i < z.size(); ++i) {
          const double v = velocity[i] - double{kKick} * (z[i] + double{kTemperature} * gradient[i]);
          expected.push_back(of_velocity ? v : z[i] + double{drift} * v);
        }
        return expected;
      };
    };
    const auto z_view = run.output<float>("z", chains, latent, reference(false), {1e-6, 1e-6}, z);
    const auto velocity_view =
        run.output<float>("velocity", chains, latent, reference(true), {1e-6, 1e-6}, velocity);
    const auto gradient_view = run.input<float>("gradient", chains, latent, gradient);
    run.operation = [=](Context& context) {
      ops::leapfrog(context, z_view, velocity_view, gradient_view, kTemperature, kKick, drift);
    };
  }
};

struct HamiltonianCase {
  std::int64_t chains = 1;
  std::int64_t latent = 1;

  std::string name() const { return concat("n", chains, "_latent", latent); }
  double flops() const { return 0.0; }
  double bytes() const { return 8.0 * static_cast<double>(chains * (latent + 1)); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(chains * 100 + latent));
    const auto z = random.normal(chains * latent), velocity = random.normal(chains * latent),
               nll = random.uniform(chains, 50.0, 300.0);
    constexpr float kTemperature = 0.3f;
    const auto reference = [=, *this] {
      std::vector<double> expected;
      for (std::size_t row = 0; row < nll.size(); ++row) {
        double sum = double{kTemperature} * nll[row];
        for (std::size_t at = row * static_cast<std::size_t>(latent);
             at < (row + 1) * static_cast<std::size_t>(latent); ++at)
          sum +=
              0.5 * (static_cast<double>(z[at]) * z[at] + static_cast<double>(velocity[at]) * velocity[at]);
        expected.push_back(sum);
      }
      return expected;
    };
    const auto energy = run.output<float>("energy", chains, reference,
                                          Tolerance::float_sum(2.0 * static_cast<double>(latent), 2.0));
    const auto z_view = run.input<float>("z", chains, latent, z);
    const auto velocity_view = run.input<float>("velocity", chains, latent, velocity);
    const auto nll_view = run.input<float>("nll", nll);
    run.operation = [=](Context& context) {
      ops::hamiltonian(context, energy, z_view, velocity_view, nll_view, kTemperature);
    };
  }
};

struct MetropolisCase {
  std::int64_t examples = 1;
  std::int64_t chains = 1;  ///< chains of each example
  std::int64_t latent = 1;
  bool addressed = false;  ///< example numbers from the device, and later chains

  std::string name() const {
    return concat("n", examples, "_k", chains, "_latent", latent, addressed ? "_addressed" : "");
  }
  double flops() const { return 0.0; }
  double bytes() const { return 16.0 * static_cast<double>(examples * chains * (latent + 1)); }

  void bind(OpRun& run) const {
    const std::int64_t rows = examples * chains;
    Random random(static_cast<std::uint64_t>(rows * 100 + latent));
    NoiseSource noise{.seed = 77, .purpose = NoisePurpose::importance};
    std::vector<std::int64_t> numbers;
    if (addressed) {
      numbers = random.indices(examples, std::int64_t{1} << 36);
      noise.examples = run.input<std::int64_t>("examples", numbers).data;
      noise.first_sample = 3 * chains + 1;
    }
    const auto before = random.normal(rows, 100.0, 1.0), after = random.normal(rows, 100.3, 1.0);
    std::vector<double> chance;
    std::vector<bool> taken;
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto at = static_cast<std::size_t>(row);
      const float change = before[at] - after[at];
      chance.push_back(std::min(1.0, std::exp(static_cast<double>(change))));
      const std::int64_t example = row / chains, number = noise.first_sample + row % chains;
      const auto words = math::noise_words(
          noise.seed,
          math::noise_subsequence(noise.purpose,
                                  addressed ? numbers[static_cast<std::size_t>(example)] : example),
          math::noise_block(0, number));
      taken.push_back(math::uniform(words.word[number % 4]) < chance.back());
    }
    const auto chosen = [=](const std::vector<float>& old, const std::vector<float>& proposed,
                            std::int64_t width) {
      return [=] {
        std::vector<double> expected;
        for (std::size_t i = 0; i < old.size(); ++i)
          expected.push_back(taken[i / static_cast<std::size_t>(width)] ? proposed[i] : old[i]);
        return expected;
      };
    };
    ops::ChainState<float> state;
    ops::ChainState<const float> proposal;
    const auto matrix = [&](const char* name, MatrixView<float>& to, MatrixView<const float>& from) {
      const auto old = random.normal(rows * latent), proposed = random.normal(rows * latent);
      to = run.output<float>(name, rows, latent, chosen(old, proposed, latent), Tolerance::exact(), old);
      from = run.input<float>(std::string("proposed_") + name, rows, latent, proposed);
    };
    matrix("z", state.z, proposal.z);
    matrix("gradient", state.gradient, proposal.gradient);
    const auto old = random.normal(rows), proposed = random.normal(rows);
    state.nll = run.output<float>("nll", rows, chosen(old, proposed, 1), Tolerance::exact(), old);
    proposal.nll = run.input<float>("proposed_nll", proposed);
    const auto probability = run.output<float>("probability", rows, [=] { return chance; }, {1e-6, 2e-6});
    const auto before_view = run.input<float>("before", before),
               after_view = run.input<float>("after", after);
    run.operation = [=, count = chains](Context& context) {
      ops::metropolis(context, state, proposal, probability, before_view, after_view, count, noise);
    };
  }
};

}  // namespace elbo::test
