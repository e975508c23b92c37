#pragma once
// Cases of ops::mixed_likelihood and ops::mixed_likelihood_mean.

#include <cmath>
#include <string>
#include <vector>

#include "cases/likelihood.h"
#include "math/column_likelihood.h"
#include "ops/mixed_likelihood.h"

namespace elbo::test {

/// Columns of a table with their data and parameters. Column j has the j-th of the kinds, in turns.
struct MixedTable {
  static constexpr LikelihoodKind kKinds[] = {
      LikelihoodKind::gaussian_learned,  LikelihoodKind::categorical, LikelihoodKind::bernoulli,
      LikelihoodKind::negative_binomial, LikelihoodKind::gaussian,    LikelihoodKind::poisson,
      LikelihoodKind::laplace_learned};

  std::int64_t examples = 1;
  std::int64_t columns = 1;
  std::int64_t samples = 1;
  std::int32_t classes = 5;

  std::int64_t rows() const { return examples * samples; }
  LikelihoodKind kind(std::int64_t j) const {
    return kKinds[static_cast<std::size_t>(j) % std::size(kKinds)];
  }
  /// Categorical columns have from 2 to `classes` classes.
  std::int32_t classes_of(std::int64_t j) const { return 2 + static_cast<std::int32_t>(j) % (classes - 1); }
  LikelihoodConstants constants(std::int64_t j) const { return {0.3f, -3.0f, 2.0f, 0.6f, classes_of(j)}; }
  std::int64_t parameters(std::int64_t j) const { return likelihood_parameters(kind(j), constants(j)); }

  std::vector<std::int32_t> table() const {
    std::vector<std::int32_t> numbers;
    std::int32_t first = 0;
    for (std::int64_t j = 0; j < columns; ++j) {
      numbers.insert(numbers.end(), {static_cast<std::int32_t>(kind(j)), first, classes_of(j)});
      first += static_cast<std::int32_t>(parameters(j));
    }
    return numbers;
  }
  std::int64_t width() const {
    std::int64_t width = 0;
    for (std::int64_t j = 0; j < columns; ++j) width += parameters(j);
    return width;
  }
  std::vector<float> data(Random& random) const {
    std::vector<float> x = random.normal(examples * columns);
    for (std::size_t at = 0; at < x.size(); ++at) {
      const auto j = static_cast<std::int64_t>(at) % columns;
      const Support support = likelihood_support(kind(j));
      if (support == Support::unit_interval) x[at] = x[at] > 0.0f ? 1.0f : 0.0f;
      if (support == Support::counts) x[at] = std::floor(std::exp(x[at]));
      if (support == Support::classes)
        x[at] = static_cast<float>(random.below(static_cast<std::uint64_t>(classes_of(j))));
    }
    return x;
  }
  /// Log-variances on both sides of the clamp, no difference across it.
  std::vector<float> parameter_values(Random& random) const {
    auto values = random.normal(rows() * width());
    for (float& p : values) p = std::abs(p) > 1.7f && std::abs(p) < 3.3f ? 2.0f * p : p;
    return values;
  }
  /// Calls use(row, j, its first parameter's place, its parameters).
  template <class Use>
  void for_each(const std::vector<float>& parameter_values, const Use& use) const {
    const auto numbers = table();
    for (std::int64_t row = 0; row < rows(); ++row) {
      for (std::int64_t j = 0; j < columns; ++j) {
        const std::int64_t first = row * width() + numbers[static_cast<std::size_t>(3 * j + 1)];
        const auto begin = parameter_values.begin() + first;
        use(row, j, static_cast<std::size_t>(first), std::vector<double>(begin, begin + parameters(j)));
      }
    }
  }
};

struct MixedLikelihoodCase {
  MixedTable table;
  bool masked = false;
  bool weighted = false;
  bool in_place = false;
  bool gradient = true;

  std::string name() const {
    std::string text =
        concat("n", table.examples, "_d", table.columns, "_k", table.samples, "_c", table.classes);
    for (const auto& [set, word] : {std::pair(masked, "_masked"), std::pair(weighted, "_weighted"),
                                    std::pair(in_place, "_in_place"), std::pair(!gradient, "_nll_only")}) {
      if (set) text += word;
    }
    return text;
  }
  double flops() const { return 12.0 * static_cast<double>(table.rows() * table.width()); }
  double bytes() const {
    return 4.0 * static_cast<double>(table.rows() * table.width() * (gradient ? 2 : 1) +
                                     table.examples * table.columns * (masked ? 2 : 1));
  }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(31 * table.examples + table.columns));
    const auto x = table.data(random), parameters = table.parameter_values(random);
    std::vector<float> mask(masked ? x.size() : 0);
    std::vector<float> weights(weighted ? static_cast<std::size_t>(table.rows()) : 0);
    for (float& m : mask) m = random.unit() < 0.6 ? 1.0f : 0.0f;
    for (float& w : weights) w = static_cast<float>(random.unit());
    constexpr float kScale = 0.25f;

    const auto value_at = [=, *this](std::int64_t row, std::int64_t j) {
      return static_cast<std::size_t>(row / table.samples * table.columns + j);
    };
    const auto nll_reference = [=, *this] {
      std::vector<double> expected(static_cast<std::size_t>(table.rows()));
      table.for_each(parameters,
                     [&](std::int64_t row, std::int64_t j, std::size_t, const std::vector<double>& p) {
                       const auto at = value_at(row, j);
                       if (masked && mask[at] == 0.0f) return;
                       expected[static_cast<std::size_t>(row)] +=
                           reference_nll(table.kind(j), table.constants(j), static_cast<double>(x[at]), p);
                     });
      return expected;
    };
    const auto gradient_reference = [=, *this] {
      std::vector<double> expected(parameters.size());
      table.for_each(
          parameters, [&](std::int64_t row, std::int64_t j, std::size_t first, const std::vector<double>& p) {
            const auto at = value_at(row, j);
            if (masked && mask[at] == 0.0f) return;
            const auto slope = finite_differences(
                [&](std::span<const double> q) {
                  return reference_nll(table.kind(j), table.constants(j), static_cast<double>(x[at]), q);
                },
                p);
            const double weight = kScale * (weighted ? weights[static_cast<std::size_t>(row)] : 1.0);
            for (std::size_t i = 0; i < p.size(); ++i) expected[first + i] = weight * slope[i];
          });
      return expected;
    };

    const auto x_view = run.input<float>("x", table.examples, table.columns, x);
    const auto mask_view =
        masked ? run.input<float>("mask", table.examples, table.columns, mask) : MatrixView<const float>();
    ops::RowWeight weight{kScale, {}};
    if (weighted) weight.per_row = run.input<float>("weights", weights);
    constexpr Tolerance kGradientTolerance = {5e-6, 1e-5};
    MatrixView<const float> parameter_view;
    MatrixView<float> gradient_view;
    if (in_place) {
      gradient_view = run.output<float>("parameters_then_gradient", table.rows(), table.width(),
                                        gradient_reference, kGradientTolerance, parameters);
      parameter_view = gradient_view;
    } else {
      parameter_view = run.input<float>("parameters", table.rows(), table.width(), parameters);
      if (gradient)
        gradient_view = run.output<float>("gradient", table.rows(), table.width(), gradient_reference,
                                          kGradientTolerance);
    }
    const auto nll = run.output<float>("nll", table.rows(), nll_reference,
                                       Tolerance::float_sum(static_cast<double>(table.columns), 4.0));
    const ops::ColumnLikelihoods likelihoods{run.input<std::int32_t>("columns", table.table()),
                                             table.constants(0)};
    run.operation = [=](Context& context) {
      ops::mixed_likelihood(context, likelihoods, nll, gradient_view, parameter_view, x_view, mask_view,
                            weight);
    };
  }
};

struct MixedLikelihoodMeanCase {
  MixedTable table;

  std::string name() const { return MixedLikelihoodCase{table}.name() + "_mean"; }
  double flops() const { return 0.0; }
  double bytes() const { return 4.0 * static_cast<double>(table.rows() * (table.columns + table.width())); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(table.rows() + table.columns));
    const auto parameters = table.parameter_values(random);
    const auto reference = [=, *this] {
      std::vector<double> expected;
      table.for_each(parameters,
                     [&](std::int64_t, std::int64_t j, std::size_t, const std::vector<double>& p) {
                       expected.push_back(reference_mean(table.kind(j), p));
                     });
      return expected;
    };
    const auto view = run.input<float>("parameters", table.rows(), table.width(), parameters);
    const auto mean = run.output<float>("mean", table.rows(), table.columns, reference, {0.0, 2e-6});
    const ops::ColumnLikelihoods likelihoods{run.input<std::int32_t>("columns", table.table()),
                                             table.constants(0)};
    run.operation = [=](Context& context) { ops::mixed_likelihood_mean(context, likelihoods, mean, view); };
  }
};

}  // namespace elbo::test
