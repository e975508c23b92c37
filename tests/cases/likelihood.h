#pragma once
// Cases of ops::likelihood and ops::likelihood_mean.

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "ops/likelihood.h"
#include "base/check.h"
#include "support/gradient_check.h"
#include "support/op_case.h"

namespace elbo::test {

/// log of the mass of a grey level 0 … 255: a difference of distribution functions, mirrored to the side
/// where they are small; far out they are exponentials.
inline double logistic_log_mass(double level, std::span<const double> parameters) {
  const double scale = std::exp(std::min(std::max(parameters[1], -8.0), 5.0));
  const double left = ((level - 0.5) / 255.0 - parameters[0]) / scale;
  const double right = ((level + 0.5) / 255.0 - parameters[0]) / scale;
  const auto below = [](double v) { return 1.0 / (1.0 + std::exp(-v)); };
  const auto log_below = [&](double v) { return v < -30.0 ? v : std::log(below(v)); };
  if (level == 0.0) return log_below(right);
  if (level == 255.0) return log_below(-left);
  const double low = std::min(left, -right), high = low + right - left;
  return high < -30.0 ? high + std::log(-std::expm1(low - high)) : std::log(below(high) - below(low));
}

/// −log p(x | parameters) of one value in float64, from the definition of each density.
inline double reference_nll(LikelihoodKind kind, const LikelihoodConstants& constants, double x,
                            std::span<const double> parameters) {
  const auto gaussian = [&](double mean, double variance) {
    return 0.5 * std::log(2.0 * std::numbers::pi * variance) + (x - mean) * (x - mean) / (2.0 * variance);
  };
  const auto clamped = [](double value, double low, double high) {
    return std::min(std::max(value, low), high);
  };
  const double low = constants.min_log_variance, high = constants.max_log_variance;
  const auto laplace = [&](double location, double scale) {
    return std::abs(x - location) / scale + std::log(2.0 * scale);
  };
  switch (kind) {
    case LikelihoodKind::bernoulli: {
      // log σ(l) = −log(1 + e^−l), written for each sign so that float64 does not overflow
      const auto log_sigmoid = [](double l) {
        return l > 0.0 ? -std::log1p(std::exp(-l)) : l - std::log1p(std::exp(l));
      };
      return -x * log_sigmoid(parameters[0]) - (1.0 - x) * log_sigmoid(-parameters[0]);
    }
    case LikelihoodKind::gaussian:
    case LikelihoodKind::gaussian_shared:
      return gaussian(parameters[0], static_cast<double>(constants.variance));
    case LikelihoodKind::gaussian_sigmoid:
      return gaussian(1.0 / (1.0 + std::exp(-parameters[0])), static_cast<double>(constants.variance));
    case LikelihoodKind::gaussian_learned:
      return gaussian(parameters[0], std::exp(clamped(parameters[1], low, high)));
    case LikelihoodKind::continuous_bernoulli: {
      // λ^x (1 − λ)^(1−x) over its integral; mirrored for positive logits so that float64 does not overflow
      const double l = -std::abs(parameters[0]), u = parameters[0] < 0.0 ? x : 1.0 - x;
      return l == 0.0 ? 0.0 : -l * u + std::log(std::expm1(l) / l);
    }
    case LikelihoodKind::laplace:
      return laplace(parameters[0], static_cast<double>(constants.scale));
    case LikelihoodKind::laplace_learned:
      return laplace(parameters[0], std::exp(clamped(parameters[1], 0.5 * low, 0.5 * high)));
    case LikelihoodKind::discretized_logistic:
      return -logistic_log_mass(std::floor(255.0 * x + 0.5), parameters);
    case LikelihoodKind::poisson:
      return std::exp(parameters[0]) - x * parameters[0] + std::lgamma(x + 1.0);
    case LikelihoodKind::negative_binomial: {
      // Γ(x + θ)/(Γ(θ) x!) (θ/(θ + μ))^θ (μ/(θ + μ))^x
      const double theta = std::exp(-clamped(parameters[1], low, high)), mean = std::exp(parameters[0]);
      return std::lgamma(x + 1.0) + std::lgamma(theta) - std::lgamma(x + theta) +
             theta * std::log1p(mean / theta) - x * std::log(mean / (theta + mean));
    }
    case LikelihoodKind::categorical: {
      const double largest = *std::max_element(parameters.begin(), parameters.end());
      double sum = 0.0;
      for (const double logit : parameters) sum += std::exp(logit - largest);
      return std::log(sum) + largest - parameters[static_cast<std::size_t>(x)];
    }
  }
  return std::nan("");
}

inline double reference_mean(LikelihoodKind kind, std::span<const double> parameters) {
  if (kind == LikelihoodKind::bernoulli || kind == LikelihoodKind::gaussian_sigmoid) {
    return 1.0 / (1.0 + std::exp(-parameters[0]));
  }
  if (kind == LikelihoodKind::continuous_bernoulli) {
    // λ/(2λ − 1) + 1/(2 artanh(1 − 2λ)) (Loaiza-Ganem & Cunningham 2019, eq. 8), in the logit
    const double l = parameters[0];
    return std::abs(l) < 1e-4 ? 0.5 + l / 12.0 : -1.0 / std::expm1(-l) - 1.0 / l;
  }
  if (kind == LikelihoodKind::categorical) {
    return static_cast<double>(std::max_element(parameters.begin(), parameters.end()) - parameters.begin());
  }
  if (likelihood_support(kind) == Support::counts) return std::exp(parameters[0]);
  if (kind == LikelihoodKind::discretized_logistic) {
    double sum = 0.0;
    for (int level = 1; level < 256; ++level) sum += level * std::exp(logistic_log_mass(level, parameters));
    return sum / 255.0;
  }
  return parameters[0];
}

struct LikelihoodCase {
  LikelihoodKind kind = LikelihoodKind::bernoulli;
  std::int64_t examples = 1;
  std::int64_t values = 1;
  std::int64_t samples = 1;
  bool masked = false;
  bool weighted = false;  ///< per-row weights
  bool in_place = false;  ///< the gradient overwrites the parameters
  bool nll = true;
  bool gradient = true;
  std::int32_t classes = 5;  ///< of the categorical

  std::int64_t rows() const { return examples * samples; }
  std::int64_t parameters() const { return likelihood_parameters(kind, constants()); }
  std::string name() const {
    std::string text(likelihood_name(kind));
    std::replace(text.begin(), text.end(), '-', '_');
    text += concat("_", examples, "x", values, "_k", samples);
    if (kind == LikelihoodKind::categorical) text += concat("_c", classes);
    for (const auto& [set, word] :
         {std::pair(masked, "_masked"), std::pair(weighted, "_weighted"), std::pair(in_place, "_in_place"),
          std::pair(!nll, "_gradient_only"), std::pair(!gradient, "_nll_only")}) {
      if (set) text += word;
    }
    return text;
  }
  /// An exponential, a logarithm and a quotient count as one each.
  double flops() const {
    const double of_value = kind == LikelihoodKind::categorical ? 9.0 * classes : 12.0;
    return of_value * static_cast<double>(rows() * values);
  }
  double bytes() const {
    const auto all = static_cast<double>(rows() * values);
    const auto x = static_cast<double>(examples * values);
    return 4.0 *
           (all * static_cast<double>(parameters()) * (gradient ? 2.0 : 1.0) + x * (masked ? 2.0 : 1.0));
  }

  LikelihoodConstants constants() const { return {0.3f, -3.0f, 2.0f, 0.6f, classes}; }
  std::vector<float> data(Random& random) const {
    const std::int64_t count = examples * values;
    if (likelihood_support(kind) == Support::unit_interval) return random.uniform(count, 0.0, 1.0);
    if (likelihood_support(kind) == Support::counts) {
      auto counts = random.normal(count, 1.0, 1.5);
      for (float& value : counts) value = std::floor(std::exp(value));
      return counts;
    }
    if (likelihood_support(kind) != Support::classes) return random.normal(count);
    const auto drawn = random.indices(count, classes);
    return {drawn.begin(), drawn.end()};
  }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(31 * examples + values));
    const auto x = data(random);
    const std::int64_t width = parameters() * values;
    // log-variances land on both sides of the clamp, 2 and more away from it so that no difference crosses it
    auto parameter_values = random.normal(rows() * width, 0.0, 1.5);
    for (float& p : parameter_values) p = std::abs(p) > 1.9f && std::abs(p) < 3.1f ? 4.0f * p : p;
    // float32 has a level's place to 3e-8, an error that a narrow scale magnifies, so no scale is below
    // exp(−4).
    const bool levels = likelihood_measure(kind) == Measure::levels;
    const bool of_counts = likelihood_support(kind) == Support::counts;  // logarithms of means
    for (float& p : parameter_values) p *= levels ? 0.3f : of_counts ? 0.6f : 1.0f;
    std::vector<float> mask(masked ? x.size() : 0), weights(weighted ? static_cast<std::size_t>(rows()) : 0);
    for (float& m : mask) m = random.unit() < 0.6 ? 1.0f : 0.0f;
    for (float& w : weights) w = static_cast<float>(random.unit());
    constexpr float kScale = 0.25f;

    // Calls `use` with each value's parameters and weight, row by row.
    const auto for_each_value = [=, *this](auto use) {
      for (std::int64_t row = 0; row < rows(); ++row) {
        for (std::int64_t j = 0; j < values; ++j) {
          const auto at = static_cast<std::size_t>(row / samples * values + j);
          std::vector<double> p;
          for (std::int64_t i = 0; i < parameters(); ++i) {
            p.push_back(parameter_values[static_cast<std::size_t>(row * width + i * values + j)]);
          }
          use(row, j, static_cast<double>(x[at]), p, !masked || mask[at] != 0.0f);
        }
      }
    };
    const auto nll_reference = [=, *this] {
      std::vector<double> expected(static_cast<std::size_t>(rows()));
      for_each_value(
          [&](std::int64_t row, std::int64_t, double value, const std::vector<double>& p, bool counts) {
            if (counts) expected[static_cast<std::size_t>(row)] += reference_nll(kind, constants(), value, p);
          });
      return expected;
    };
    const auto gradient_reference = [=, *this] {
      std::vector<double> expected(static_cast<std::size_t>(rows() * width));
      for_each_value(
          [&](std::int64_t row, std::int64_t j, double value, const std::vector<double>& p, bool counts) {
            const auto slope = finite_differences(
                [&](std::span<const double> q) { return reference_nll(kind, constants(), value, q); }, p);
            const double weight = kScale * (weighted ? weights[static_cast<std::size_t>(row)] : 1.0);
            for (std::int64_t i = 0; i < parameters() && counts; ++i) {
              expected[static_cast<std::size_t>(row * width + i * values + j)] =
                  weight * slope[static_cast<std::size_t>(i)];
            }
          });
      return expected;
    };

    const auto x_view = run.input<float>("x", examples, values, x);
    const auto mask_view =
        masked ? run.input<float>("mask", examples, values, mask) : MatrixView<const float>();
    ops::RowWeight weight{kScale, {}};
    if (weighted) weight.per_row = run.input<float>("weights", weights);
    const Tolerance gradient_tolerance = levels || of_counts ? Tolerance{1e-5, 1e-5} : Tolerance{1e-6, 2e-6};
    MatrixView<const float> parameter_view;
    MatrixView<float> gradient_view;
    if (in_place) {
      gradient_view = run.output<float>("parameters_then_gradient", rows(), width, gradient_reference,
                                        gradient_tolerance, parameter_values);
      parameter_view = gradient_view;
    } else {
      parameter_view = run.input<float>("parameters", rows(), width, parameter_values);
      if (gradient) {
        gradient_view = run.output<float>("gradient", rows(), width, gradient_reference, gradient_tolerance);
      }
    }
    VectorView<float> nll_view;
    if (nll) {
      nll_view = run.output<float>("nll", rows(), nll_reference,
                                   Tolerance::float_sum(static_cast<double>(values), 4.0));
    }
    LikelihoodConstants given = constants();
    if (kind == LikelihoodKind::gaussian_shared) {  // it reads its variance on the device
      given.log_variance = run.input<float>("log_variance", {std::log(given.variance)}).data;
      given.variance = 7.0f;
    }
    run.operation = [=, *this](Context& context) {
      ops::likelihood(context, kind, given, nll_view, gradient_view, parameter_view, x_view, mask_view,
                      weight);
    };
  }
};

struct LikelihoodMeanCase {
  LikelihoodKind kind = LikelihoodKind::bernoulli;
  std::int64_t rows = 1;
  std::int64_t values = 1;
  std::int32_t classes = 5;

  LikelihoodCase likelihood() const {
    return {.kind = kind, .examples = rows, .values = values, .classes = classes};
  }
  std::string name() const { return likelihood().name() + "_mean"; }
  /// A sum of many levels' probabilities is rounded as one.
  Tolerance tolerance() const {
    return kind == LikelihoodKind::discretized_logistic ? Tolerance{2e-6, 2e-6} : Tolerance{0.0, 1e-6};
  }
  double flops() const { return 0.0; }
  double bytes() const { return 4.0 * static_cast<double>(rows * values * (1 + likelihood().parameters())); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(rows + values));
    const std::int64_t parameters = likelihood().parameters();
    LikelihoodConstants constants;
    constants.classes = classes;
    const auto parameter_values = random.normal(rows * parameters * values, 0.0, 4.0);
    const auto reference = [=, *this] {
      std::vector<double> expected;
      for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t j = 0; j < values; ++j) {
          std::vector<double> p;
          for (std::int64_t i = 0; i < parameters; ++i) {
            p.push_back(parameter_values[static_cast<std::size_t>((row * parameters + i) * values + j)]);
          }
          expected.push_back(reference_mean(kind, p));
        }
      }
      return expected;
    };
    const auto view = run.input<float>("parameters", rows, parameters * values, parameter_values);
    const auto mean = run.output<float>("mean", rows, values, reference, tolerance());
    run.operation = [=, *this](Context& context) {
      ops::likelihood_mean(context, kind, constants, mean, view);
    };
  }
};

}  // namespace elbo::test
