#pragma once
// Cases of ops::squared_error_sums and ops::move_shared_variance.

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "ops/shared_variance.h"
#include "base/check.h"
#include "support/op_case.h"

namespace elbo::test {

/// Costs are made from squared errors, which the op has to recover.
struct SquaredErrorCase {
  std::int64_t examples = 1;
  std::int64_t values = 1;
  std::int64_t samples = 1;
  bool masked = false;
  bool weighted = false;
  bool accumulate = false;
  double log_variance = -0.7;

  std::string name() const {
    return concat("n", examples, "_values", values, "_k", samples, masked ? "_masked" : "",
                  weighted ? "_weighted" : "", accumulate ? "_added" : "", log_variance > 0.0 ? "_wide" : "");
  }
  double flops() const { return 0.0; }
  double bytes() const {
    const double rows = static_cast<double>(examples * samples) * (weighted ? 2.0 : 1.0);
    return 4.0 * (rows + (masked ? static_cast<double>(examples * values) : 0.0));
  }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(997 * examples + values));
    const auto rows = static_cast<std::size_t>(examples * samples);
    std::vector<float> mask(masked ? static_cast<std::size_t>(examples * values) : 0), nll(rows),
        weights(weighted ? rows : 0);
    for (float& m : mask) m = random.unit() < 0.7 ? 1.0f : 0.0f;
    for (float& w : weights) w = static_cast<float>(random.unit());
    const auto s = static_cast<double>(static_cast<float>(log_variance));
    double errors = 0.0, count = 0.0;
    for (std::size_t r = 0; r < rows; ++r) {
      const std::size_t first = r / static_cast<std::size_t>(samples) * static_cast<std::size_t>(values);
      double present = 0.0, of_row = 0.0;
      for (std::size_t j = 0; j < static_cast<std::size_t>(values); ++j) {
        if (masked && mask[first + j] == 0.0f) continue;
        const double e = random.gaussian();
        of_row += e * e;
        present += 1.0;
      }
      nll[r] = static_cast<float>(0.5 * present * (std::log(2.0 * std::numbers::pi) + s) +
                                  of_row / (2.0 * std::exp(s)));
      const double w = weighted ? static_cast<double>(weights[r]) : 1.0;
      errors += w * of_row;
      count += w * present;
    }
    const std::vector<double> before = {31.5, 40.0};
    const auto sums = [=, *this] {
      return accumulate ? std::vector<double>{before[0] + errors, before[1] + count}
                        : std::vector<double>{errors, count};
    };
    const auto nll_view = run.input<float>("nll", nll);
    const auto s_view = run.input<float>("log_variance", std::vector<float>{static_cast<float>(s)});
    ops::GaussianCosts costs{nll_view, {}, {}, examples, values};
    if (weighted) costs.weights = run.input<float>("weights", weights);
    if (masked) costs.mask = run.input<float>("mask", examples, values, mask);
    // Allows for the error of a float nll, of which the squared errors may be a small part.
    const auto sums_view = run.output<double>("sums", 2, sums, {2e-6, 2e-6}, before);
    run.operation = [=, add = accumulate](Context& context) {
      ops::squared_error_sums(context, sums_view.data, costs, s_view.data, add);
    };
  }
};

struct MoveVarianceCase {
  std::uint64_t step = 1;
  double squared_errors = 3.0;
  double values = 4.0;
  double log_variance = 0.0;

  std::string name() const {
    return concat("step", step, values == 0.0 ? "_nothing" : "", squared_errors <= 0.0 ? "_exact" : "");
  }
  double flops() const { return 0.0; }
  double bytes() const { return 32.0; }

  void bind(OpRun& run) const {
    const auto expected = [*this] {
      if (values == 0.0) return std::vector<double>{log_variance};
      const double share = std::max(9.0 / (10.0 + static_cast<double>(step)), 0.01);
      const double moved = (1.0 - share) * std::exp(log_variance) + share * squared_errors / values;
      return std::vector<double>{std::max(-20.0, std::log(moved))};
    };
    const auto sums = run.input<double>("sums", std::vector<double>{squared_errors, values});
    const auto state = run.input<StepState>("state", {StepState{.step = step}});
    const auto moving =
        run.output<float>("log_variance", 1, expected, {3e-7, 3e-7}, {static_cast<float>(log_variance)});
    run.operation = [=](Context& context) {
      ops::move_shared_variance(context, moving.data, sums.data, state.data);
    };
  }
};

}  // namespace elbo::test
