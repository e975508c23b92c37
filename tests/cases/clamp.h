#pragma once
// Cases of ops::clamp and ops::clamp_backward.

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "ops/clamp.h"
#include "base/check.h"
#include "support/gradient_check.h"
#include "support/op_case.h"

namespace elbo::test {

struct ClampCase {
  std::int64_t rows = 1;
  std::int64_t cols = 1;
  bool bounded = true;
  bool in_place = false;
  bool accumulate = false;  ///< the gradient is added

  std::string name() const {
    return concat("rows_", rows, "_of_", cols, bounded ? "" : "_free", in_place ? "_in_place" : "",
                  accumulate ? "_added" : "");
  }
  float low() const { return bounded ? -0.5f : -std::numeric_limits<float>::infinity(); }
  float high() const { return bounded ? 0.8f : std::numeric_limits<float>::infinity(); }
  std::vector<float> values() const {
    Random random(static_cast<std::uint64_t>(100 * rows + cols));
    return random.normal(rows * cols);
  }
  std::vector<float> clamped() const {
    auto all = values();
    for (float& value : all) value = std::clamp(value, low(), high());
    return all;
  }
};

struct ClampForwardCase : ClampCase {
  double flops() const { return 0.0; }
  double bytes() const { return 8.0 * static_cast<double>(rows * cols); }

  void bind(OpRun& run) const {
    const auto y = run.output<float>(
        "y", rows, cols, [*this] { return widen(clamped()); }, Tolerance::exact(),
        in_place ? values() : std::vector<float>());
    const MatrixView<const float> x = in_place ? y : run.input<float>("x", rows, cols, values());
    run.operation = [=, *this](Context& context) { ops::clamp(context, y, x, low(), high()); };
  }
};

struct ClampBackwardCase : ClampCase {
  double flops() const { return 0.0; }
  double bytes() const { return (accumulate ? 16.0 : 12.0) * static_cast<double>(rows * cols); }

  void bind(OpRun& run) const {
    Random random(7);
    const auto before = random.normal(rows * cols);
    const auto gradient = in_place ? before : random.normal(rows * cols);
    const auto expected = [=, *this] {
      std::vector<double> all;
      const auto x = values();
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double passed = low() < x[i] && x[i] < high() ? gradient[i] : 0.0f;
        all.push_back(accumulate ? before[i] + passed : passed);
      }
      return all;
    };
    const auto dx = run.output<float>("dx", rows, cols, expected, {0.0, 1e-6},
                                      accumulate || in_place ? before : std::vector<float>());
    const MatrixView<const float> dy = in_place ? dx : run.input<float>("dy", rows, cols, gradient);
    const auto y = run.input<float>("y", rows, cols, clamped());
    run.operation = [=, *this](Context& context) {
      ops::clamp_backward(context, dx, dy, y, low(), high(), accumulate);
    };
  }
};

}  // namespace elbo::test
