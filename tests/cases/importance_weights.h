#pragma once
// Cases of ops::importance_weights and ops::weight_rows.

#include <cmath>
#include <string>
#include <vector>

#include "ops/importance_weights.h"
#include "base/check.h"
#include "support/op_case.h"

namespace elbo::test {

struct ImportanceWeightsCase {
  std::int64_t examples = 1;
  std::int64_t samples = 1;
  std::int64_t parts = 1;  ///< partial sums of each nll
  double spread = 3.0;     ///< deviation of the log-weights
  bool scaled = false;     ///< β given

  std::string name() const {
    return concat("n", examples, "_k", samples, "_p", parts, spread > 10.0 ? "_wide" : "",
                  scaled ? "_scaled" : "");
  }
  std::int64_t rows() const { return examples * samples; }
  double flops() const { return 0.0; }
  double bytes() const { return 4.0 * static_cast<double>(rows() * (parts + 2) + examples); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(100 * examples + samples));
    const auto nll = random.normal(rows() * parts, 90.0 / static_cast<double>(parts), spread);
    const auto log_ratio = random.normal(rows(), 20.0, spread);
    constexpr float kScale = 0.6f;
    const auto log_weights = [=, *this] {
      std::vector<double> all;
      for (std::size_t row = 0; row < static_cast<std::size_t>(rows()); ++row) {
        double cost = (scaled ? double{kScale} : 1.0) * log_ratio[row];
        for (std::int64_t p = 0; p < parts; ++p) cost += nll[row * static_cast<std::size_t>(parts) + p];
        all.push_back(-cost);
      }
      return all;
    };
    // log(1/K Σ w) of each example, with the largest taken out.
    const auto bounds = [=, *this] {
      const auto all = log_weights();
      std::vector<double> result;
      for (auto at = all.begin(); at != all.end(); at += samples) {
        const double largest = *std::max_element(at, at + samples);
        double sum = 0.0;
        for (std::int64_t k = 0; k < samples; ++k) sum += std::exp(at[k] - largest);
        result.push_back(largest + std::log(sum / static_cast<double>(samples)));
      }
      return result;
    };
    const auto costs = [=] {
      auto result = bounds();
      for (double& value : result) value = -value;
      return result;
    };
    const auto weights = [=, *this] {
      auto result = log_weights();
      const auto bound = bounds();
      for (std::size_t row = 0; row < result.size(); ++row) {
        const double of_example = bound[row / static_cast<std::size_t>(samples)];
        result[row] = std::exp(result[row] - of_example) / static_cast<double>(samples);
      }
      return result;
    };
    // A log-weight of about a hundred has an error of some 1e-5, which is the weight's relative error.
    const auto weights_view = run.output<float>("weights", rows(), weights, {1e-9, 3e-4});
    const auto cost_view = run.output<float>("cost", examples, costs, {1e-5, 2e-6});
    const auto nll_view = run.dense_input<float>("nll", rows(), parts, nll);
    const auto ratio_view = run.input<float>("log_ratio", log_ratio);
    const float* scale = scaled ? run.input<float>("kl_weight", std::vector<float>{kScale}).data : nullptr;
    run.operation = [=](Context& context) {
      ops::importance_weights(context, weights_view, cost_view, nll_view, ratio_view, scale);
    };
  }
};

struct WeightRowsCase {
  std::int64_t rows = 1;
  std::int64_t cols = 1;

  std::string name() const { return concat("rows_", rows, "_of_", cols); }
  double flops() const { return static_cast<double>(rows * cols); }
  double bytes() const { return 4.0 * static_cast<double>(2 * rows * cols + rows); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(100 * rows + cols));
    const auto values = random.normal(rows * cols);
    auto weights = random.uniform(rows, 0.0, 1.0);
    weights.front() = 0.0f;
    const auto expected = [=, *this] {
      std::vector<double> result;
      for (std::size_t i = 0; i < values.size(); ++i) {
        result.push_back(static_cast<double>(values[i]) * weights[i / static_cast<std::size_t>(cols)]);
      }
      return result;
    };
    const auto values_view = run.output<float>("values", rows, cols, expected, {0.0, 1e-7}, values);
    const auto weights_view = run.input<float>("weights", weights);
    run.operation = [=](Context& context) { ops::weight_rows(context, values_view, weights_view); };
  }
};

}  // namespace elbo::test
