#pragma once
// Cases of ops/batch_norm.h, with float64 references.

#include <cmath>
#include <string>
#include <vector>

#include "cases/norm.h"
#include "ops/batch_norm.h"

namespace elbo::test {

inline constexpr float kNormMomentum = 0.1f;

/// Statistics of each channel over a batch.
struct BatchReference {
  std::vector<double> mean, variance, rstd;
};

inline BatchReference batch_statistics(const NormShape& shape, std::span<const double> x) {
  BatchReference of;
  const auto count = static_cast<double>(shape.all());
  of.mean.resize(static_cast<std::size_t>(shape.channels));
  of.variance = of.mean;
  for (std::int64_t at = 0; at < shape.values(); ++at) of.mean[shape.channel(at)] += x[at] / count;
  for (std::int64_t at = 0; at < shape.values(); ++at) {
    const double apart = x[at] - of.mean[shape.channel(at)];
    of.variance[shape.channel(at)] += apart * apart / count;
  }
  for (const double v : of.variance) of.rstd.push_back(1.0 / std::sqrt(v + double{kNormEpsilon}));
  return of;
}

struct BatchStatisticsCase {
  NormShape shape;

  std::string name() const { return shape.name(); }
  double flops() const { return 0.0; }
  double bytes() const { return 4.0 * static_cast<double>(shape.values()); }

  void bind(OpRun& run) const {
    Random random(shape.seed() + 9);
    const auto before_mean = random.normal(shape.channels);
    const auto before_variance = random.uniform(shape.channels, 0.5, 2.0);
    const auto of = [s = shape] { return batch_statistics(s, widen(s.x())); };
    const auto moved = [](const std::vector<float>& before, const std::vector<double>& to, double factor) {
      std::vector<double> after;
      for (std::size_t c = 0; c < to.size(); ++c) {
        const auto share = double{kNormMomentum};
        after.push_back((1.0 - share) * static_cast<double>(before[c]) + share * factor * to[c]);
      }
      return after;
    };
    const auto all = static_cast<double>(shape.all());
    const auto mean = run.output<float>("mean", shape.channels, [=] { return of().mean; }, {1e-6, 1e-6});
    const auto rstd = run.output<float>("rstd", shape.channels, [=] { return of().rstd; }, {0.0, 1e-5});
    const ops::RunningStatistics running = {
        run.output<float>(
            "running_mean", shape.channels, [=] { return moved(before_mean, of().mean, 1.0); }, {1e-6, 1e-6},
            before_mean),
        run.output<float>(
            "running_variance", shape.channels,
            [=] { return moved(before_variance, of().variance, all / (all - 1.0)); }, {1e-6, 2e-6},
            before_variance)};
    const auto x = run.input("x", shape.n, shape.cols(), shape.x());
    const std::int64_t size = ops::norm_scratch_size(shape.channels);
    const VectorView<float> scratch(run.scratch<float>("scratch", 1, size).data, size);
    run.operation = [=](Context& context) {
      ops::batch_norm_statistics(context, mean, rstd, running, scratch, x, kNormEpsilon, kNormMomentum);
    };
  }
};

struct BatchRunningCase {
  std::int64_t channels = 1;

  std::string name() const { return concat("c", channels); }
  double flops() const { return 0.0; }
  double bytes() const { return 16.0 * static_cast<double>(channels); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(channels));
    const auto of_mean = random.normal(channels), of_variance = random.uniform(channels, 0.0, 2.0);
    const auto mean = run.output<float>(
        "mean", channels, [=] { return widen(of_mean); }, Tolerance::exact());
    const auto rstd = run.output<float>("rstd", channels,
                                        [=] {
                                          auto values = widen(of_variance);
                                          for (double& v : values)
                                            v = 1.0 / std::sqrt(v + double{kNormEpsilon});
                                          return values;
                                        },
                                        {0.0, 1e-6});
    const auto running_mean = run.input("running_mean", of_mean);
    const auto running_variance = run.input("running_variance", of_variance);
    run.operation = [=](Context& context) {
      ops::batch_norm_running(context, mean, rstd, running_mean, running_variance, kNormEpsilon);
    };
  }
};

struct BatchForwardCase {
  NormShape shape;
  Activation activation = Activation::identity;

  std::string name() const { return concat(shape.name(), "_", activation_name(activation)); }
  double flops() const { return 0.0; }
  double bytes() const { return 8.0 * static_cast<double>(shape.values()); }

  void bind(OpRun& run) const {
    const auto of = batch_statistics(shape, widen(shape.x()));
    const auto mean = run.input("mean", narrow(of.mean)), rstd = run.input("rstd", narrow(of.rstd));
    const auto gamma = run.input("gamma", shape.gamma()), beta = run.input("beta", shape.beta());
    const auto x = run.input("x", shape.n, shape.cols(), shape.x());
    const auto pre = [=, s = shape] {
      const auto values = s.x(), gammas = s.gamma(), betas = s.beta();
      std::vector<double> y;
      for (std::int64_t at = 0; at < s.values(); ++at) {
        const auto c = static_cast<std::size_t>(s.channel(at));
        const double normal =
            (static_cast<double>(values[static_cast<std::size_t>(at)]) - of.mean[c]) * of.rstd[c];
        y.push_back(static_cast<double>(gammas[c]) * normal + static_cast<double>(betas[c]));
      }
      return y;
    };
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
    if (derivative_needs_input(activation)) {
      saved = run.output<float>("saved", shape.n, shape.cols(), pre, tolerance);
    }
    run.operation = [=, act = activation](Context& context) {
      ops::batch_norm_forward(context, y, saved, x, mean, rstd, gamma, beta, act);
    };
  }
};

struct BatchBackwardCase {
  NormShape shape;
  Activation activation = Activation::identity;
  bool constants = false;  ///< mean and rstd do not depend on x
  bool accumulate = false;

  std::string name() const {
    return concat(shape.name(), "_", activation_name(activation), constants ? "_constants" : "",
                  accumulate ? "_added" : "");
  }
  double flops() const { return 0.0; }
  double bytes() const { return 12.0 * static_cast<double>(shape.values()); }

  void bind(OpRun& run) const {
    const auto of = batch_statistics(shape, widen(shape.x()));
    const auto mean = run.input("mean", narrow(of.mean)), rstd = run.input("rstd", narrow(of.rstd));
    const auto gamma = run.input("gamma", shape.gamma());
    const auto x = run.input("x", shape.n, shape.cols(), shape.x());
    const auto dy = run.input("dy", shape.n, shape.cols(), shape.dy());
    MatrixView<const float> saved;
    if (activation != Activation::identity) {
      saved = run.input("saved", shape.n, shape.cols(), saved_of(activation, shape.before()));
    }
    VectorView<const float> dgamma, dbeta;
    if (!constants) {
      std::vector<double> sums[2] = {std::vector<double>(of.mean.size()),
                                     std::vector<double>(of.mean.size())};
      const auto values = shape.x(), gradient = shape.dy();
      for (std::int64_t at = 0; at < shape.values(); ++at) {
        const auto c = static_cast<std::size_t>(shape.channel(at)), i = static_cast<std::size_t>(at);
        const auto g = static_cast<double>(gradient[i]);
        sums[0][c] += g * (static_cast<double>(values[i]) - of.mean[c]) * of.rstd[c];
        sums[1][c] += g;
      }
      dgamma = run.input("dgamma", narrow(sums[0]));
      dbeta = run.input("dbeta", narrow(sums[1]));
    }
    const auto initial = accumulate ? Random(5).normal(shape.values()) : std::vector<float>{};
    const auto reference = [=, s = shape, act = activation, fixed = constants] {
      auto gradient =
          norm_gradient_reference(s, of.mean, of.rstd, fixed, static_cast<double>(s.all()), of.mean.size(),
                                  [&](std::int64_t at) { return static_cast<std::size_t>(s.channel(at)); });
      return finished_gradient(std::move(gradient), act, s.before(), initial);
    };
    double largest = 1.0;
    for (const double value : of.rstd) largest = std::max(largest, value);
    const auto dx =
        run.output<float>("dx", shape.n, shape.cols(), reference, {2e-5 * largest, 2e-5}, initial);
    run.operation = [=, act = activation, add = accumulate](Context& context) {
      ops::batch_norm_backward_input(context, dx, dy, x, mean, rstd, gamma, dgamma, dbeta, saved, act, add);
    };
  }
};

}  // namespace elbo::test
