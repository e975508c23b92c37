#pragma once
// Cases of ops::dropout.

#include <string>
#include <vector>

#include "cases/norm.h"
#include "cases/reparameterize.h"
#include "ops/dropout.h"

namespace elbo::test {

struct DropoutCase {
  std::int64_t examples = 1, cols = 1, samples = 1;
  Activation activation = Activation::identity;
  bool accumulate = false;
  bool addressed = false;  ///< example numbers and a time from the device
  std::int64_t stream = 0;
  float rate = 0.3f;

  std::int64_t rows() const { return examples * samples; }
  std::string name() const {
    return concat("n", examples, "_d", cols, "_k", samples, "_", activation_name(activation),
                  accumulate ? "_added" : "", addressed ? "_addressed" : "", stream ? "_stream" : "");
  }
  double flops() const { return 0.0; }
  double bytes() const { return 8.0 * static_cast<double>(rows() * cols); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(1000 * rows() + cols));
    const auto values = random.normal(rows() * cols), before = random.normal(rows() * cols);
    const auto initial = accumulate ? random.normal(rows() * cols) : std::vector<float>{};
    NoiseSource noise{.seed = 77, .purpose = NoisePurpose::dropout, .stream = stream};
    std::vector<std::int64_t> numbers;
    std::uint64_t time = 0;
    if (addressed) {
      numbers = random.indices(examples, std::int64_t{1} << 36);
      noise.examples = run.input<std::int64_t>("examples", numbers).data;
      time = 12345;
      noise.time = run.input<std::uint64_t>("time", {time}).data;
    }
    const auto x = run.input("x", rows(), cols, values);
    MatrixView<const float> saved;
    if (activation != Activation::identity) {
      saved = run.input("saved", rows(), cols, saved_of(activation, before));
    }
    const auto reference = [=, *this] {
      std::vector<double> y = widen(values);
      for (std::int64_t at = 0; at < rows() * cols; ++at) {
        const std::int64_t i = at / cols / samples, k = at / cols % samples, j = at % cols;
        const std::int64_t example = (stream << 48) + (addressed ? numbers[static_cast<std::size_t>(i)] : i);
        const std::int64_t dimension = k * ((cols + 3) / 4 * 4) + j;
        const double u = reference_uniform(77, NoisePurpose::dropout, example, time, dimension);
        y[static_cast<std::size_t>(at)] *= u < double{rate} ? 0.0 : 1.0 / (1.0 - double{rate});
      }
      return finished_gradient(std::move(y), activation, before, initial);
    };
    const auto y = run.output<float>("y", rows(), cols, reference, {2e-6, 2e-6}, initial);
    run.operation = [=, *this](Context& context) {
      ops::dropout(context, y, x, saved, activation, samples, rate, noise, accumulate);
    };
  }
};

}  // namespace elbo::test
