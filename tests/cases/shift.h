#pragma once
// Cases of ops::shift_forward and ops::shift_backward.

#include <string>
#include <vector>

#include "base/check.h"
#include "cases/activations.h"
#include "ops/shift.h"
#include "support/op_case.h"

namespace elbo::test {

struct ShiftCase {
  std::int64_t examples = 1, samples = 1, cols = 1;
  Activation activation = Activation::identity;

  std::int64_t rows() const { return examples * samples; }
  std::string name() const {
    return concat("n", examples, "_k", samples, "_d", cols, "_", activation_name(activation));
  }
  double flops() const { return 0.0; }
  double bytes() const { return 4.0 * static_cast<double>((2 * rows() + examples) * cols); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(1000 * rows() + cols));
    const auto before = random.normal(rows() * cols), added = random.normal(examples * cols);
    const auto sums = [=, *this] {
      std::vector<double> all(before.begin(), before.end());
      for (std::int64_t at = 0; at < rows() * cols; ++at) {
        all[static_cast<std::size_t>(at)] +=
            added[static_cast<std::size_t>(at / cols / samples * cols + at % cols)];
      }
      return all;
    };
    const auto expected = [=, act = activation] {
      std::vector<double> y = sums();
      for (double& value : y) value = activate_reference(act, value);
      return y;
    };
    const auto shift = run.input("shift", examples, cols, added);
    const auto y = run.output<float>("y", rows(), cols, expected, {1e-6, 1e-6}, before);
    MatrixView<float> saved;
    if (derivative_needs_input(activation)) {
      saved = run.output<float>("saved", rows(), cols, sums, {1e-7, 1e-6});
    }
    run.operation = [=, act = activation](Context& context) {
      ops::shift_forward(context, y, saved, shift, act);
    };
  }
};

struct ShiftBackwardCase {
  std::int64_t examples = 1, samples = 1, cols = 1;

  std::string name() const { return concat("n", examples, "_k", samples, "_d", cols); }
  double flops() const { return 0.0; }
  double bytes() const { return 4.0 * static_cast<double>((samples + 1) * examples * cols); }

  void bind(OpRun& run) const {
    const std::int64_t rows = examples * samples;
    const auto dy = Random(static_cast<std::uint64_t>(1000 * rows + cols)).normal(rows * cols);
    const auto expected = [=, *this] {
      std::vector<double> sum(static_cast<std::size_t>(examples * cols));
      for (std::int64_t at = 0; at < rows * cols; ++at) {
        sum[static_cast<std::size_t>(at / cols / samples * cols + at % cols)] +=
            dy[static_cast<std::size_t>(at)];
      }
      return sum;
    };
    const auto dy_view = run.input("dy", rows, cols, dy);
    const auto dshift = run.output<float>("dshift", examples, cols, expected,
                                          {1e-6 + 2e-7 * static_cast<double>(samples), 1e-6});
    run.operation = [=](Context& context) { ops::shift_backward(context, dshift, dy_view); };
  }
};

}  // namespace elbo::test
