// Poisson and negative binomial: values computed by hand, limits and draws. The device under test computes
// the values.

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <vector>

#include "cases/likelihood.h"
#include "ops/likelihood.h"

namespace elbo::test {
namespace {

/// The op on one count: its cost and gradient.
std::vector<float> cost_of(Context& context, LikelihoodKind kind, float x,
                           const std::vector<float>& parameters) {
  const auto width = static_cast<std::int64_t>(parameters.size());
  Buffer<float> p(context, parameters), data(context, std::vector<float>{x}), gradient(context, width),
      nll(context, 1);
  ops::likelihood(context, kind, {}, nll.view(), gradient.matrix(1, width), p.matrix(1, width),
                  data.matrix(1, 1), {}, {});
  std::vector<float> result = nll.to_host();
  for (const float slope : gradient.to_host()) result.push_back(slope);
  return result;
}

TEST(CountLikelihood, PoissonByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto poisson = [&](float x, float mean) {
    return cost_of(context, LikelihoodKind::poisson, x, {std::log(mean)});
  };
  EXPECT_NEAR(poisson(0.0f, 1.0f)[0], 1.0f, 2e-6f);
  EXPECT_NEAR(poisson(3.0f, 2.0f)[0], 1.712317928f, 2e-6f);  // 2 − 3 log 2 + log 6
  EXPECT_NEAR(poisson(3.0f, 2.0f)[1], -1.0f, 1e-6f);
  EXPECT_NEAR(poisson(100.0f, 100.0f)[0], 3.222356957f, 1e-4f);
  EXPECT_NEAR(poisson(1e6f, 1.001e6f)[0], 8.326360812f, 3.0f);  // a mean of 10⁶ is exact to 1 in float
  EXPECT_EQ(cost_of(context, LikelihoodKind::poisson, 0.0f, {-200.0f})[1], 0.0f);
}

TEST(CountLikelihood, NegativeBinomialByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto cost = [&](float x, double log_mean, double log_dispersion) {
    return cost_of(context, LikelihoodKind::negative_binomial, x,
                   {static_cast<float>(log_mean), static_cast<float>(log_dispersion)});
  };
  // α = 1 is geometric: p(2) = 1/8 at mean 1.
  const auto geometric = cost(2.0f, 0.0, 0.0);
  EXPECT_NEAR(geometric[0], 2.079441542f, 3e-6f);
  EXPECT_NEAR(geometric[1], -0.5f, 1e-6f);
  EXPECT_NEAR(geometric[2], 0.306852819f, 3e-6f);  // ψ(3) − ψ(1) − log 2 − ½
  // α = ½, μ = 25
  const auto wide = cost(40.0f, 3.218875825, -0.693147181);
  EXPECT_NEAR(wide[0], 4.570248950f, 3e-5f);
  EXPECT_NEAR(wide[1], -1.111111111f, 3e-6f);
  EXPECT_NEAR(wide[2], 0.289376083f, 2e-5f);
  // α = 3, μ = 7
  const auto none = cost(0.0f, 1.945910149, 1.098612289);
  EXPECT_NEAR(none[0], 1.030347484f, 2e-6f);
  EXPECT_NEAR(none[1], 0.318181818f, 1e-6f);
  EXPECT_NEAR(none[2], -0.712165666f, 2e-6f);
  // α = e⁻¹⁰ is nearly Poisson, and below that it is clamped.
  EXPECT_NEAR(cost(3.0f, std::log(2.0), -10.0)[0], 1.712363326f, 2e-5f);
  EXPECT_EQ(cost(3.0f, std::log(2.0), -40.0)[0], cost(3.0f, std::log(2.0), -10.0)[0]);
  EXPECT_EQ(cost(3.0f, std::log(2.0), -40.0)[2], 0.0f);
  // Nothing overflows: the gradient in log μ tends to θ.
  const auto far = cost(5.0f, 200.0, 0.0);
  EXPECT_TRUE(std::isfinite(far[0]));
  EXPECT_FLOAT_EQ(far[1], 1.0f);
}

/// The draws for uniform numbers at the middle of equal parts of [0, 1).
template <class Likelihood>
std::map<float, double> shares(const Likelihood& likelihood, std::vector<float> parameters) {
  constexpr int kParts = 100000;
  float values[Likelihood::kParameters];
  std::copy(parameters.begin(), parameters.end(), values);
  std::map<float, double> share;
  for (int i = 0; i < kParts; ++i)
    share[likelihood.draw(values, static_cast<float>((i + 0.5) / kParts))] += 1.0 / kParts;
  return share;
}

/// Every outcome is drawn as often as it is probable.
template <class Likelihood>
void expect_shares(LikelihoodKind kind, const std::vector<float>& parameters) {
  const LikelihoodConstants constants;
  const std::vector<double> wide(parameters.begin(), parameters.end());
  double total = 0.0;
  for (const auto& [count, share] : shares(Likelihood(constants), parameters)) {
    EXPECT_NEAR(share, std::exp(-reference_nll(kind, constants, count, wide)), 4e-5) << count;
    total += share;
  }
  EXPECT_NEAR(total, 1.0, 1e-9);
}

TEST(CountLikelihood, DrawsFollowTheDistribution) {
  for (const float mean : {0.01f, 0.7f, 3.0f, 40.5f, 900.0f}) {
    expect_shares<math::Poisson>(LikelihoodKind::poisson, {std::log(mean)});
    for (const float dispersion : {0.01f, 0.6f, 4.0f}) {
      if (mean * dispersion > 100.0f) continue;  // its tail is longer than the parts are fine
      expect_shares<math::NegativeBinomial>(LikelihoodKind::negative_binomial,
                                            {std::log(mean), std::log(dispersion)});
    }
  }
}

// Wide distributions are drawn from another way: mean and variance of many draws.
TEST(CountLikelihood, WideDrawsHaveTheirMeanAndVariance) {
  const auto moments = [](const auto& likelihood, const auto& parameters) {
    constexpr int kDraws = 40000;
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < kDraws; ++i) {
      const double value = likelihood.draw(parameters, static_cast<float>((i + 0.5) / kDraws));
      sum += value, squares += value * value;
    }
    const double mean = sum / kDraws;
    return std::pair(mean, squares / kDraws - mean * mean);
  };
  const float million[] = {std::log(1e6f)}, spread[] = {std::log(5000.0f), std::log(0.5f)};
  const auto [mean, variance] = moments(math::Poisson({}), million);
  EXPECT_NEAR(mean, 1e6, 5.0 * std::sqrt(1e6 / 40000));
  EXPECT_NEAR(variance, 1e6, 0.05e6);
  const auto [wide_mean, wide_variance] = moments(math::NegativeBinomial({}), spread);
  const double expected = 5000.0 + 0.5 * 5000.0 * 5000.0;
  EXPECT_NEAR(wide_mean, 5000.0, 5.0 * std::sqrt(expected / 40000));
  EXPECT_NEAR(wide_variance, expected, 0.06 * expected);
}

TEST(CountLikelihood, DrawsOfExtremeMeansEnd) {
  const math::Poisson poisson({});
  const float none[] = {-std::numeric_limits<float>::infinity()}, huge[] = {90.0f},
              no_number[] = {kNotANumber};
  EXPECT_EQ(poisson.draw(none, 0.9f), 0.0f);
  EXPECT_EQ(poisson.draw(huge, 0.5f), kMaxCount);
  EXPECT_TRUE(std::isnan(poisson.draw(no_number, 0.5f)));
  const math::NegativeBinomial wide({});
  const float heavy[] = {12.0f, 9.0f};
  EXPECT_LE(wide.draw(heavy, 0.9999f), kMaxCount);
}

}  // namespace
}  // namespace elbo::test
