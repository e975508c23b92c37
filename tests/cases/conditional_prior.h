#pragma once
// Cases of ops::relative_moments, relative_moments_backward, place_codes and place_codes_backward.

#include <cmath>
#include <string>
#include <vector>

#include "base/check.h"
#include "ops/conditional_prior.h"
#include "support/gradient_check.h"
#include "support/op_case.h"

namespace elbo::test {

/// How the terms of a KL are weighted in a gradient.
enum class PriorWeights { none, dimensions_and_rows, samples };

struct ConditionalPriorCase {
  std::int64_t examples = 1, samples = 1, latent = 1;
  PriorWeights weights = PriorWeights::none;

  std::int64_t rows() const { return examples * samples; }
  std::string name() const {
    constexpr const char* kNames[] = {"", "_weighted", "_by_sample"};
    return concat("n", examples, "_k", samples, "_d", latent, kNames[static_cast<int>(weights)]);
  }
  double flops() const { return 0.0; }

 protected:
  struct Inputs {
    std::vector<float> mean, log_variance, prior_mean, prior_log_variance, u;
  };
  Inputs inputs() const {
    Random random(static_cast<std::uint64_t>(1000 * rows() + latent));
    const std::int64_t size = examples * latent;
    return {random.normal(size), random.normal(size, -0.5, 0.8), random.normal(size),
            random.normal(size, 0.2, 0.7), random.normal(rows() * latent)};
  }
  /// Σ over all values of `of(i, d, at)`, where `at` counts them.
  template <class Value>
  std::vector<double> by_value(std::int64_t all_rows, const Value& of) const {
    std::vector<double> values;
    for (std::int64_t row = 0; row < all_rows; ++row) {
      for (std::int64_t d = 0; d < latent; ++d) values.push_back(of(row * examples / all_rows, d, row));
    }
    return values;
  }
  std::size_t at(std::int64_t row, std::int64_t d) const {
    return static_cast<std::size_t>(row * latent + d);
  }
  ops::Moments<const float> prior(OpRun& run, const Inputs& in) const {
    return {run.input<float>("prior_mean", examples, latent, in.prior_mean),
            run.input<float>("prior_log_variance", examples, latent, in.prior_log_variance)};
  }
};

struct RelativeMomentsCase : ConditionalPriorCase {
  double bytes() const { return 24.0 * static_cast<double>(examples * latent); }

  void bind(OpRun& run) const {
    const Inputs in = inputs();
    const ops::Moments<float> relative = {
        run.output<float>("mean", examples, latent,
                          [=, *this] {
                            return by_value(examples, [&](std::int64_t i, std::int64_t d, std::int64_t) {
                              return (double{in.mean[at(i, d)]} - in.prior_mean[at(i, d)]) /
                                     std::sqrt(std::exp(double{in.prior_log_variance[at(i, d)]}));
                            });
                          },
                          {2e-6, 2e-6}),
        run.output<float>("log_variance", examples, latent,
                          [=, *this] {
                            return by_value(examples, [&](std::int64_t i, std::int64_t d, std::int64_t) {
                              return double{in.log_variance[at(i, d)]} - in.prior_log_variance[at(i, d)];
                            });
                          },
                          {1e-6, 1e-6})};
    const ops::Moments<const float> posterior = {
        run.input<float>("posterior_mean", examples, latent, in.mean),
        run.input<float>("posterior_log_variance", examples, latent, in.log_variance)};
    const auto of = prior(run, in);
    run.operation = [=](Context& context) { ops::relative_moments(context, relative, posterior, of); };
  }
};

struct PlaceCodesCase : ConditionalPriorCase {
  double bytes() const { return 8.0 * static_cast<double>((rows() + examples) * latent); }

  void bind(OpRun& run) const {
    const Inputs in = inputs();
    const auto expected = [=, *this] {
      return by_value(rows(), [&](std::int64_t i, std::int64_t d, std::int64_t row) {
        return in.prior_mean[at(i, d)] +
               std::exp(0.5 * in.prior_log_variance[at(i, d)]) * double{in.u[at(row, d)]};
      });
    };
    const auto z = run.output<float>("z", rows(), latent, expected, {2e-6, 2e-6});
    const auto u = run.input<float>("u", rows(), latent, in.u);
    const auto of = prior(run, in);
    run.operation = [=](Context& context) { ops::place_codes(context, z, u, of); };
  }
};

struct PlaceCodesBackwardCase : ConditionalPriorCase {
  double bytes() const { return 4.0 * static_cast<double>((2 * rows() + examples) * latent); }

  void bind(OpRun& run) const {
    const Inputs in = inputs();
    const auto expected = [=, *this] {
      return by_value(rows(), [&](std::int64_t i, std::int64_t d, std::int64_t row) {
        return in.u[at(row, d)] * std::exp(0.5 * in.prior_log_variance[at(i, d)]);
      });
    };
    const auto dz = run.output<float>("dz", rows(), latent, expected, {1e-6, 2e-6}, in.u);
    const auto log_variance = run.input<float>("prior_log_variance", examples, latent, in.prior_log_variance);
    run.operation = [=](Context& context) { ops::place_codes_backward(context, dz, log_variance); };
  }
};

/// The reference is the finite difference of the textbook's KL of two Gaussians, or of −Σ_k c_k log p(z_k).
struct RelativeMomentsBackwardCase : ConditionalPriorCase {
  static constexpr float kScale = 0.7f, kDivisor = 3.0f;

  double bytes() const { return 4.0 * static_cast<double>((7 * examples + rows()) * latent); }

  struct Terms {
    std::vector<float> per_row, per_dimension, per_sample;
  };

  void bind(OpRun& run) const {
    const Inputs in = inputs();
    Random random(17);
    const Terms terms = {random.uniform(examples, 0.0, 2.0), random.uniform(latent, 0.0, 1.0),
                         random.uniform(rows(), 0.0, 1.0)};
    const auto before = random.normal(examples * latent);
    const auto dmean = run.output<float>(
        "dmean", examples, latent,
        [=, *this] {
          return by_value(examples, [&](std::int64_t i, std::int64_t d, std::int64_t) {
            return before[at(i, d)] * std::exp(-0.5 * in.prior_log_variance[at(i, d)]);
          });
        },
        {1e-6, 2e-6}, before);
    const auto slope = [=, *this](std::size_t which) {
      return [=, *this] {
        return by_value(examples, [&](std::int64_t i, std::int64_t d, std::int64_t) {
          const std::size_t here = at(i, d);
          return finite_differences([&](std::span<const double> p) { return cost(in, terms, i, d, p); },
                                    {in.prior_mean[here], in.prior_log_variance[here]})[which];
        });
      };
    };
    const Tolerance tolerance{1e-5 + 2e-6 * std::sqrt(static_cast<double>(samples)), 1e-5};
    const ops::Moments<float> dprior = {
        run.output<float>("dprior_mean", examples, latent, slope(0), tolerance),
        run.output<float>("dprior_log_variance", examples, latent, slope(1), tolerance)};
    const auto [relative_mean, relative_log_variance] = relative_inputs(in);
    const ops::Moments<const float> relative = {
        run.input<float>("relative_mean", examples, latent, relative_mean),
        run.input<float>("relative_log_variance", examples, latent, relative_log_variance)};
    const auto u = run.input<float>("u", rows(), latent, in.u);
    const auto log_variance = run.input<float>("prior_log_variance", examples, latent, in.prior_log_variance);
    ops::KlWeight weight;
    if (weights != PriorWeights::none) weight.scale = run.input<float>("scale", {kScale}).data;
    if (weights == PriorWeights::samples)
      weight.per_sample = run.input<float>("per_sample", terms.per_sample);
    if (weights == PriorWeights::dimensions_and_rows) {
      weight.per_row = run.input<float>("per_row", terms.per_row);
      weight.per_dimension = run.input<float>("per_dimension", terms.per_dimension);
    }
    run.operation = [=](Context& context) {
      ops::relative_moments_backward(context, dmean, dprior, relative, u, log_variance, weight, kDivisor);
    };
  }

 private:
  std::pair<std::vector<float>, std::vector<float>> relative_inputs(const Inputs& in) const {
    std::pair<std::vector<float>, std::vector<float>> relative;
    for (std::size_t i = 0; i < in.mean.size(); ++i) {
      const double deviation = std::exp(0.5 * in.prior_log_variance[i]);
      relative.first.push_back(static_cast<float>((double{in.mean[i]} - in.prior_mean[i]) / deviation));
      relative.second.push_back(in.log_variance[i] - in.prior_log_variance[i]);
    }
    return relative;
  }

  /// What dimension d of example i costs with the prior's mean p[0] and log-variance p[1]; z stays.
  double cost(const Inputs& in, const Terms& terms, std::int64_t i, std::int64_t d,
              std::span<const double> p) const {
    const std::size_t here = at(i, d);
    const double scale = (weights == PriorWeights::none ? 1.0 : double{kScale}) / kDivisor;
    if (weights != PriorWeights::samples) {
      const bool weighted = weights == PriorWeights::dimensions_and_rows;
      const double c = scale * (weighted ? double{terms.per_row[static_cast<std::size_t>(i)]} *
                                               terms.per_dimension[static_cast<std::size_t>(d)]
                                         : 1.0);
      const double log_variance = in.log_variance[here], apart = in.mean[here] - p[0];
      return 0.5 * c *
             (p[1] - log_variance + (std::exp(log_variance) + apart * apart) / std::exp(p[1]) - 1.0);
    }
    double sum = 0.0;
    for (std::int64_t row = i * samples; row < (i + 1) * samples; ++row) {
      const double z = in.prior_mean[here] + std::exp(0.5 * in.prior_log_variance[here]) * in.u[at(row, d)];
      const double c = scale * terms.per_sample[static_cast<std::size_t>(row)];
      sum += 0.5 * c * (p[1] + (z - p[0]) * (z - p[0]) / std::exp(p[1]));
    }
    return sum;
  }
};

}  // namespace elbo::test
