#pragma once
// Cases of ops/norm.h: layer and group normalisation with float64 references.

#include <cmath>
#include <string>
#include <vector>

#include "base/check.h"
#include "cases/activations.h"
#include "ops/norm.h"
#include "support/gradient_check.h"
#include "support/op_case.h"

namespace elbo::test {

/// ε large enough to show if it is used in the wrong place.
inline constexpr float kNormEpsilon = 1e-3f;

/// n rows of p positions of C channels in G groups.
struct NormShape {
  std::int64_t n = 1, positions = 1, channels = 1, groups = 1;

  std::int64_t cols() const { return positions * channels; }
  std::int64_t values() const { return n * cols(); }
  std::int64_t all() const { return n * positions; }
  std::int64_t per_group() const { return channels / groups; }
  std::int64_t channel(std::int64_t at) const { return at % channels; }
  /// The index into the statistics [n, G] for value `at` of the batch.
  std::size_t group(std::int64_t at) const {
    return static_cast<std::size_t>(at / cols() * groups + channel(at) / per_group());
  }
  std::string name() const { return concat("n", n, "_p", positions, "_c", channels, "_g", groups); }
  std::uint64_t seed() const {
    return static_cast<std::uint64_t>(n * 1000003 + positions * 1009 + channels * 17 + groups);
  }

  /// Values far from 0 relative to their spread, and different in each channel.
  std::vector<float> x() const {
    Random random(seed());
    std::vector<float> x = random.normal(values(), 5.0, 0.7);
    for (std::int64_t at = 0; at < values(); ++at) {
      x[static_cast<std::size_t>(at)] += 0.5f * static_cast<float>(channel(at) % 3);
    }
    return x;
  }
  std::vector<float> gamma() const { return Random(seed() + 1).uniform(channels, 0.5, 1.5); }
  std::vector<float> beta() const { return Random(seed() + 2).normal(channels); }
  std::vector<float> dy() const { return Random(seed() + 3).normal(values()); }
  /// The input of x's activation.
  std::vector<float> before() const { return Random(seed() + 4).normal(values()); }
};

struct NormReference {
  std::vector<double> mean, rstd;  ///< [n, G]
};

inline NormReference norm_statistics(const NormShape& shape, std::span<const double> x) {
  NormReference of;
  const auto groups = static_cast<std::size_t>(shape.n * shape.groups);
  const auto count = static_cast<double>(shape.positions * shape.per_group());
  std::vector<double> squares(groups);
  of.mean.resize(groups);
  for (std::int64_t at = 0; at < shape.values(); ++at) of.mean[shape.group(at)] += x[at] / count;
  for (std::int64_t at = 0; at < shape.values(); ++at) {
    const double apart = x[at] - of.mean[shape.group(at)];
    squares[shape.group(at)] += apart * apart / count;
  }
  for (const double variance : squares) of.rstd.push_back(1.0 / std::sqrt(variance + double{kNormEpsilon}));
  return of;
}

/// γ x̂ + β with the statistics of x itself.
inline std::vector<double> norm_reference(const NormShape& shape, std::span<const double> x,
                                          std::span<const double> gamma, std::span<const double> beta) {
  const NormReference of = norm_statistics(shape, x);
  std::vector<double> y;
  for (std::int64_t at = 0; at < shape.values(); ++at) {
    const std::size_t g = shape.group(at);
    y.push_back(gamma[shape.channel(at)] * (x[at] - of.mean[g]) * of.rstd[g] + beta[shape.channel(at)]);
  }
  return y;
}

/// The values from which act′ is computed, given `before`.
inline std::vector<float> saved_of(Activation activation, std::vector<float> before) {
  if (derivative_needs_input(activation)) return before;
  for (float& value : before) {
    value = static_cast<float>(activate_reference(activation, static_cast<double>(value)));
  }
  return before;
}

inline std::vector<float> narrow(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

struct NormForwardCase {
  NormShape shape;
  Activation activation = Activation::identity;

  std::string name() const { return concat(shape.name(), "_", activation_name(activation)); }
  double flops() const { return 0.0; }
  double bytes() const { return 8.0 * static_cast<double>(shape.values()); }

  void bind(OpRun& run) const {
    const bool save = derivative_needs_input(activation);
    const auto x = run.input("x", shape.n, shape.cols(), shape.x());
    const auto gamma = run.input("gamma", shape.gamma()), beta = run.input("beta", shape.beta());
    const auto pre = [s = shape] {
      return norm_reference(s, widen(s.x()), widen(s.gamma()), widen(s.beta()));
    };
    const auto of = [s = shape] { return norm_statistics(s, widen(s.x())); };
    const Tolerance tolerance = {2e-5, 1e-5};
    const auto y = run.output<float>(
        "y", shape.n, shape.cols(),
        [=, act = activation] {
          auto values = pre();
          for (double& value : values) value = activate_reference(act, value);
          return values;
        },
        tolerance);
    MatrixView<float> saved;
    if (save) saved = run.output<float>("saved", shape.n, shape.cols(), pre, tolerance);
    const auto mean =
        run.output<float>("mean", shape.n, shape.groups, [=] { return of().mean; }, {2e-6, 1e-6});
    const auto rstd =
        run.output<float>("rstd", shape.n, shape.groups, [=] { return of().rstd; }, {0.0, 2e-5});
    run.operation = [=, act = activation](Context& context) {
      ops::norm_forward(context, y, saved, mean, rstd, x, gamma, beta, kNormEpsilon, act);
    };
  }
};

/// Σ dy (γ x̂ + β), of which the backward ops give the gradients.
inline double norm_objective(const NormShape& shape, std::span<const double> x, std::span<const double> gamma,
                             std::span<const double> beta) {
  const auto y = norm_reference(shape, x, gamma, beta);
  const auto dy = shape.dy();
  double sum = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) sum += static_cast<double>(dy[i]) * y[i];
  return sum;
}

/// dx ⊙ act′ from means of g and g·x̂ over groups of `count` values; group(at) gives a value's group.
template <class Group>
std::vector<double> norm_gradient_reference(const NormShape& shape, std::span<const double> mean,
                                            std::span<const double> rstd, bool constants, double count,
                                            std::size_t groups, const Group& group) {
  const auto x = shape.x(), dy = shape.dy(), gamma = shape.gamma();
  std::vector<double> of_g(groups), of_product(groups), dx;
  const auto g_at = [&](std::int64_t at) {
    return static_cast<double>(gamma[static_cast<std::size_t>(shape.channel(at))]) *
           static_cast<double>(dy[static_cast<std::size_t>(at)]);
  };
  const auto normal_at = [&](std::int64_t at) {
    return (static_cast<double>(x[static_cast<std::size_t>(at)]) - mean[group(at)]) * rstd[group(at)];
  };
  for (std::int64_t at = 0; !constants && at < shape.values(); ++at) {
    of_g[group(at)] += g_at(at) / count;
    of_product[group(at)] += g_at(at) * normal_at(at) / count;
  }
  for (std::int64_t at = 0; at < shape.values(); ++at) {
    dx.push_back(rstd[group(at)] * (g_at(at) - of_g[group(at)] - normal_at(at) * of_product[group(at)]));
  }
  return dx;
}

/// dx times act′, added to the previous values if requested.
inline std::vector<double> finished_gradient(std::vector<double> dx, Activation activation,
                                             const std::vector<float>& before,
                                             const std::vector<float>& initial) {
  for (std::size_t i = 0; i < dx.size(); ++i) {
    if (activation != Activation::identity) {
      dx[i] *= derivative_reference(activation, static_cast<double>(before[i]));
    }
    if (!initial.empty()) dx[i] += static_cast<double>(initial[i]);
  }
  return dx;
}

struct NormBackwardInputCase {
  NormShape shape;
  Activation activation = Activation::identity;
  bool accumulate = false;

  std::string name() const {
    return concat(shape.name(), "_", activation_name(activation), accumulate ? "_added" : "");
  }
  double flops() const { return 0.0; }
  double bytes() const { return 12.0 * static_cast<double>(shape.values()); }

  void bind(OpRun& run) const {
    const auto of = norm_statistics(shape, widen(shape.x()));
    const auto mean = run.input("mean", shape.n, shape.groups, narrow(of.mean));
    const auto rstd = run.input("rstd", shape.n, shape.groups, narrow(of.rstd));
    const auto x = run.input("x", shape.n, shape.cols(), shape.x());
    const auto dy = run.input("dy", shape.n, shape.cols(), shape.dy());
    const auto gamma = run.input("gamma", shape.gamma());
    MatrixView<const float> saved;
    if (activation != Activation::identity) {
      saved = run.input("saved", shape.n, shape.cols(), saved_of(activation, shape.before()));
    }
    const auto initial = accumulate ? Random(5).normal(shape.values()) : std::vector<float>{};
    const auto reference = [=, s = shape, act = activation] {
      auto gradient = norm_gradient_reference(s, of.mean, of.rstd, false,
                                              static_cast<double>(s.positions * s.per_group()),
                                              of.mean.size(), [&](std::int64_t at) { return s.group(at); });
      return finished_gradient(std::move(gradient), act, s.before(), initial);
    };
    // A group of few values may have a small spread, and so a large 1/σ.
    double largest = 1.0;
    for (const double value : of.rstd) largest = std::max(largest, value);
    const auto dx =
        run.output<float>("dx", shape.n, shape.cols(), reference, {2e-5 * largest, 2e-5}, initial);
    run.operation = [=, act = activation, add = accumulate](Context& context) {
      ops::norm_backward_input(context, dx, dy, x, mean, rstd, gamma, saved, act, add);
    };
  }
};

/// With `of_batch`, the statistics are per channel, [1, C], whatever the groups.
struct NormBackwardParamsCase {
  NormShape shape;
  bool of_batch = false;
  bool accumulate = false;

  std::string name() const {
    return concat(shape.name(), of_batch ? "_batch" : "", accumulate ? "_added" : "");
  }
  double flops() const { return 0.0; }
  double bytes() const { return 8.0 * static_cast<double>(shape.values()); }

  void bind(OpRun& run) const {
    const std::int64_t rows = of_batch ? 1 : shape.n, cols = of_batch ? shape.channels : shape.groups;
    Random random(shape.seed());
    const auto mean_values = random.normal(rows * cols, 5.0, 0.3);
    const auto rstd_values = random.uniform(rows * cols, 0.5, 1.5);
    const auto mean = run.input("mean", rows, cols, mean_values);
    const auto rstd = run.input("rstd", rows, cols, rstd_values);
    const auto x = run.input("x", shape.n, shape.cols(), shape.x());
    const auto dy = run.input("dy", shape.n, shape.cols(), shape.dy());
    const auto initial = accumulate ? Random(6).normal(shape.channels) : std::vector<float>{};
    const auto reference = [=, *this](bool of_gamma) {
      return [=, *this] {
        std::vector<double> sums(static_cast<std::size_t>(shape.channels));
        if (!initial.empty()) sums.assign(initial.begin(), initial.end());
        const auto values = shape.x(), gradient = shape.dy();
        for (std::int64_t at = 0; at < shape.values(); ++at) {
          const auto c = static_cast<std::size_t>(shape.channel(at));
          const std::size_t g = of_batch ? c : shape.group(at);
          const auto i = static_cast<std::size_t>(at);
          const double normal = (static_cast<double>(values[i]) - static_cast<double>(mean_values[g])) *
                                static_cast<double>(rstd_values[g]);
          sums[c] += static_cast<double>(gradient[i]) * (of_gamma ? normal : 1.0);
        }
        return sums;
      };
    };
    const Tolerance tolerance = Tolerance::float_sum(static_cast<double>(shape.all()), 3.0);
    const auto dgamma = run.output<float>("dgamma", shape.channels, reference(true), tolerance, initial);
    const auto dbeta = run.output<float>("dbeta", shape.channels, reference(false), tolerance, initial);
    const std::int64_t size = ops::norm_scratch_size(shape.channels);
    const VectorView<float> scratch(run.scratch<float>("scratch", 1, size).data, size);
    run.operation = [=, add = accumulate](Context& context) {
      ops::norm_backward_params(context, dgamma, dbeta, scratch, dy, x, mean, rstd, add);
    };
  }
};

}  // namespace elbo::test
