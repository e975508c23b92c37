// The likelihoods' formulas: values computed by hand, derivatives, densities and draws. The device under test
// computes the values.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cases/likelihood.h"
#include "ops/likelihood.h"

namespace elbo::test {
namespace {

/// The op on one value.
struct Value {
  float nll;
  std::vector<float> gradient;
};
Value value_of(Context& context, LikelihoodKind kind, float x, const std::vector<float>& parameters,
               const LikelihoodConstants& constants = {}) {
  const auto width = static_cast<std::int64_t>(parameters.size());
  Buffer<float> p(context, parameters), data(context, std::vector<float>{x}), gradient(context, width),
      nll(context, 1);
  ops::likelihood(context, kind, constants, nll.view(), gradient.matrix(1, width), p.matrix(1, width),
                  data.matrix(1, 1), {}, {});
  return {nll.to_host()[0], gradient.to_host()};
}

float mean_of(Context& context, LikelihoodKind kind, const std::vector<float>& parameters) {
  const auto width = static_cast<std::int64_t>(parameters.size());
  Buffer<float> p(context, parameters), mean(context, 1);
  ops::likelihood_mean(context, kind, {}, mean.matrix(1, 1), p.matrix(1, width));
  return mean.to_host()[0];
}

TEST(Likelihood, BernoulliByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto bernoulli = [&](float x, float logit) {
    return value_of(context, LikelihoodKind::bernoulli, x, {logit});
  };
  EXPECT_FLOAT_EQ(bernoulli(1.0f, 0.0f).nll, 0.693147181f);  // log 2
  EXPECT_FLOAT_EQ(bernoulli(0.0f, 0.0f).nll, 0.693147181f);
  EXPECT_FLOAT_EQ(bernoulli(0.3f, 0.0f).nll, 0.693147181f);
  EXPECT_NEAR(bernoulli(1.0f, 2.0f).nll, 0.126928011f, 1e-7f);  // log(1 + e⁻²)
  EXPECT_FLOAT_EQ(bernoulli(0.0f, 2.0f).nll, 2.126928011f);     // log(1 + e²)
  EXPECT_FLOAT_EQ(bernoulli(0.25f, 2.0f).nll, 1.626928011f);    // ¼ and ¾ of the two
  EXPECT_FLOAT_EQ(bernoulli(1.0f, -1.0f).nll, 1.313261688f);
  EXPECT_FLOAT_EQ(bernoulli(1.0f, 20.0f).nll, 2.061153620e-9f);  // e⁻²⁰ (1 − e⁻²⁰/2): nothing is lost
  EXPECT_FLOAT_EQ(bernoulli(0.0f, 100.0f).nll, 100.0f);
  EXPECT_FLOAT_EQ(bernoulli(1.0f, -100.0f).nll, 100.0f);
  EXPECT_NEAR(bernoulli(1.0f, 100.0f).nll, 0.0f, 1e-37f);
  EXPECT_NEAR(bernoulli(0.0f, -100.0f).nll, 0.0f, 1e-37f);
  EXPECT_FLOAT_EQ(bernoulli(0.0f, 0.0f).gradient[0], 0.5f);
  EXPECT_FLOAT_EQ(bernoulli(1.0f, 2.0f).gradient[0], -0.119202922f);  // σ(2) − 1
  EXPECT_FLOAT_EQ(bernoulli(0.0f, 100.0f).gradient[0], 1.0f);
  EXPECT_FLOAT_EQ(bernoulli(1.0f, -100.0f).gradient[0], -1.0f);
  EXPECT_FLOAT_EQ(bernoulli(1.0f, 20.0f).gradient[0], -2.061153618e-9f);
  EXPECT_FLOAT_EQ(bernoulli(0.0f, -20.0f).gradient[0], 2.061153618e-9f);
  EXPECT_NEAR(bernoulli(1.0f, 100.0f).gradient[0], 0.0f, 1e-37f);
}

TEST(Likelihood, GaussianByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto gaussian = [&](float x, float mean, float variance) {
    return value_of(context, LikelihoodKind::gaussian, x, {mean}, {variance, -10.0f, 10.0f});
  };
  EXPECT_FLOAT_EQ(gaussian(0.0f, 0.0f, 1.0f).nll, 0.918938533f);  // ½ log 2π
  EXPECT_FLOAT_EQ(gaussian(3.0f, 1.0f, 1.0f).nll, 2.918938533f);
  EXPECT_FLOAT_EQ(gaussian(3.0f, 1.0f, 4.0f).nll, 2.112085714f);  // ½ + log 2 + ½ log 2π
  EXPECT_FLOAT_EQ(gaussian(0.5f, 0.0f, 0.01f).nll, 11.116353440f);
  EXPECT_FLOAT_EQ(gaussian(3.0f, 1.0f, 4.0f).gradient[0], -0.5f);
  EXPECT_FLOAT_EQ(gaussian(0.0f, 1.0f, 0.01f).gradient[0], 100.0f);
}

// With σ² = ½ it is the squared error and ½ log π = 0.572364943.
TEST(Likelihood, GaussianSigmoidByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto gaussian = [&](float x, float logit) {
    return value_of(context, LikelihoodKind::gaussian_sigmoid, x, {logit}, {0.5f, -10.0f, 10.0f});
  };
  EXPECT_FLOAT_EQ(gaussian(1.0f, 0.0f).nll, 0.822364943f);
  EXPECT_FLOAT_EQ(gaussian(1.0f, 0.0f).gradient[0], -0.25f);  // 2 · (½ − 1) · ¼
  EXPECT_FLOAT_EQ(gaussian(0.0f, 2.0f).nll, 1.348168436f);    // σ(2) = 0.880797078
  EXPECT_FLOAT_EQ(gaussian(0.0f, 2.0f).gradient[0], 0.184956086f);
  EXPECT_FLOAT_EQ(gaussian(1.0f, -100.0f).nll, 1.572364943f);
  EXPECT_NEAR(gaussian(1.0f, -100.0f).gradient[0], 0.0f, 1e-30f);
  EXPECT_FLOAT_EQ(gaussian(1.0f, 100.0f).nll, 0.572364943f);
  EXPECT_EQ(gaussian(1.0f, 100.0f).gradient[0], 0.0f);
}

TEST(Likelihood, GaussianLearnedByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto learned = [&](float x, float mean, float log_variance) {
    return value_of(context, LikelihoodKind::gaussian_learned, x, {mean, log_variance}, {1.0f, -2.0f, 3.0f});
  };
  EXPECT_FLOAT_EQ(learned(0.0f, 0.0f, 0.0f).nll, 0.918938533f);
  EXPECT_FLOAT_EQ(learned(3.0f, 1.0f, 1.386294361f).nll, 2.112085714f);  // σ² = 4, as above
  EXPECT_FLOAT_EQ(learned(2.0f, 1.0f, -2.0f).nll, 3.613466582f);         // ½ e² − 1 + ½ log 2π
  EXPECT_FLOAT_EQ(learned(2.0f, 1.0f, -50.0f).nll, 3.613466582f);        // clamped to the same
  EXPECT_FLOAT_EQ(learned(2.0f, 1.0f, 80.0f).nll, 2.443832068f);         // ½ e⁻³ + 1.5 + ½ log 2π
  EXPECT_FLOAT_EQ(learned(3.0f, 1.0f, 0.0f).gradient[0], -2.0f);
  EXPECT_FLOAT_EQ(learned(3.0f, 1.0f, 0.0f).gradient[1], -1.5f);  // ½ (1 − 4)
  EXPECT_FLOAT_EQ(learned(1.0f, 1.0f, 0.5f).gradient[1], 0.5f);
  // Outside the range the mean still learns, the log-variance does not.
  EXPECT_FLOAT_EQ(learned(2.0f, 1.0f, -50.0f).gradient[0], -7.389056099f);
  EXPECT_EQ(learned(2.0f, 1.0f, -50.0f).gradient[1], 0.0f);
  EXPECT_EQ(learned(2.0f, 1.0f, 80.0f).gradient[1], 0.0f);
  // At the bounds it does.
  EXPECT_FLOAT_EQ(learned(2.0f, 1.0f, -2.0f).gradient[1], -3.194528049f);  // ½ (1 − e²)
  EXPECT_FLOAT_EQ(learned(1.0f, 1.0f, 3.0f).gradient[1], 0.5f);
}

TEST(Likelihood, ContinuousBernoulliByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto continuous = [&](float x, float logit) {
    return value_of(context, LikelihoodKind::continuous_bernoulli, x, {logit});
  };
  const auto mean = [&](float logit) {
    return mean_of(context, LikelihoodKind::continuous_bernoulli, {logit});
  };
  // log(expm1(l)/l) − l x
  EXPECT_NEAR(continuous(0.0f, 2.0f).nll, 1.161439362f, 1e-6f);
  EXPECT_NEAR(continuous(0.3f, 2.0f).nll, 0.561439362f, 1e-6f);
  EXPECT_NEAR(continuous(1.0f, -2.0f).nll, 1.161439362f, 1e-6f);
  EXPECT_NEAR(continuous(0.25f, 1.0f).nll, 0.291324855f, 1e-6f);
  EXPECT_EQ(continuous(0.3f, 0.0f).nll, 0.0f);                   // uniform
  EXPECT_FLOAT_EQ(continuous(0.5f, 0.1f).nll, 4.166319459e-4f);  // l²/24 − l⁴/2880: nothing is lost
  EXPECT_FLOAT_EQ(continuous(0.25f, 1e-4f).nll, 2.500041667e-5f);
  EXPECT_FLOAT_EQ(continuous(1.0f, 50.0f).nll, -3.912023005f);  // −log 50
  EXPECT_FLOAT_EQ(continuous(0.0f, 500.0f).nll, 493.785391902f);
  EXPECT_FLOAT_EQ(continuous(1.0f, 1e6f).nll, -13.815510558f);
  // E[x] − x
  EXPECT_NEAR(continuous(0.0f, 2.0f).gradient[0], 0.656517643f, 1e-6f);
  EXPECT_NEAR(continuous(1.0f, 2.0f).gradient[0], -0.343482357f, 1e-6f);
  EXPECT_NEAR(continuous(0.5f, 0.12f).gradient[0], 9.997600823e-3f, 3e-8f);  // l/12 − l³/720
  EXPECT_FLOAT_EQ(continuous(1.0f, 1e4f).gradient[0], -1e-4f);
  EXPECT_FLOAT_EQ(continuous(0.0f, -1e4f).gradient[0], 1e-4f);
  EXPECT_EQ(mean(0.0f), 0.5f);
  EXPECT_NEAR(mean(2.0f), 0.656517643f, 1e-6f);
  EXPECT_NEAR(mean(-1.0f), 0.418023293f, 1e-6f);
  EXPECT_FLOAT_EQ(mean(-40.0f), 0.025f);
}

TEST(Likelihood, LaplaceByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto laplace = [&](float x, float location, float scale) {
    return value_of(context, LikelihoodKind::laplace, x, {location}, {.scale = scale});
  };
  EXPECT_FLOAT_EQ(laplace(1.0f, 1.0f, 1.0f).nll, 0.693147181f);  // log 2
  EXPECT_FLOAT_EQ(laplace(3.0f, 1.0f, 1.0f).nll, 2.693147181f);
  EXPECT_FLOAT_EQ(laplace(3.0f, 1.0f, 4.0f).nll, 2.579441542f);  // ½ + log 8
  EXPECT_FLOAT_EQ(laplace(3.0f, 1.0f, 4.0f).gradient[0], -0.25f);
  EXPECT_FLOAT_EQ(laplace(-3.0f, 1.0f, 0.5f).gradient[0], 2.0f);
  EXPECT_EQ(laplace(1.0f, 1.0f, 0.5f).gradient[0], 0.0f);
}

TEST(Likelihood, LaplaceLearnedByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto learned = [&](float x, float location, float log_scale) {
    return value_of(context, LikelihoodKind::laplace_learned, x, {location, log_scale},
                    {.min_log_variance = -2.0f, .max_log_variance = 3.0f});
  };
  EXPECT_FLOAT_EQ(learned(3.0f, 1.0f, 1.386294361f).nll, 2.579441542f);  // b = 4, as above
  EXPECT_FLOAT_EQ(learned(2.0f, 1.0f, -1.0f).nll, 2.411429009f);         // e − 1 + log 2
  EXPECT_FLOAT_EQ(learned(2.0f, 1.0f, -50.0f).nll, 2.411429009f);        // clamped to the same
  EXPECT_FLOAT_EQ(learned(2.0f, 1.0f, 80.0f).nll, 2.416277341f);         // e^−1.5 + 1.5 + log 2
  EXPECT_FLOAT_EQ(learned(3.0f, 1.0f, 0.0f).gradient[0], -1.0f);
  EXPECT_FLOAT_EQ(learned(3.0f, 1.0f, 0.0f).gradient[1], -1.0f);  // 1 − 2
  EXPECT_FLOAT_EQ(learned(1.0f, 1.0f, 0.5f).gradient[1], 1.0f);
  EXPECT_FLOAT_EQ(learned(2.0f, 1.0f, -50.0f).gradient[0], -2.718281828f);
  EXPECT_EQ(learned(2.0f, 1.0f, -50.0f).gradient[1], 0.0f);
  EXPECT_EQ(learned(2.0f, 1.0f, 80.0f).gradient[1], 0.0f);
}

TEST(Likelihood, DiscretizedLogisticByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto logistic = [&](float x, float location, float log_scale) {
    return value_of(context, LikelihoodKind::discretized_logistic, x, {location, log_scale});
  };
  const auto mean = [&](float location, float log_scale) {
    return mean_of(context, LikelihoodKind::discretized_logistic, {location, log_scale});
  };
  const float step = 1.0f / 255.0f, log_step = -5.541263545f;
  // A scale of one level, μ on a level: σ(½) − σ(−½) = tanh ¼.
  EXPECT_NEAR(logistic(100 * step, 100 * step, log_step).nll, 1.406829114f, 2e-5f);
  // One level beside it: σ(3/2) − σ(½).
  EXPECT_NEAR(logistic(101 * step, 100 * step, log_step).nll, 1.634165408f, 2e-5f);
  EXPECT_NEAR(logistic(99 * step, 100 * step, log_step).nll, 1.634165408f, 2e-5f);
  // A value counts as the nearest level.
  EXPECT_EQ(logistic(100.4f * step, 100 * step, log_step).nll,
            logistic(100 * step, 100 * step, log_step).nll);
  EXPECT_EQ(logistic(100.6f * step, 100 * step, log_step).nll,
            logistic(101 * step, 100 * step, log_step).nll);
  // The end levels take all mass beyond: −log σ(½).
  EXPECT_NEAR(logistic(0.0f, 0.0f, log_step).nll, 0.474076984f, 1e-6f);
  EXPECT_NEAR(logistic(1.0f, 1.0f, log_step).nll, 0.474076984f, 1e-5f);
  EXPECT_NEAR(logistic(0.0f, -1.0f, log_step).nll, 0.0f, 1e-6f);
  EXPECT_NEAR(logistic(1.0f, 3.0f, -2.0f).nll, 0.0f, 1e-6f);
  // A wide one is flat: d = exp(−5)/510 and t ≈ 0 give −log tanh(d/2).
  EXPECT_NEAR(logistic(128 * step, 128 * step, 5.0f).nll, 11.927557906f, 1e-5f);
  EXPECT_NEAR(logistic(128 * step, 128 * step, 90.0f).nll, 11.927557906f, 1e-5f);  // clamped to the same
  // Far from the level: |t| − log(exp(d) − exp(−d)), with scale exp(−8).
  EXPECT_NEAR(logistic(0.2f, 1.0f, -8.0f).nll, 2378.921382f, 1e-3f);
  EXPECT_NEAR(logistic(0.2f, 1.0f, -90.0f).nll, 2378.921382f, 1e-3f);
  // The slope in μ is like −tanh; halfway between two levels it is 0.
  EXPECT_NEAR(logistic(100 * step, 100 * step, log_step).gradient[0], 0.0f, 1e-2f);
  EXPECT_NEAR(logistic(0.0f, 0.0f, 0.0f).gradient[0], 0.499509804f, 1e-6f);  // σ(−1/510)
  EXPECT_NEAR(logistic(1.0f, 1.0f, 0.0f).gradient[0], -0.499509804f, 1e-6f);
  EXPECT_NEAR(logistic(128 * step, 128 * step, 0.0f).gradient[1], 0.999999359f,
              1e-6f);  // d (coth d − tanh ½d)
  EXPECT_EQ(logistic(0.2f, 1.0f, -90.0f).gradient[1], 0.0f);
  EXPECT_NEAR(logistic(0.2f, 1.0f, -90.0f).gradient[0], 2980.957987f, 1e-3f);  // exp(8)
  EXPECT_NEAR(mean(0.5f, -3.0f), 0.5f, 1e-6f);                                 // symmetrical about ½
  EXPECT_NEAR(mean(-2.0f, -4.0f), 0.0f, 1e-6f);
  EXPECT_NEAR(mean(100 * step, -8.0f), 100 * step, 1e-6f);
  EXPECT_NEAR(mean(9.0f, 0.0f), 0.999787996f, 1e-5f);
}

/// A formula's float64 instance against its own derivative, for each likelihood and parameter.
template <class Likelihood>
void expect_gradient() {
  const LikelihoodConstants constants{0.7f, -3.0f, 2.0f, 0.6f};
  const Likelihood likelihood(constants);
  constexpr int kParameters = Likelihood::kParameters;
  Random random(5);
  for (int trial = 0; trial < 200; ++trial) {
    double x = Likelihood::kSupport == Support::unit_interval ? random.unit() : random.gaussian();
    if (Likelihood::kSupport == Support::counts) x = std::floor(std::exp(2.0 * x));
    std::vector<double> at;
    for (int p = 0; p < kParameters; ++p) at.push_back(0.8 * random.gaussian());
    const auto pack = [](std::span<const double> from, double(&to)[kParameters]) {
      std::copy(from.begin(), from.end(), to);
    };
    double parameters[kParameters], gradient[kParameters];
    pack(at, parameters);
    likelihood.nll_gradient(x, parameters, gradient);
    const auto f = [&](std::span<const double> q) {
      double inner[kParameters];
      pack(q, inner);
      return likelihood.nll(x, inner);
    };
    // log1p_unit is a fit with an error of 6e-9, which a difference magnifies
    const Tolerance tolerance =
        Likelihood::kSupport == Support::counts ? Tolerance{1e-5, 1e-5} : Tolerance{1e-6, 1e-6};
    EXPECT_TRUE(is_gradient<double>({gradient, kParameters}, f, at, tolerance, 1e-3)) << Likelihood::kName;
  }
}

TEST(Likelihood, EveryFormulasDerivativeIsRight) {
#define ELBO_USE(kind, Likelihood) expect_gradient<math::Likelihood>();
  ELBO_LIKELIHOODS(ELBO_USE)
#undef ELBO_USE
}

TEST(Likelihood, DensitiesIntegrateToOne) {
  for (const auto& info : kLikelihoods) {
    const std::vector<float> parameters = {0.4f, -0.5f};
    const LikelihoodConstants constants{0.3f, -3.0f, 2.0f, 0.6f};
    const std::vector<double> wide(parameters.begin(),
                                   parameters.begin() + likelihood_parameters(info.kind, constants));
    const auto probability = [&](double x) {
      return std::exp(-reference_nll(info.kind, constants, x, wide));
    };
    const bool cut = info.support == Support::unit_interval;
    const double low = cut ? 0.0 : -24.0, high = cut ? 1.0 : 24.0, step = 1e-4 * (high - low);
    double total = 0.0;
    switch (info.measure) {
      case Measure::outcomes:
      case Measure::classes:  // two of them
        total = probability(0.0) + probability(1.0);
        break;
      case Measure::levels:
        for (int n = 0; n < kLevels; ++n) total += probability(n / 255.0);
        break;
      case Measure::counts:
        for (int n = 0; n < 2000; ++n) total += probability(n);
        break;
      case Measure::columns:
        FAIL() << info.name;
      case Measure::density:
        for (double x = low + 0.5 * step; x < high; x += step) total += step * probability(x);
        break;
    }
    EXPECT_NEAR(total, 1.0, info.measure == Measure::density && !cut ? 1e-5 : 1e-9) << info.name;
  }
}

/// The fraction of draws that are at most `at`.
template <class Likelihood>
double share_of_draws(const LikelihoodConstants& constants, const std::vector<double>& parameters,
                      double at) {
  const Likelihood likelihood(constants);
  constexpr int kDraws = 40000;
  Random random(17);
  float values[Likelihood::kParameters];
  std::copy_n(parameters.begin(), Likelihood::kParameters, values);
  int below = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double noise = Likelihood::kDrawsNormal ? random.gaussian() : random.unit();
    below += likelihood.draw(values, static_cast<float>(noise)) <= static_cast<float>(at);
  }
  return static_cast<double>(below) / kDraws;
}

TEST(Likelihood, DrawsFollowTheDistribution) {
  const LikelihoodConstants constants{0.3f, -3.0f, 2.0f, 0.6f};
  const std::vector<double> parameters = {0.4, -0.5};
  for (const auto& info : kLikelihoods) {
    if (info.kind == LikelihoodKind::categorical) continue;  // it has none
    for (const double at : {0.1, 0.4, 0.75}) {
      double expected = 0.0;
      const auto probability = [&](double x) {
        return std::exp(-reference_nll(info.kind, constants, x,
                                       {parameters.data(), static_cast<std::size_t>(info.parameters)}));
      };
      const double low = info.support == Support::unit_interval ? 0.0 : -24.0, step = 1e-4 * (at - low);
      switch (info.measure) {
        case Measure::outcomes:
        case Measure::classes:
          expected = probability(0.0);
          break;
        case Measure::levels:
          for (int n = 0; n / 255.0 <= at + 1e-6; ++n) expected += probability(n / 255.0);
          break;
        case Measure::counts:  // only 0 is below every bound
          expected = probability(0.0);
          break;
        case Measure::columns:
          FAIL() << info.name;
        case Measure::density:
          for (double x = low + 0.5 * step; x < at; x += step) expected += step * probability(x);
          break;
      }
      double actual = 0.0;
      switch (info.kind) {
#define ELBO_USE(kind, Likelihood)                                        \
  case LikelihoodKind::kind:                                              \
    actual = share_of_draws<math::Likelihood>(constants, parameters, at); \
    break;
        ELBO_LIKELIHOODS(ELBO_USE)
#undef ELBO_USE
        case LikelihoodKind::categorical:
          break;
      }
      EXPECT_NEAR(actual, expected, 0.01) << info.name << " at " << at;  // four deviations
    }
  }
}

}  // namespace
}  // namespace elbo::test
