// The mutual information of data and codes, and the divergence of the aggregate posterior, in cases with
// known values.

#include "evaluation/aggregate_posterior.h"

#include <gtest/gtest.h>

#include <cmath>

#include "elbo/elbo.h"
#include "support/data.h"
#include "support/device.h"
#include "vae/prior/host_mixture.h"

namespace elbo {
namespace {

/// n posteriors that take the given means in turn, all with one log-variance.
Posterior posteriors(std::int64_t n, const std::vector<std::vector<float>>& means, float log_variance) {
  Posterior p;
  const auto latent = static_cast<std::int64_t>(means[0].size());
  p.mean = {n, latent, {}};
  p.log_variance = {n, latent, std::vector<float>(static_cast<std::size_t>(n * latent), log_variance)};
  for (std::int64_t i = 0; i < n; ++i) {
    const auto& mean = means[static_cast<std::size_t>(i) % means.size()];
    p.mean.values.insert(p.mean.values.end(), mean.begin(), mean.end());
  }
  return p;
}

std::unique_ptr<Prior> normal() {
  return make_prior({});
}
/// It is not used if the KL has a formula.
std::unique_ptr<HostPrior> on_host() {
  return standard_normal_on_host(1);
}

TEST(AggregatePosterior, OfPosteriorsThatAreThePriorIsThePrior) {
  const auto result = divide_kl(posteriors(700, {{0, 0, 0}}, 0.0f), *normal(), *on_host(), 1);
  EXPECT_EQ(result.examples, 700);
  EXPECT_NEAR(result.mutual_information, 0.0, 1e-6);
  EXPECT_NEAR(result.divergence, 0.0, 1e-6);
}

TEST(AggregatePosterior, MutualInformationCountsClustersThatAreApart) {
  // Three distant places: a code tells which of the three its example has, and no more.
  const auto result =
      divide_kl(posteriors(900, {{-20, 0}, {20, 5}, {0, 40}}, -2.0f), *normal(), *on_host(), 1);
  EXPECT_NEAR(result.mutual_information, std::log(3.0), 1e-5);
  EXPECT_NEAR(result.mutual_information + result.divergence, result.kl, 1e-9);
}

// The KL is then estimated from samples; the prior is the mixture of the posteriors.
TEST(AggregatePosterior, ThatIsTheMixtureOfThePriorDiffersFromItInNothing) {
  const std::vector<std::vector<float>> means = {{-20, 0}, {20, 5}, {0, 40}};
  const Posterior three = posteriors(3, means, -2.0f);
  const std::vector<float> log_weights(3, -std::log(3.0f));
  ModelConfig config;
  config.prior = "mixture";
  const auto result = divide_kl(posteriors(900, means, -2.0f), *make_prior(config),
                                HostMixture(three.mean, three.log_variance, log_weights), 1);
  EXPECT_NEAR(result.kl, std::log(3.0), 1e-5);
  EXPECT_NEAR(result.mutual_information, std::log(3.0), 1e-5);
  EXPECT_NEAR(result.divergence, 0.0, 1e-5);
}

TEST(AggregatePosterior, MutualInformationIsAtMostTheLogOfTheExamples) {
  std::vector<std::vector<float>> means;
  for (int i = 0; i < 64; ++i) means.push_back({100.0f * static_cast<float>(i)});
  const auto result = divide_kl(posteriors(64, means, 0.0f), *normal(), *on_host(), 1);
  EXPECT_NEAR(result.mutual_information, std::log(64.0), 1e-4);
  EXPECT_LE(result.mutual_information, std::log(64.0));
}

TEST(AggregatePosterior, OfAGaussianChannelIsItsCapacity) {
  // Means spread as N(0, ¾) and variances ¼ make the aggregate N(0, 1): I = ½ log 4, and no divergence. With
  // 4000 examples both are known to a few hundredths.
  Posterior p;
  p.mean = {4000, 1, {}};
  p.log_variance = {4000, 1, std::vector<float>(4000, std::log(0.25f))};
  for (int i = 0; i < 4000; ++i) {  // Box & Muller 1958 on a grid
    const double radius = std::sqrt(-2.0 * std::log((i / 63 + 0.5) / 64.0));
    p.mean.values.push_back(
        static_cast<float>(std::sqrt(0.75) * radius * std::cos(2.0 * std::acos(-1.0) * (i % 63) / 63.0)));
  }
  const auto result = divide_kl(p, *normal(), *on_host(), 3);
  EXPECT_NEAR(result.mutual_information, 0.5 * std::log(4.0), 0.04);
  EXPECT_NEAR(result.divergence, 0.0, 0.04);
}

/// I(x; z) of two posteriors N(±1, 1), each for half of the examples, by the trapezoidal rule.
double information_of_two() {
  constexpr double kStep = 1e-3;
  double information = 0.0;
  for (double z = -12.0; z < 12.0; z += kStep) {
    const auto density = [z](double mean) {
      return std::exp(-0.5 * (z - mean) * (z - mean)) / std::sqrt(2.0 * std::acos(-1.0));
    };
    const double one = density(1.0);
    information += kStep * one * std::log(2.0 * one / (one + density(-1.0)));
  }
  return information;
}

TEST(AggregatePosterior, FewExamplesHaveMoreDraws) {
  const auto result = divide_kl(posteriors(20, {{1}, {-1}}, 0.0f), *normal(), *on_host(), 3);
  EXPECT_EQ(result.draws, 200);
  EXPECT_NEAR(result.mutual_information, information_of_two(), 0.03);  // 4 errors of 4,000 draws
  EXPECT_GT(result.divergence, 0.0);
  EXPECT_GT(result.standard_error, 0.0);
  EXPECT_LT(result.standard_error, 0.03);
  EXPECT_EQ(divide_kl(posteriors(10'000, {{0}}, 0.0f), *normal(), *on_host(), 3).draws, 1);
}

TEST(AggregatePosterior, TakesEvenlySpacedExamplesOfALongSplit) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe;
  recipe.model.encoder = recipe.model.decoder = {8};
  recipe.model.latent = 3;
  Model model(recipe, 4, test::device());
  Examples data;
  data.count = 50;
  data.dims = 4;
  for (int i = 0; i < 200; ++i) data.floats.push_back(static_cast<float>(i % 7) / 7.0f);
  const auto all = model.aggregate_posterior(data, 1000, 2);
  EXPECT_EQ(all.examples, 50);
  EXPECT_NEAR(all.kl, model.evaluate(data).terms.kl, 1e-5);
  EXPECT_EQ(model.aggregate_posterior(data, 20, 2).examples, 20);
  EXPECT_EQ(model.aggregate_posterior(data, 20, 2).mutual_information,
            model.aggregate_posterior(data, 20, 2).mutual_information);
  EXPECT_THROW(model.aggregate_posterior(data, 0), ConfigError);
  EXPECT_THROW(model.aggregate_posterior(Examples{}), DataError);
  recipe.model.kind = "autoencoder";
  EXPECT_THROW(Model(recipe, 4, test::device()).aggregate_posterior(data), ConfigError);
}

}  // namespace
}  // namespace elbo
