#pragma once
// Cases of ops::running_average: one step's share of the parameters into their running average.

#include <algorithm>
#include <string>
#include <vector>

#include "ops/running_average.h"
#include "support/op_case.h"

namespace elbo::test {

struct RunningAverageCase {
  std::int64_t size = 1;
  std::uint64_t step = 1;
  double decay = 0.999;

  std::string name() const { return "size_" + std::to_string(size) + "_step_" + std::to_string(step); }
  double flops() const { return 3.0 * static_cast<double>(size); }
  double bytes() const { return 12.0 * static_cast<double>(size); }  // reads both, writes the average

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(size) * 17 + step);
    const auto values = random.normal(size);
    const auto before = random.normal(size);
    const auto reference = [=, *this] {
      const auto t = static_cast<double>(step);
      const double d = std::min(decay, (1.0 + t) / (10.0 + t));
      std::vector<double> expected(values.size());
      for (std::size_t i = 0; i < values.size(); ++i) expected[i] = d * before[i] + (1.0 - d) * values[i];
      return expected;
    };
    const auto average_view = run.output<float>("average", size, reference, {3e-7, 1e-6}, before);
    const auto value_view = run.input<float>("values", values);
    const auto state_view = run.input<StepState>("state", {StepState{.step = step}});
    run.operation = [=, weight = decay](Context& context) {
      ops::running_average(context, average_view, value_view, weight, state_view.data);
    };
  }
};

}  // namespace elbo::test
