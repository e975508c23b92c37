#pragma once
// Cases of ops::record_loss: one batch's costs, added to sums that are not zero.

#include <numeric>
#include <string>
#include <vector>

#include "ops/record_loss.h"
#include "support/op_case.h"

namespace elbo::test {

struct RecordLossCase {
  std::int64_t rows = 1;
  bool with_kl = true;
  std::uint64_t bad_before = 0;  ///< first_bad_step before the call; a good batch does not change it
  std::int64_t samples = 1;      ///< samples per example
  bool with_objective = false;
  bool with_extras = false;  ///< a penalty, and a cost that replaces β·kl

  std::string name() const {
    return "rows_" + std::to_string(rows) + (with_kl ? "" : "_no_kl") + (bad_before ? "_bad_before" : "") +
           (samples > 1 ? "_k" + std::to_string(samples) : "") + (with_objective ? "_objective" : "") +
           (with_extras ? "_extras" : "");
  }
  double flops() const { return 0.0; }
  double bytes() const { return (with_kl ? 8.0 : 4.0) * static_cast<double>(rows); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(rows));
    const auto nll = random.uniform(rows, 50.0, 900.0);
    const auto kl = random.uniform(with_kl ? rows / samples : 0, 0.0, 30.0);
    const auto objective = random.uniform(with_objective ? rows / samples : 0, 40.0, 800.0);
    const auto penalty = random.uniform(with_extras ? rows / samples : 0, 0.0, 2.0);
    constexpr float kKlCost = 3.5f;
    const std::vector<double> before = {1000.5, 3.25, 2000.125};
    constexpr float kBeta = 0.25f;
    const auto sums = [=, *this] {
      const auto sum = [](const auto& values) { return std::accumulate(values.begin(), values.end(), 0.0); };
      const double reconstruction = sum(nll) / static_cast<double>(samples);
      const double kl_part = with_extras ? static_cast<double>(rows / samples) * kKlCost : kBeta * sum(kl);
      const double minimised = sum(penalty) + (with_objective ? sum(objective) : reconstruction + kl_part);
      return std::vector<double>{before[0] + reconstruction, before[1] + sum(kl), before[2] + minimised};
    };
    const auto first_bad = [step = bad_before] { return std::vector<double>{static_cast<double>(step)}; };
    const auto state_view = run.input<StepState>("state", {StepState{.step = 41, .kl_weight = kBeta}});
    const auto nll_view = run.input<float>("nll", nll);
    const auto kl_view = with_kl ? run.input<float>("kl", kl) : VectorView<const float>();
    const auto objective_view =
        with_objective ? run.input<float>("objective", objective) : VectorView<const float>();
    ops::BatchCosts costs{nll_view, kl_view, samples, objective_view, nullptr, {}};
    if (with_extras) {
      costs.kl_cost = run.input<float>("kl_cost", std::vector<float>{kKlCost}).data;
      costs.penalty = run.input<float>("penalty", penalty);
    }
    const auto sums_view = run.output<double>("sums", 3, sums, {0.0, 1e-12}, before);
    const auto step_view =
        run.output<std::uint64_t>("first_bad_step", 1, first_bad, Tolerance::exact(), {bad_before});
    run.operation = [=](Context& context) {
      ops::record_loss(context, sums_view.data, step_view.data, costs, state_view.data);
    };
  }
};

}  // namespace elbo::test
