#pragma once
// Cases of the ops of a mixture of Gaussians: ops::mixture_prepare, _excess, _backward_codes,
// _backward_components.

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "ops/mixture.h"
#include "base/check.h"
#include "support/gradient_check.h"
#include "support/op_case.h"

namespace elbo::test {

/// A mixture of C diagonal Gaussians in float64, by textbook formulas with all constants.
struct ReferenceMixture {
  std::size_t latent = 1;
  std::vector<double> mean, log_variance;  ///< [C, latent]
  std::vector<double> logits;              ///< [C]

  std::size_t components() const { return logits.size(); }

  double log_normal(const double* z, std::size_t c) const {
    double log = 0.0;
    for (std::size_t d = 0; d < latent; ++d) {
      const double apart = z[d] - mean[c * latent + d], log_square = log_variance[c * latent + d];
      log -= 0.5 * (std::log(2.0 * std::numbers::pi) + log_square + apart * apart / std::exp(log_square));
    }
    return log;
  }
  std::vector<double> log_weights() const {
    double sum = 0.0;
    for (const double logit : logits) sum += std::exp(logit);
    std::vector<double> weights;
    for (const double logit : logits) weights.push_back(logit - std::log(sum));
    return weights;
  }
  /// log w_c N(z; μ_c, σ_c²) for each component, and the logarithm of their sum.
  std::vector<double> log_shares(const double* z) const {
    auto logs = log_weights();
    for (std::size_t c = 0; c < components(); ++c) logs[c] += log_normal(z, c);
    return logs;
  }
  static double log_sum(const std::vector<double>& logs) {
    const double largest = *std::max_element(logs.begin(), logs.end());
    double sum = 0.0;
    for (const double log : logs) sum += std::exp(log - largest);
    return largest + std::log(sum);
  }
  double log_density(const double* z) const { return log_sum(log_shares(z)); }
  std::vector<double> responsibilities(const double* z) const {
    auto shares = log_shares(z);
    const double sum = log_sum(shares);
    for (double& share : shares) share = std::exp(share - sum);
    return shares;
  }
  /// log N(z; 0, I) − log p(z).
  double excess(const double* z) const {
    double log = 0.0;
    for (std::size_t d = 0; d < latent; ++d) log -= 0.5 * (std::log(2.0 * std::numbers::pi) + z[d] * z[d]);
    return log - log_density(z);
  }
};

/// m codes and C components.
struct MixtureCase {
  std::int64_t rows = 1;
  std::int64_t latent = 1;
  std::int64_t components = 1;
  bool logits = true;            ///< learned weights
  bool responsibilities = true;  ///< whether excess() gives them
  bool accumulate = false;       ///< gradients are added
  bool weighted = true;          ///< weights given to the gradient in codes

  std::string name() const {
    return concat("m", rows, "_latent", latent, "_c", components, logits ? "" : "_even",
                  responsibilities ? "" : "_alone", accumulate ? "_added" : "",
                  weighted ? "" : "_unweighted");
  }
  double terms() const { return static_cast<double>(rows) * static_cast<double>(latent * components); }

  struct Inputs {
    ReferenceMixture reference;
    std::vector<float> z, mean, precision, log_weight, log_scale, log_variance, logits, responsibilities,
        weights;
  };
  Inputs inputs() const {
    Random random(static_cast<std::uint64_t>(10000 * rows + 100 * latent + components));
    Inputs in;
    in.z = random.normal(rows * latent);
    in.mean = random.normal(components * latent);
    in.log_variance = random.normal(components * latent, -0.5, 0.7);
    in.logits = logits ? random.normal(components) : std::vector<float>(static_cast<std::size_t>(components));
    in.weights = random.uniform(rows, 0.0, 1.0);
    in.reference = {static_cast<std::size_t>(latent), widen(in.mean), widen(in.log_variance),
                    widen(in.logits)};
    const auto log_weights = in.reference.log_weights();
    for (std::size_t c = 0; c < log_weights.size(); ++c) {
      double sum = 0.0;
      for (std::size_t d = 0; d < in.reference.latent; ++d) {
        const double value = in.reference.log_variance[c * in.reference.latent + d];
        in.precision.push_back(static_cast<float>(std::exp(-value)));
        sum += value;
      }
      in.log_weight.push_back(static_cast<float>(log_weights[c]));
      in.log_scale.push_back(static_cast<float>(log_weights[c] - 0.5 * sum));
    }
    const auto z = widen(in.z);
    for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i) {
      for (const double share : in.reference.responsibilities(z.data() + i * in.reference.latent))
        in.responsibilities.push_back(static_cast<float>(share));
    }
    return in;
  }
  ops::Mixture mixture(OpRun& run, const Inputs& in) const {
    return {run.input<float>("mean", components, latent, in.mean),
            run.input<float>("precision", components, latent, in.precision),
            run.input<float>("log_weight", in.log_weight), run.input<float>("log_scale", in.log_scale)};
  }
};

struct MixturePrepareCase : MixtureCase {
  double flops() const { return 0.0; }
  double bytes() const { return 8.0 * static_cast<double>(components * latent); }

  void bind(OpRun& run) const {
    const Inputs in = inputs();
    const auto precision =
        run.output<float>("precision", components, latent, [=] { return widen(in.precision); }, {1e-7, 1e-6});
    const auto log_weight =
        run.output<float>("log_weight", components, [=] { return widen(in.log_weight); }, {1e-6, 1e-6});
    const auto log_scale = run.output<float>(
        "log_scale", components, [=] { return widen(in.log_scale); },
        Tolerance::float_sum(static_cast<double>(latent), 2.0));
    const auto log_variance = run.input<float>("log_variance", components, latent, in.log_variance);
    VectorView<const float> logits_view;
    if (logits) logits_view = run.input<float>("logits", in.logits);
    run.operation = [=](Context& context) {
      ops::mixture_prepare(context, precision, log_weight, log_scale, log_variance, logits_view);
    };
  }
};

struct MixtureExcessCase : MixtureCase {
  double flops() const { return 4.0 * terms(); }
  double bytes() const {
    return 4.0 * static_cast<double>(rows * latent + 2 * components * latent +
                                     (responsibilities ? rows * components : 0));
  }

  void bind(OpRun& run) const {
    const Inputs in = inputs();
    const auto z = widen(in.z);
    const auto expected = [=, *this] {
      std::vector<double> all;
      for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i)
        all.push_back(in.reference.excess(z.data() + i * in.reference.latent));
      return all;
    };
    const Tolerance tolerance{2e-6 * static_cast<double>(latent) + 2e-6, 2e-6};
    const auto excess = run.output<float>("excess", rows, expected, tolerance);
    MatrixView<float> shares;
    if (responsibilities) {
      // A log-density of about a hundred has an error of some 1e-5, which is the responsibility's relative
      // error.
      shares = run.output<float>("responsibilities", rows, components,
                                 [=] { return widen(in.responsibilities); }, {1e-9, 1e-4});
    }
    const auto z_view = run.input<float>("z", rows, latent, in.z);
    const ops::Mixture of = mixture(run, in);
    run.operation = [=](Context& context) { ops::mixture_excess(context, excess, shares, z_view, of); };
  }
};

struct MixtureCodesCase : MixtureCase {
  double flops() const { return 4.0 * terms(); }
  double bytes() const {
    return 4.0 * static_cast<double>(3 * rows * latent + 2 * components * latent + rows * components);
  }

  void bind(OpRun& run) const {
    constexpr float kFactor = -0.7f;
    const Inputs in = inputs();
    Random random(3);
    const auto before = random.normal(rows * latent);
    const auto expected = [=, *this] {
      std::vector<double> all(before.begin(), before.end());
      const auto width = static_cast<std::size_t>(latent);
      for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i) {
        const std::vector<double> z(in.z.begin() + static_cast<std::ptrdiff_t>(i * width),
                                    in.z.begin() + static_cast<std::ptrdiff_t>((i + 1) * width));
        const auto slope =
            finite_differences([&](std::span<const double> at) { return in.reference.excess(at.data()); }, z);
        const double weight = kFactor * (weighted ? in.weights[i] : 1.0f);
        for (std::size_t d = 0; d < width; ++d) all[i * width + d] += weight * slope[d];
      }
      return all;
    };
    const auto dz = run.output<float>("dz", rows, latent, expected, {3e-5, 3e-5}, before);
    const auto z_view = run.input<float>("z", rows, latent, in.z);
    const auto shares = run.input<float>("responsibilities", rows, components, in.responsibilities);
    VectorView<const float> weights;
    if (weighted) weights = run.input<float>("weights", in.weights);
    const ops::Mixture of = mixture(run, in);
    run.operation = [=](Context& context) {
      ops::mixture_backward_codes(context, dz, z_view, of, shares, weights, kFactor);
    };
  }
};

struct MixtureComponentsCase : MixtureCase {
  double flops() const { return 5.0 * terms(); }
  double bytes() const {
    return 4.0 * static_cast<double>(rows * latent + 4 * components * latent + rows * components);
  }

  /// Σ_i weight_i e(z_i).
  double total(const Inputs& in, const ReferenceMixture& mixture) const {
    const auto z = widen(in.z);
    double sum = 0.0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i)
      sum += in.weights[i] * mixture.excess(z.data() + i * mixture.latent);
    return sum;
  }

  void bind(OpRun& run) const {
    const Inputs in = inputs();
    Random random(4);
    const auto output = [&](const char* name, std::int64_t cols,
                            std::vector<double> ReferenceMixture::*member) {
      const std::vector<float> before = accumulate ? random.normal(components * cols) : std::vector<float>();
      const auto expected = [=, *this] {
        const auto at = [&](std::span<const double> values) {
          ReferenceMixture moved = in.reference;
          (moved.*member).assign(values.begin(), values.end());
          return total(in, moved);
        };
        auto slope = finite_differences(at, in.reference.*member);
        for (std::size_t i = 0; i < before.size(); ++i) slope[i] += before[i];
        return slope;
      };
      return run.output<float>(name, components, cols, expected,
                               {1e-5 * std::sqrt(static_cast<double>(rows)) + 1e-5, 3e-5}, before);
    };
    ops::MixtureGradient gradient;
    gradient.mean = output("dmean", latent, &ReferenceMixture::mean);
    gradient.log_variance = output("dlog_variance", latent, &ReferenceMixture::log_variance);
    if (logits) gradient.logits = logits_output(run, in);
    const auto z_view = run.input<float>("z", rows, latent, in.z);
    const auto shares = run.input<float>("responsibilities", rows, components, in.responsibilities);
    const auto weights = run.input<float>("weights", in.weights);
    const ops::Mixture of = mixture(run, in);
    run.operation = [=, *this](Context& context) {
      ops::mixture_backward_components(context, gradient, z_view, of, shares, weights, accumulate);
    };
  }

 private:
  VectorView<float> logits_output(OpRun& run, const Inputs& in) const {
    Random random(5);
    const std::vector<float> before = accumulate ? random.normal(components) : std::vector<float>();
    const auto expected = [=, *this] {
      const auto at = [&](std::span<const double> values) {
        ReferenceMixture moved = in.reference;
        moved.logits.assign(values.begin(), values.end());
        return total(in, moved);
      };
      auto slope = finite_differences(at, in.reference.logits);
      for (std::size_t i = 0; i < before.size(); ++i) slope[i] += before[i];
      return slope;
    };
    return run.output<float>("dlogits", components, expected,
                             {1e-5 * std::sqrt(static_cast<double>(rows)) + 1e-5, 3e-5}, before);
  }
};

}  // namespace elbo::test
