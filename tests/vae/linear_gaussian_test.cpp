// A linear-Gaussian VAE has an exact evidence: with x = W z + b + σ ε, p(x) = N(b, W Wᵀ + σ² I) (Tipping &
// Bishop 1999, eq. 3). ELBO ≤ IWAE-k ≤ log p(x) is asserted, with equality at the true posterior.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "elbo/error.h"
#include "evaluation/annealing.h"
#include "evaluation/importance.h"
#include "vae/vae.h"
#include "support/device.h"
#include "support/rows_to_evaluate.h"

namespace elbo {
namespace {

constexpr std::int64_t kDims = 4;
constexpr std::int64_t kLatent = 2;
constexpr double kVariance = 0.3;

// Columns are orthogonal, so that the true posterior is diagonal and the encoder can represent it.
constexpr double kW[kDims][kLatent] = {{0.8, 0.3}, {-0.4, 0.6}, {0.5, 0.0}, {0.0, 0.7}};
constexpr double kB[kDims] = {0.1, -0.2, 0.3, 0.5};

double squared_norm(int column) {
  double total = 0;
  for (const auto& row : kW) total += row[column] * row[column];
  return total;
}

/// log N(x; b, W Wᵀ + σ² I) by a Cholesky factor, in float64.
double log_evidence(const std::vector<float>& x) {
  double c[kDims][kDims], l[kDims][kDims] = {};
  for (int i = 0; i < kDims; ++i) {
    for (int j = 0; j < kDims; ++j) {
      c[i][j] = i == j ? kVariance : 0.0;
      for (int d = 0; d < kLatent; ++d) c[i][j] += kW[i][d] * kW[j][d];
    }
  }
  double log_determinant = 0, quadratic = 0, y[kDims];
  for (int i = 0; i < kDims; ++i) {
    for (int j = 0; j <= i; ++j) {
      double s = c[i][j];
      for (int k = 0; k < j; ++k) s -= l[i][k] * l[j][k];
      l[i][j] = i == j ? std::sqrt(s) : s / l[j][j];
    }
    log_determinant += 2 * std::log(l[i][i]);
    y[i] = x[i] - kB[i];
    for (int k = 0; k < i; ++k) y[i] -= l[i][k] * y[k];
    y[i] /= l[i][i];
    quadratic += y[i] * y[i];
  }
  return -0.5 * (kDims * std::log(2 * std::acos(-1.0)) + log_determinant + quadratic);
}

class LinearGaussian : public testing::Test {
 protected:
  static ModelConfig config() {
    ModelSettings s;
    s.encoder = s.decoder = {};
    s.latent = kLatent;
    s.likelihood = "gaussian";
    s.variance = kVariance;
    return resolve(s, kDims);
  }

  /// Sets the decoder to the generating model and the encoder to its posterior, with the mean shifted by
  /// `shift` and the variance `stretch` times as large.
  static void set_parameters(Vae& vae, double shift, double stretch) {
    const nn::ParameterLayout& layout = vae.parameters().layout();
    std::vector<float> arena(static_cast<std::size_t>(layout.size), 0.0f);
    for (const nn::TensorInfo& t : layout.tensors) {
      float* values = arena.data() + t.offset;
      for (int d = 0; d < kLatent; ++d) {
        const double m = squared_norm(d) + kVariance;  // M = WᵀW + σ²I is diagonal
        double mean_bias = shift;
        for (int j = 0; j < kDims; ++j) {
          if (t.name == "encoder.mean.weight") values[d * kDims + j] = static_cast<float>(kW[j][d] / m);
          if (t.name == "decoder.output.weight") values[j * kLatent + d] = static_cast<float>(kW[j][d]);
          if (t.name == "decoder.output.bias") values[j] = static_cast<float>(kB[j]);
          mean_bias -= kW[j][d] * kB[j] / m;
        }
        if (t.name == "encoder.mean.bias") values[d] = static_cast<float>(mean_bias);
        if (t.name == "encoder.log_variance.bias")
          values[d] = static_cast<float>(std::log(stretch * kVariance / m));
      }
    }
    vae.context().copy_to_device(vae.parameters().values().data, arena.data(), arena.size() * sizeof(float));
  }

  struct Bounds {
    double elbo;       // −(nll + kl), mean over samples
    double log_w_min;  // minimum of the importance weights log p(x,z)/q(z|x)
    double log_w_max;
    double iwae;  // log of the mean weight over all samples
  };

  static std::vector<Bounds> bounds(Vae& vae, const std::vector<float>& x, std::int64_t rows,
                                    std::int64_t samples) {
    Context& context = vae.context();
    Workspace workspace(vae, rows, samples);
    const Batch a = workspace.rows(rows);
    std::vector<std::int64_t> examples(static_cast<std::size_t>(rows));
    std::iota(examples.begin(), examples.end(), 0);
    context.copy_to_device(a.x().data, x.data(), x.size() * sizeof(float));
    context.copy_to_device(a.examples().data, examples.data(), examples.size() * sizeof(std::int64_t));
    vae.forward(a, {.seed = 9, .purpose = NoisePurpose::importance});
    std::vector<float> nll(static_cast<std::size_t>(rows * samples)), ratio(nll.size()), kl(examples.size());
    context.copy_to_host(nll.data(), a.nll().data, nll.size() * sizeof(float));
    context.copy_to_host(ratio.data(), a.log_ratio().data, ratio.size() * sizeof(float));
    context.copy_to_host(kl.data(), a.kl().data, kl.size() * sizeof(float));
    context.synchronize();
    std::vector<Bounds> all;
    for (std::int64_t i = 0; i < rows; ++i) {
      Bounds b{-kl[i], INFINITY, -INFINITY, 0};
      double weights = 0;
      for (std::int64_t k = 0; k < samples; ++k) {
        const double log_w = -static_cast<double>(nll[i * samples + k]) - ratio[i * samples + k];
        b.elbo -= nll[i * samples + k] / static_cast<double>(samples);
        b.log_w_min = std::min(b.log_w_min, log_w);
        b.log_w_max = std::max(b.log_w_max, log_w);
        weights += std::exp(log_w);
      }
      b.iwae = std::log(weights / static_cast<double>(samples));
      all.push_back(b);
    }
    return all;
  }

  const std::vector<float> x_ = {0.1f, 0.9f, -0.3f, 0.4f, 1.2f, -0.7f, 0.0f, 0.5f, -1.0f, 0.2f, 0.3f, 2.0f};
  static constexpr std::int64_t kRows = 3;

  /// The rows in the form for evaluations.
  EvaluationData data(Context& context) const { return test::rows_to_evaluate(context, x_, kDims); }

  std::vector<float> row(std::int64_t i) const {
    return {x_.begin() + i * kDims, x_.begin() + (i + 1) * kDims};
  }
};

TEST_F(LinearGaussian, EveryWeightIsTheEvidenceAtTheTruePosterior) {
  ELBO_REQUIRE_DEVICE();
  Context context(test::device());
  Vae vae(context, config(), 1);
  set_parameters(vae, 0.0, 1.0);
  const auto all = bounds(vae, x_, kRows, 64);
  for (std::int64_t i = 0; i < kRows; ++i) {
    const double exact = log_evidence(row(i));
    EXPECT_NEAR(all[i].log_w_min, exact, 2e-5);
    EXPECT_NEAR(all[i].log_w_max, exact, 2e-5);
    EXPECT_NEAR(all[i].iwae, exact, 2e-5);
  }
}

TEST_F(LinearGaussian, ElboEqualsTheEvidenceAtTheTruePosterior) {
  ELBO_REQUIRE_DEVICE();
  Context context(test::device());
  Vae vae(context, config(), 1);
  set_parameters(vae, 0.0, 1.0);
  // E_q[nll] is estimated by Monte Carlo, with a deviation of about 0.7 nats per sample here, 0.012 over
  // 4096.
  const auto all = bounds(vae, x_, kRows, 4096);
  for (std::int64_t i = 0; i < kRows; ++i) EXPECT_NEAR(all[i].elbo, log_evidence(row(i)), 0.06);
}

TEST_F(LinearGaussian, ElboIsBelowIwaeIsBelowTheEvidence) {
  ELBO_REQUIRE_DEVICE();
  Context context(test::device());
  Vae vae(context, config(), 1);
  set_parameters(vae, 0.4, 2.0);
  // KL(q ‖ posterior) = Σ_d ½ (s − log s − 1 + shift² M_d/σ²) in closed form: ELBO = log p(x) − that.
  double gap = 0;
  for (int d = 0; d < kLatent; ++d) {
    const double posterior_variance = kVariance / (squared_norm(d) + kVariance);
    gap += 0.5 * (2.0 - std::log(2.0) - 1.0 + 0.4 * 0.4 / posterior_variance);
  }
  const auto many = bounds(vae, x_, kRows, 4096);
  for (std::int64_t i = 0; i < kRows; ++i) {
    const double exact = log_evidence(row(i));
    EXPECT_NEAR(many[i].elbo, exact - gap, 0.15);
    EXPECT_NEAR(many[i].iwae, exact, 0.1);  // 4096 samples close the gap
    EXPECT_LT(many[i].elbo, many[i].iwae);
  }
  // IWAE-8 is between the two, on average over many repetitions of the same example.
  const std::vector<float> one = row(0);
  std::vector<float> repeated;
  for (int r = 0; r < 512; ++r) repeated.insert(repeated.end(), one.begin(), one.end());
  double iwae8 = 0;
  for (const Bounds& b : bounds(vae, repeated, 512, 8)) iwae8 += b.iwae / 512;
  EXPECT_GT(iwae8, many[0].elbo);
  EXPECT_LT(iwae8, log_evidence(one) + 0.02);
}

TEST_F(LinearGaussian, ImportanceWeightedNllIsExactAtTheTruePosteriorForAnyNumberOfSamples) {
  ELBO_REQUIRE_DEVICE();
  Context context(test::device());
  Vae vae(context, config(), 1);
  set_parameters(vae, 0.0, 1.0);
  double expected = 0, squares = 0;
  for (std::int64_t i = 0; i < kRows; ++i) {
    expected -= log_evidence(row(i)) / kRows;
    squares += log_evidence(row(i)) * log_evidence(row(i));
  }
  const double spread = std::sqrt((squares / kRows - expected * expected) / (kRows - 1));
  for (const std::int64_t samples : {1, 63, 64, 65, 200}) {  // around the size of a chunk
    const NllEstimate nll = importance_weighted_nll(vae, data(context), samples, 3);
    EXPECT_NEAR(nll.mean, expected, 2e-5) << samples << " samples";
    EXPECT_NEAR(nll.standard_error, spread, 1e-4);
    // All weights are equal, so every sample counts.
    EXPECT_NEAR(nll.effective_samples, static_cast<double>(samples), 1e-3 * static_cast<double>(samples));
  }
}

TEST_F(LinearGaussian, MoreSamplesTightenTheBound) {
  ELBO_REQUIRE_DEVICE();
  Context context(test::device());
  Vae vae(context, config(), 1);
  set_parameters(vae, 0.4, 2.0);
  double exact = 0;
  for (std::int64_t i = 0; i < kRows; ++i) exact -= log_evidence(row(i)) / kRows;
  EXPECT_NEAR(importance_weighted_nll(vae, data(context), 5000, 3).mean, exact, 0.05);
  // A shifted and wider q wastes samples: fewer are effective, but at least one.
  const double effective = importance_weighted_nll(vae, data(context), 5000, 3).effective_samples;
  EXPECT_GT(effective, 100.0);
  EXPECT_LT(effective, 4500.0);
  EXPECT_THROW(importance_weighted_nll(vae, data(context), 0, 3), ConfigError);
  EXPECT_THROW(importance_weighted_nll(vae, {}, 5, 3), DataError);
}

TEST_F(LinearGaussian, AnnealingFindsTheEvidenceWithoutTheEncoder) {
  Context cpu(Device::cpu());
  Vae vae(cpu, config(), 1);
  set_parameters(vae, 3.0, 0.01);  // an encoder far from the posterior
  double exact = 0;
  for (std::int64_t i = 0; i < kRows; ++i) exact -= log_evidence(row(i)) / kRows;
  // A chain's log-weight varies by about ½ nat: by 0.02 in the mean of 500, and by 0.01 in the mean over
  // three rows.
  const AnnealingOptions options = {.chains = 500, .steps = 100, .leapfrogs = 5, .seed = 4};
  const AnnealedEstimate estimate = annealed_nll(vae, data(cpu), options);
  EXPECT_EQ(estimate.examples, kRows);
  EXPECT_NEAR(estimate.nll, exact, 0.05);
  EXPECT_GT(importance_weighted_nll(vae, data(cpu), 100, 3).mean, exact + 0.5)
      << "as importance weights do not";
  EXPECT_NEAR(estimate.acceptance, 0.65, 0.2);
  EXPECT_GT(estimate.effective_chains, 300.0);
  EXPECT_LE(estimate.effective_chains, 500.0);
}

TEST_F(LinearGaussian, AnnealingIsTheSameOnEveryDevice) {
  ELBO_REQUIRE_DEVICE();
  const AnnealingOptions options = {.chains = 7, .steps = 6, .leapfrogs = 2, .seed = 4};
  double nll[2];
  for (const int again : {0, 1}) {
    Context context(again ? test::device() : Device::cpu());
    Vae vae(context, config(), 1);
    set_parameters(vae, 0.0, 1.0);
    nll[again] = annealed_nll(vae, data(context), options).nll;
    EXPECT_EQ(annealed_nll(vae, data(context), options).nll, nll[again]) << "the same numbers again";
  }
  EXPECT_NEAR(nll[0], nll[1], 1e-3);
}

TEST_F(LinearGaussian, AnnealingInOneStepIsImportanceSamplingFromThePrior) {
  ELBO_REQUIRE_DEVICE();
  Context context(test::device());
  Vae vae(context, config(), 1);
  set_parameters(vae, 0.0, 1.0);
  double exact = 0;
  for (std::int64_t i = 0; i < kRows; ++i) exact -= log_evidence(row(i)) / kRows;
  const AnnealedEstimate one = annealed_nll(vae, data(context), {.chains = 2000, .steps = 1, .leapfrogs = 1});
  EXPECT_NEAR(one.nll, exact, 0.15);
  EXPECT_EQ(one.acceptance, 0.0) << "nothing moves";
}

TEST_F(LinearGaussian, AnnealingRefusesWhatItCannotDo) {
  ELBO_REQUIRE_DEVICE();
  Context context(test::device());
  Vae vae(context, config(), 1);
  EXPECT_THROW(annealed_nll(vae, {}, {}), DataError);
  EXPECT_THROW(annealed_nll(vae, data(context), {.chains = 0}), ConfigError);
  EXPECT_THROW(annealed_nll(vae, data(context), {.steps = 0}), ConfigError);
  EXPECT_THROW(annealed_nll(vae, data(context), {.leapfrogs = 0}), ConfigError);
  EXPECT_THROW(annealed_nll(vae, data(context), {.chains = 1 << 20, .steps = 1 << 20}), ConfigError);
  ModelConfig plain = config();
  plain.kind = "autoencoder";
  Vae autoencoder(context, plain, 1);
  EXPECT_THROW(annealed_nll(autoencoder, data(context), {}), ConfigError);
}

TEST_F(LinearGaussian, TheGradientInCodesIsTheDecodersOwn) {
  ELBO_REQUIRE_DEVICE();
  Context context(test::device());
  Vae vae(context, config(), 1);
  set_parameters(vae, 0.0, 1.0);
  const Workspace workspace(vae, kRows, 2, Purpose::gradients);
  const Batch a = workspace.rows(kRows);
  data(context).fill(a, 0);
  std::vector<float> z = {0.3f, -1.0f, 2.0f, 0.1f, -0.4f, 0.6f, 0.0f, 0.0f, 1.5f, -0.2f, 0.7f, -0.9f};
  context.copy_to_device(a.z().data, z.data(), z.size() * sizeof(float));
  vae.decode_with_gradient(a);
  std::vector<float> gradient(z.size());
  context.copy_to_host(gradient.data(), a.dz().data, z.size() * sizeof(float));
  context.synchronize();
  for (std::int64_t sample = 0; sample < 2 * kRows; ++sample) {
    for (int d = 0; d < kLatent; ++d) {
      double expected = 0;  // Wᵀ (W z + b − x) / σ²
      for (int j = 0; j < kDims; ++j) {
        double residual = kB[j] - row(sample / 2)[static_cast<std::size_t>(j)];
        for (int e = 0; e < kLatent; ++e)
          residual += kW[j][e] * z[static_cast<std::size_t>(sample * kLatent + e)];
        expected += kW[j][d] * residual / kVariance;
      }
      EXPECT_NEAR(gradient[static_cast<std::size_t>(sample * kLatent + d)], expected, 1e-4);
    }
  }
}

}  // namespace
}  // namespace elbo
