#pragma once
// Cases of ops::linear_reparameterize_backward: the cases of the sample's gradient, with dz as a product.

#include "cases/linear.h"
#include "cases/reparameterize.h"
#include "ops/linear_reparameterize.h"

namespace elbo::test {

struct LinearSampleGradientCase {
  ReparameterizeCase posterior;  ///< one sample
  std::int64_t out = 1;          ///< outputs of the decoder's first layer

  LinearShape gemm() const { return {posterior.examples, posterior.latent, out}; }
  std::string name() const { return concat(posterior.name(), "_out", out); }
  double flops() const {
    return gemm().flops() + 60.0 * static_cast<double>(posterior.examples * posterior.latent);
  }
  double bytes() const {
    return gemm().bytes() + 12.0 * static_cast<double>(posterior.examples * posterior.latent);
  }

  void bind(OpRun& run) const {
    MatrixView<const float> mean, log_variance;
    const auto in = posterior.inputs(run, mean, log_variance);
    const std::int64_t examples = posterior.examples, latent = posterior.latent;
    const std::vector<double> dz = LinearBackwardInputCase{gemm(), Activation::identity}.reference();
    Random random(99);
    const KlTerms terms(posterior, random);
    const ops::KlWeight weight = terms.bind(run);
    // dμ = dz + c μ and dlog σ² = ½ dz σ ε + ½ c (σ² − 1).
    const auto reference = [=, *this](bool of_mean) {
      return [=, *this] {
        std::vector<double> expected;
        for (std::int64_t i = 0; i < examples; ++i) {
          for (std::int64_t d = 0; d < latent; ++d) {
            const auto at = static_cast<std::size_t>(i * latent + d);
            const double c = terms.weight(i, d);
            const double variance = std::exp(static_cast<double>(in.log_variance[at]));
            expected.push_back(of_mean ? dz[at] + c * in.mean[at]
                                       : 0.5 * dz[at] * std::sqrt(variance) * in.noise[at] +
                                             0.5 * c * (variance - 1.0));
          }
        }
        return expected;
      };
    };
    auto tolerance = Tolerance::float_sum(
        static_cast<double>(out),
        8.0 * std::max(1.0, std::sqrt(static_cast<double>(out) / static_cast<double>(latent))));
    tolerance.absolute += 1e-5;
    const auto dmean = run.output<float>("dmean", examples, latent, reference(true), tolerance);
    const auto dlog_variance =
        run.output<float>("dlog_variance", examples, latent, reference(false), tolerance);
    const auto dz_memory = run.scratch<float>("dz", examples, latent);
    const auto dy = run.input("dy", examples, out, gemm().dy());
    const auto w = run.dense_input("w", out, latent, gemm().w());
    run.operation = [=, source = in.source](Context& context) {
      ops::linear_reparameterize_backward(context, dmean, dlog_variance, dz_memory, dy, w, mean, log_variance,
                                          weight, KlTerms::kDivisor, source);
    };
  }
};

}  // namespace elbo::test
