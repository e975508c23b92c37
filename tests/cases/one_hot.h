#pragma once
// Cases of ops::one_hot.

#include <string>
#include <vector>

#include "ops/one_hot.h"
#include "base/check.h"
#include "support/op_case.h"

namespace elbo::test {

struct OneHotCase {
  std::int64_t rows = 1;
  std::int64_t values = 1;
  std::int32_t classes = 2;
  bool masked = false;

  std::string name() const { return concat("n", rows, "_d", values, "_c", classes, masked ? "_masked" : ""); }
  double flops() const { return 0.0; }
  double bytes() const { return 4.0 * static_cast<double>(rows * values) * (classes + (masked ? 2.0 : 1.0)); }

  /// Classes, and some values that are not classes: too high, too low, a fraction.
  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(100 * rows + values + classes));
    const auto drawn = random.indices(rows * values, classes);
    std::vector<float> x(drawn.begin(), drawn.end()), mask(masked ? x.size() : 0);
    for (std::size_t i = 7; i < x.size(); i += 10) {
      x[i] = std::vector{static_cast<float>(classes), -1.0f, 0.5f, 1e20f}[i / 10 % 4];
    }
    for (float& present : mask) present = random.below(3) == 0 ? 0.0f : 1.0f;
    const auto expected = [=, *this] {
      std::vector<double> hot(static_cast<std::size_t>(rows * values * classes));
      for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = 0; j < values; ++j) {
          const auto at = static_cast<std::size_t>(i * values + j);
          for (std::int64_t c = 0; c < classes; ++c) {
            const bool there = x[at] == static_cast<float>(c) && (!masked || mask[at] != 0.0f);
            hot[static_cast<std::size_t>((i * classes + c) * values + j)] = there ? 1.0 : 0.0;
          }
        }
      }
      return hot;
    };
    const auto hot = run.output<float>("one_hot", rows, classes * values, expected, Tolerance::exact());
    const auto x_view = run.input<float>("x", rows, values, x);
    const auto mask_view = masked ? run.input<float>("mask", rows, values, mask) : MatrixView<const float>();
    run.operation = [=, *this](Context& context) { ops::one_hot(context, hot, x_view, mask_view, classes); };
  }
};

}  // namespace elbo::test
