#pragma once
// Cases of ops::gated_forward and ops::gated_backward.

#include <cmath>
#include <string>
#include <vector>

#include "ops/gated.h"
#include "base/check.h"
#include "support/gradient_check.h"
#include "support/op_case.h"

namespace elbo::test {

inline double reference_gated(double value, double gate) {
  return value / (1.0 + std::exp(-gate));
}

struct GatedCase {
  std::int64_t rows = 1;
  std::int64_t width = 1;
  double scale = 2.0;  ///< scale of the input

  std::string name() const { return concat("n", rows, "_w", width, scale > 2.0 ? "_large" : ""); }
  double flops() const { return 0.0; }
  double bytes() const { return 12.0 * static_cast<double>(rows * width); }

  void bind(OpRun& run) const {
    const auto x =
        Random(static_cast<std::uint64_t>(1000 * rows + width)).normal(rows * 2 * width, 0.0, scale);
    const auto x_view = run.input<float>("x", rows, 2 * width, x);
    const auto y = run.output<float>(
        "y", rows, width,
        [=, *this] {
          std::vector<double> expected;
          for (std::int64_t i = 0; i < rows; ++i) {
            for (std::int64_t j = 0; j < width; ++j) {
              const auto at = static_cast<std::size_t>(2 * width * i + j);
              expected.push_back(reference_gated(x[at], x[at + static_cast<std::size_t>(width)]));
            }
          }
          return expected;
        },
        {1e-7, 1e-6});
    run.operation = [=](Context& context) { ops::gated_forward(context, y, x_view); };
  }
};

struct GatedBackwardCase {
  std::int64_t rows = 1;
  std::int64_t width = 1;
  double scale = 2.0;

  std::string name() const { return concat("n", rows, "_w", width, scale > 2.0 ? "_large" : ""); }
  double flops() const { return 0.0; }
  double bytes() const { return 20.0 * static_cast<double>(rows * width); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(1000 * rows + width));
    const auto x = random.normal(rows * 2 * width, 0.0, scale);
    const auto dy = random.normal(rows * width);
    const auto x_view = run.input<float>("x", rows, 2 * width, x);
    const auto dy_view = run.input<float>("dy", rows, width, dy);
    const auto dx = run.output<float>(
        "dx", rows, 2 * width,
        [=, *this] {
          std::vector<double> expected(x.size());
          const auto f = [](std::span<const double> p) { return reference_gated(p[0], p[1]); };
          for (std::size_t i = 0; i < dy.size(); ++i) {
            const auto w = static_cast<std::size_t>(width), at = i / w * 2 * w + i % w;
            const auto slopes = finite_differences(f, {x[at], x[at + w]});
            expected[at] = dy[i] * slopes[0];
            expected[at + w] = dy[i] * slopes[1];
          }
          return expected;
        },
        {2e-6, 2e-6});
    run.operation = [=](Context& context) { ops::gated_backward(context, dx, dy_view, x_view); };
  }
};

}  // namespace elbo::test
