// Priors other than N(0, I) in whole models: every gradient of the objective against float64 finite
// differences, and the standard normal written as a mixture.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "elbo/error.h"
#include "support/trained.h"

namespace elbo::test {
namespace {

constexpr float kKlWeight = 0.8f;

ModelSettings settings(const std::string& prior, const std::vector<Layer>& layers = {}) {
  ModelSettings s;
  s.encoder = {6};
  s.decoder = {5};
  s.latent = 3;
  s.activation = "tanh";
  s.prior = prior;
  s.components = 4;
  s.prior_layers = layers;
  if (prior == "conditional") {
    s.condition = {"label"};
    s.condition_classes = {"a", "b", "c"};
  }
  return s;
}

double mean_cost(const Trained::BatchCosts& batch) {
  double kl = 0.0;
  for (const auto& c : batch) kl += c.kl / static_cast<double>(batch.size());
  return mean_nll(batch) + kKlWeight * kl;
}

/// −log 1/K Σ_k exp(−nll − β log_ratio), averaged.
double bound(const Trained::BatchCosts& batch) {
  double total = 0.0;
  for (const auto& c : batch) {
    double sum = 0.0;
    for (std::size_t k = 0; k < c.nll.size(); ++k) sum += std::exp(-c.nll[k] - kKlWeight * c.log_ratio[k]);
    total -= std::log(sum / static_cast<double>(c.nll.size()));
  }
  return total / static_cast<double>(batch.size());
}

struct GradientCase {
  std::string prior;
  std::int64_t samples = 1;
  std::vector<Layer> layers = {};
  std::string name() const { return concat(prior, "_k", samples, layers.empty() ? "" : "_deep"); }
};
class PriorGradient : public testing::TestWithParam<GradientCase> {
 protected:
  const GradientCase& of() const { return GetParam(); }
};

TEST_P(PriorGradient, Elbo) {
  ELBO_REQUIRE_DEVICE();
  Trained model(settings(of().prior, of().layers), of().samples, {});
  const Buffer<float> beta(model.context(), std::span<const float>(&kKlWeight, 1));
  model.expect_gradient({.kl_weight = beta.data()}, mean_cost);
}

TEST_P(PriorGradient, ImportanceWeighted) {
  ELBO_REQUIRE_DEVICE();
  ObjectiveSettings objective;
  objective.kind = "iwae";
  Trained model(settings(of().prior, of().layers), of().samples, objective);
  const Buffer<float> beta(model.context(), std::span<const float>(&kKlWeight, 1));
  model.expect_gradient({.kl_weight = beta.data()}, bound);
}

TEST_P(PriorGradient, Capacity) {
  ELBO_REQUIRE_DEVICE();
  ObjectiveSettings objective;
  objective.capacity = 1.0;  // a step's own capacity is in its rates
  Trained model(settings(of().prior, of().layers), of().samples, objective);
  const Buffer<float> beta(model.context(), std::span<const float>(&kKlWeight, 1));
  const float far = 30.0f;
  const Buffer<float> capacity(model.context(), std::span<const float>(&far, 1));
  model.expect_gradient({beta.data(), capacity.data()}, [&](const Trained::BatchCosts& batch) {
    const double kl = (mean_cost(batch) - mean_nll(batch)) / kKlWeight;
    return mean_nll(batch) + kKlWeight * std::abs(kl - far);
  });
}

// The pseudo-inputs' pass uses the plain encoder, even if the batch's input is corrupted.
TEST_P(PriorGradient, CorruptedInputAndBoundedLogVariance) {
  ELBO_REQUIRE_DEVICE();
  ObjectiveSettings objective;
  objective.corruption = "gaussian";
  objective.corruption_amount = 0.1;  // the test writes its own noise
  ModelSettings bounded = settings(of().prior, of().layers);
  bounded.log_variance_bounds = {-0.2, 0.3};
  Trained model(bounded, of().samples, objective);
  const Buffer<float> beta(model.context(), std::span<const float>(&kKlWeight, 1));
  model.expect_gradient({.kl_weight = beta.data()}, mean_cost);
}

TEST_P(PriorGradient, RealValuesHaveFreePseudoInputs) {
  ELBO_REQUIRE_DEVICE();
  ModelSettings real = settings(of().prior, of().layers);
  real.likelihood = "gaussian";
  real.pseudo_inputs_sd = 1.5;
  Trained model(real, of().samples, {});
  const Buffer<float> beta(model.context(), std::span<const float>(&kKlWeight, 1));
  model.expect_gradient({.kl_weight = beta.data()}, mean_cost);
}

// Two batches in turn make up the same step.
TEST_P(PriorGradient, Accumulates) {
  ELBO_REQUIRE_DEVICE();
  Trained model(settings(of().prior, of().layers), of().samples, {});
  const auto whole = model.gradient({}, {{0, Trained::kRows}});
  for (const auto& [name, values] : model.gradient({}, {{0, 2}, {2, Trained::kRows - 2}})) {
    EXPECT_TRUE(near_all<double>(values, whole.at(name), {2e-6, 2e-5})) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(, PriorGradient,
                         testing::Values(GradientCase{"mixture", 1}, GradientCase{"mixture", 3},
                                         GradientCase{"vamp", 1}, GradientCase{"vamp", 3},
                                         GradientCase{"conditional", 1}, GradientCase{"conditional", 3},
                                         GradientCase{"conditional", 1, {4}}),
                         CaseName());

/// The small model with N(0, I) in two forms: directly, and as a mixture with one component.
class OneComponent : public testing::Test {
 protected:
  static ModelSettings normal() { return settings("normal"); }
  static ModelSettings mixture() {
    ModelSettings s = settings("mixture");
    s.components = 1;
    return s;
  }
};

TEST_F(OneComponent, GivesTheSameRatiosAndGradients) {
  ELBO_REQUIRE_DEVICE();
  for (const std::int64_t samples : {1, 4}) {
    ObjectiveSettings objective;
    objective.kind = "iwae";
    Trained plain(normal(), samples, objective), mixed(mixture(), samples, objective);
    mixed.share_parameters(plain);
    const auto expected = plain.gradient({}, {{0, Trained::kRows}});
    const auto actual = mixed.gradient({}, {{0, Trained::kRows}});
    for (const auto& [name, values] : expected) {
      EXPECT_TRUE(near_all<double>(actual.at(name), values, {1e-6, 1e-5})) << name;
    }
    const auto ratios = mixed.log_ratios();
    EXPECT_TRUE(near_all<float>(ratios, widen(plain.log_ratios()), {1e-5, 1e-6}));
  }
}

// Free bits are by the dimension of the KL to each label's prior; here one of three is free.
TEST(ConditionalPriorGradient, FreeBits) {
  ELBO_REQUIRE_DEVICE();
  auto kl = mean_kl(Trained(settings("conditional"), 3, {}).costs());
  std::ranges::sort(kl);
  ASSERT_GT(kl[1] - kl[0], 1e-3) << "the test needs dimensions that differ";
  const auto nats = static_cast<float>(0.5 * (kl[0] + kl[1]));
  ObjectiveSettings objective;
  objective.free_bits = nats;
  Trained model(settings("conditional"), 3, objective);
  model.expect_gradient({}, [&](const Trained::BatchCosts& batch) {
    double cost = mean_nll(batch);
    for (const double value : mean_kl(batch)) cost += std::max<double>(nats, value);
    return cost;
  });
  const auto counts = model.to_host(model.kl_weight().per_dimension);
  EXPECT_EQ(std::ranges::count(counts, 0.0f), 1);
}

TEST(MixturePrior, FreeBitsAreRefusedByName) {
  for (const char* prior : {"mixture", "vamp"}) {
    Recipe recipe;
    recipe.model.prior = prior;
    recipe.objective.free_bits = 0.1;
    try {
      make_latent(resolve(recipe, 4));
      FAIL() << prior;
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find("objective.free_bits"), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find(prior), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace elbo::test
