// A linear decoder with a mixture as its prior has an exact evidence: with z ~ Σ w_c N(μ_c, S_c) and x = W z
// + b + σ ε, p(x) = Σ w_c N(x; W μ_c + b, W S_c Wᵀ + σ² I). NLL and annealing estimate it, and codes are
// drawn from the mixture.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "evaluation/annealing.h"
#include "evaluation/evaluate.h"
#include "evaluation/importance.h"
#include "support/device.h"
#include "support/rows_to_evaluate.h"
#include "vae/workspace.h"

namespace elbo {
namespace {

constexpr std::int64_t kDims = 3, kLatent = 2, kRows = 3;
constexpr double kVariance = 0.3;
constexpr double kW[kDims][kLatent] = {{0.8, 0.3}, {-0.4, 0.6}, {0.5, 0.2}};
constexpr double kB[kDims] = {0.1, -0.2, 0.3};
constexpr double kMean[2][kLatent] = {{1.5, -1.0}, {-2.0, 0.5}};
constexpr double kLogVariance[2][kLatent] = {{-1.0, 0.5}, {0.2, -2.0}};
constexpr double kWeight[2] = {0.3, 0.7};

/// log N(x; mean, covariance) by Gauss elimination of the covariance, in place.
double log_normal(double (&c)[kDims][kDims], double (&apart)[kDims]) {
  double log = 0.0;
  for (int k = 0; k < kDims; ++k) {
    log -= 0.5 * (std::log(2.0 * std::numbers::pi * c[k][k]) + apart[k] * apart[k] / c[k][k]);
    for (int i = k + 1; i < kDims; ++i) {
      const double factor = c[i][k] / c[k][k];
      for (int j = k; j < kDims; ++j) c[i][j] -= factor * c[k][j];
      apart[i] -= factor * apart[k];
    }
  }
  return log;
}

double log_evidence(const float* x) {
  double density = 0.0;
  for (int m = 0; m < 2; ++m) {
    double covariance[kDims][kDims], apart[kDims];
    for (int i = 0; i < kDims; ++i) {
      apart[i] = x[i] - kB[i];
      for (int d = 0; d < kLatent; ++d) apart[i] -= kW[i][d] * kMean[m][d];
      for (int j = 0; j < kDims; ++j) {
        covariance[i][j] = i == j ? kVariance : 0.0;
        for (int d = 0; d < kLatent; ++d)
          covariance[i][j] += kW[i][d] * std::exp(kLogVariance[m][d]) * kW[j][d];
      }
    }
    density += kWeight[m] * std::exp(log_normal(covariance, apart));
  }
  return std::log(density);
}

class MixtureEvidence : public testing::Test {
 protected:
  static ModelConfig config() {
    ModelSettings s;
    s.encoder = s.decoder = {};
    s.latent = kLatent;
    s.likelihood = "gaussian";
    s.variance = kVariance;
    s.prior = "mixture";
    s.components = 2;
    return resolve(s, kDims);
  }

  /// Sets the decoder and the prior as above, and a wide encoder, whose samples reach both components.
  static void set_parameters(Vae& vae) {
    std::vector<float> arena(static_cast<std::size_t>(vae.parameters().layout().size), 0.0f);
    for (const nn::TensorInfo& t : vae.parameters().layout().tensors) {
      float* values = arena.data() + t.offset;
      for (int d = 0; d < kLatent; ++d) {
        for (int j = 0; j < kDims; ++j) {
          if (t.name == "decoder.output.weight") values[j * kLatent + d] = static_cast<float>(kW[j][d]);
          if (t.name == "decoder.output.bias") values[j] = static_cast<float>(kB[j]);
        }
        for (int m = 0; m < 2; ++m) {
          if (t.name == "prior.mean") values[m * kLatent + d] = static_cast<float>(kMean[m][d]);
          if (t.name == "prior.log_variance")
            values[m * kLatent + d] = static_cast<float>(kLogVariance[m][d]);
          if (t.name == "prior.logits") values[m] = static_cast<float>(std::log(kWeight[m]) + 3.0);
        }
        if (t.name == "encoder.log_variance.bias") values[d] = 0.7f;
      }
    }
    vae.context().copy_to_device(vae.parameters().values().data, arena.data(), arena.size() * sizeof(float));
    vae.context().synchronize();
  }

  const std::vector<float> x_ = {1.1f, -1.4f, 0.9f, -1.2f, 0.7f, -0.6f, 0.0f, 0.1f, 0.2f};

  EvaluationData data(Context& context) const { return test::rows_to_evaluate(context, x_, kDims); }
  double exact() const {
    double sum = 0.0;
    for (std::int64_t i = 0; i < kRows; ++i) sum -= log_evidence(x_.data() + i * kDims) / kRows;
    return sum;
  }
};

TEST_F(MixtureEvidence, ImportanceWeightsFindIt) {
  ELBO_REQUIRE_DEVICE();
  Context context(test::device());
  Vae vae(context, config(), 1);
  set_parameters(vae);
  EXPECT_NEAR(importance_weighted_nll(vae, data(context), 5000, 3).mean, exact(), 0.05);
  // The KL is estimated from the same samples: reconstruction + KL is a bound.
  for_each_importance_estimate(vae, data(context), 2000, 3, [](std::int64_t, const ImportanceEstimate& e) {
    EXPECT_GT(e.reconstruction + e.kl, e.nll);
  });
}

TEST_F(MixtureEvidence, AnnealingFindsIt) {
  Context cpu(Device::cpu());
  Vae vae(cpu, config(), 1);
  set_parameters(vae);
  const AnnealingOptions options = {.chains = 500, .steps = 100, .leapfrogs = 5, .seed = 4};
  const AnnealedEstimate estimate = annealed_nll(vae, data(cpu), options);
  EXPECT_NEAR(estimate.nll, exact(), 0.05);
  EXPECT_NEAR(estimate.acceptance, 0.65, 0.2);
  EXPECT_GT(estimate.effective_chains, 100.0);
}

TEST_F(MixtureEvidence, AnnealingIsTheSameOnEveryDevice) {
  ELBO_REQUIRE_DEVICE();
  double nll[2];
  for (const int again : {0, 1}) {
    Context context(again ? test::device() : Device::cpu());
    Vae vae(context, config(), 1);
    set_parameters(vae);
    nll[again] = annealed_nll(vae, data(context), {.chains = 7, .steps = 6, .leapfrogs = 2, .seed = 4}).nll;
  }
  EXPECT_NEAR(nll[0], nll[1], 1e-3);
}

TEST_F(MixtureEvidence, AnEvaluationHasNoKlOfADimension) {
  ELBO_REQUIRE_DEVICE();
  Context context(test::device());
  Vae vae(context, config(), 1);
  set_parameters(vae);
  const Evaluation result = evaluate_all(vae, data(context), 3);
  for (const LatentUnit& unit : result.units) EXPECT_FALSE(unit.kl);
  EXPECT_GT(result.terms.kl, 0.0);
  EXPECT_LT(result.terms.elbo, -exact());
}

// Drawn from N(0, I), codes would have mean 0 and variance 1.
TEST_F(MixtureEvidence, CodesAreDrawnFromIt) {
  ELBO_REQUIRE_DEVICE();
  Context context(test::device());
  Vae vae(context, config(), 1);
  set_parameters(vae);
  const auto prior = prior_on_host(vae);
  constexpr std::int64_t kCount = 20000;
  const Table codes = prior->codes(kCount, 7, 0), rest = prior->codes(3, 7, 5);
  for (std::int64_t i = 0; i < 3; ++i) {
    for (std::size_t d = 0; d < kLatent; ++d) EXPECT_EQ(rest.row(i)[d], codes.row(i + 5)[d]);
  }
  double mean[kLatent] = {}, second[kLatent][kLatent] = {};
  for (std::int64_t i = 0; i < kCount; ++i) {
    for (int d = 0; d < kLatent; ++d) {
      mean[d] += codes.row(i)[d] / double{kCount};
      for (int e = 0; e < kLatent; ++e) second[d][e] += double{codes.row(i)[d]} * codes.row(i)[e] / kCount;
    }
  }
  for (int d = 0; d < kLatent; ++d) {
    EXPECT_NEAR(mean[d], kWeight[0] * kMean[0][d] + kWeight[1] * kMean[1][d], 0.05);
    for (int e = 0; e < kLatent; ++e) {
      double expected = 0.0;
      for (int m = 0; m < 2; ++m)
        expected += kWeight[m] * (kMean[m][d] * kMean[m][e] + (d == e ? std::exp(kLogVariance[m][d]) : 0.0));
      EXPECT_NEAR(second[d][e], expected, 0.1);
    }
  }
}

// A quantile's share of the codes is below it, and the density is the derivative of that share.
TEST_F(MixtureEvidence, GridAndDensityAreOfTheSamePrior) {
  ELBO_REQUIRE_DEVICE();
  Context context(test::device());
  Vae vae(context, config(), 1);
  set_parameters(vae);
  const auto prior = prior_on_host(vae);
  const Table grid = prior->grid(4), codes = prior->codes(20000, 8, 0);
  for (std::size_t d = 0; d < kLatent; ++d) {
    for (std::int64_t i = 0; i < 4; ++i) {
      const float at = d == 0 ? grid.row(i)[0] : grid.row(4 * (3 - i))[1];
      double below = 0.0;
      for (std::int64_t c = 0; c < codes.rows; ++c) below += codes.row(c)[d] < at ? 1.0 : 0.0;
      EXPECT_NEAR(below / static_cast<double>(codes.rows), (static_cast<double>(i) + 0.5) / 4.0, 0.015);
    }
  }
  double integral = 0.0;
  constexpr double kStep = 0.05;
  for (double x = -10.0; x < 10.0; x += kStep) {
    for (double y = -10.0; y < 10.0; y += kStep) {
      const float z[] = {static_cast<float>(x), static_cast<float>(y)};
      integral += std::exp(prior->log_density(z)) * kStep * kStep;
    }
  }
  EXPECT_NEAR(integral, 1.0, 1e-3);
}

}  // namespace
}  // namespace elbo
