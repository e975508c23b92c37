#pragma once
// Cases of ops::swap_axes.

#include <string>
#include <vector>

#include "ops/swap_axes.h"
#include "base/check.h"
#include "support/op_case.h"

namespace elbo::test {

struct SwapAxesCase {
  std::int64_t rows = 1;
  ops::Axes axes;

  std::string name() const { return concat("n", rows, "_", axes.first, "x", axes.second, "x", axes.block); }
  double flops() const { return 0.0; }
  double bytes() const { return 8.0 * static_cast<double>(rows * axes.size()); }

  void bind(OpRun& run) const {
    const auto x = Random(static_cast<std::uint64_t>(rows)).normal(rows * axes.size());
    const auto x_view = run.input<float>("x", rows, axes.size(), x);
    const auto y = run.output<float>(
        "y", rows, axes.size(),
        [=, *this] {
          std::vector<double> expected(x.size());
          std::size_t at = 0;
          for (std::int64_t i = 0; i < rows; ++i) {
            for (std::int64_t f = 0; f < axes.first; ++f) {
              for (std::int64_t s = 0; s < axes.second; ++s) {
                for (std::int64_t b = 0; b < axes.block; ++b) {
                  const auto to = ((i * axes.second + s) * axes.first + f) * axes.block + b;
                  expected[static_cast<std::size_t>(to)] = x[at++];
                }
              }
            }
          }
          return expected;
        },
        Tolerance::exact());
    run.operation = [=, *this](Context& context) { ops::swap_axes(context, y, x_view, axes); };
  }
};

}  // namespace elbo::test
