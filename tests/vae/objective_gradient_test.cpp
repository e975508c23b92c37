// Objectives that depend on a batch as a whole, or on more than its costs, against float64 finite
// differences: free bits, capacity, penalised codes, corrupted inputs.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ops/code_penalty.h"
#include "support/trained.h"

namespace elbo::test {
namespace {

constexpr float kBeta = 0.8f;

ModelSettings settings(const std::string& kind, std::int64_t latent) {
  ModelSettings s;
  s.kind = kind;
  s.encoder = {6};
  s.decoder = {5, 8};
  s.latent = latent;
  s.activation = "tanh";
  return s;
}

class ObjectiveGradient : public testing::TestWithParam<int> {};  // samples

TEST_P(ObjectiveGradient, FreeBits) {
  ELBO_REQUIRE_DEVICE();
  // The threshold is between the second and the third of the four dimensions' KLs: two are free.
  auto kl = mean_kl(Trained(settings("vae", 4), GetParam(), {}).costs());
  std::sort(kl.begin(), kl.end());
  const auto nats = static_cast<float>(0.5 * (kl[1] + kl[2]));
  ObjectiveSettings objective;
  objective.free_bits = nats;
  Trained model(settings("vae", 4), GetParam(), objective);
  ASSERT_GT(kl[2] - kl[1], 1e-3) << "the test needs dimensions that differ";
  const Buffer<float> beta(model.context(), std::span<const float>(&kBeta, 1));
  const auto kl_cost = [&](const Trained::BatchCosts& batch) {
    double cost = 0.0;
    for (const double value : mean_kl(batch)) cost += std::max<double>(nats, value);
    return kBeta * cost;
  };
  model.expect_gradient({.kl_weight = beta.data()},
                        [&](const auto& batch) { return mean_nll(batch) + kl_cost(batch); });
  const auto counts = model.to_host(model.kl_weight().per_dimension);
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 0.0f), 2);
  EXPECT_NEAR(model.to_host({model.described().kl_cost, 1})[0], kl_cost(model.costs()), 1e-5);
}

TEST_P(ObjectiveGradient, Capacity) {
  ELBO_REQUIRE_DEVICE();
  ObjectiveSettings objective;
  objective.capacity = 1.0;  // a step's own capacity is in its rates
  Trained model(settings("vae", 3), GetParam(), objective);
  const Buffer<float> beta(model.context(), std::span<const float>(&kBeta, 1));
  const double kl = total(mean_kl(model.costs()));
  for (const double share : {0.5, 2.0}) {
    const auto capacity = static_cast<float>(share * kl);
    const Buffer<float> capacity_device(model.context(), std::span<const float>(&capacity, 1));
    const auto kl_cost = [&](const Trained::BatchCosts& batch) {
      return kBeta * std::abs(total(mean_kl(batch)) - double{capacity});
    };
    model.expect_gradient({beta.data(), capacity_device.data()},
                          [&](const auto& batch) { return mean_nll(batch) + kl_cost(batch); });
    EXPECT_NEAR(model.to_host({model.described().kl_cost, 1})[0], kl_cost(model.costs()), 1e-5);
  }
}

// The encoder reads the corrupted values, the likelihood the clean ones.
TEST_P(ObjectiveGradient, CorruptedInput) {
  ELBO_REQUIRE_DEVICE();
  ObjectiveSettings objective;
  objective.corruption = "gaussian";
  objective.corruption_amount = 0.1;  // the test writes its own noise
  Trained model(settings("vae", 3), GetParam(), objective);
  model.expect_gradient({}, [](const auto& batch) { return mean_nll(batch) + total(mean_kl(batch)); });
}

INSTANTIATE_TEST_SUITE_P(Samples, ObjectiveGradient, testing::Values(1, 3));

TEST(ObjectiveGradient, PenalisedCode) {
  ELBO_REQUIRE_DEVICE();
  for (const auto& penalty :
       {ops::CodePenalty{0.3f, 0.0f}, ops::CodePenalty{0.0f, 0.2f}, ops::CodePenalty{0.3f, 0.2f}}) {
    ObjectiveSettings objective;
    objective.code_l1 = penalty.l1;
    objective.code_l2 = penalty.l2;
    Trained model(settings("autoencoder", 3), 1, objective);
    const auto code_cost = [&](const ReferenceVae::Costs& c) {
      double cost = 0.0;
      for (const double z : c.code) cost += penalty.l1 * std::abs(z) + penalty.l2 * z * z;
      return cost;
    };
    model.expect_gradient({}, [&](const Trained::BatchCosts& batch) {
      double cost = 0.0;
      for (const auto& c : batch) cost += code_cost(c);
      return mean_nll(batch) + cost / static_cast<double>(batch.size());
    });
    const auto costs = model.to_host(model.described().penalty);
    const auto reference = model.costs();
    for (std::size_t i = 0; i < costs.size(); ++i) EXPECT_NEAR(costs[i], code_cost(reference[i]), 1e-5);
  }
}

}  // namespace
}  // namespace elbo::test
