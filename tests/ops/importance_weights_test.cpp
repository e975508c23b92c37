// The weights of an importance-weighted bound and the bound itself, against float64 and at their limits.

#include "ops/importance_weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cases/importance_weights.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

class ImportanceWeightsCases : public testing::TestWithParam<ImportanceWeightsCase> {};
TEST_P(ImportanceWeightsCases, MatchesFloat64) {
  EXPECT_OP(GetParam(), {{0, 0}, {0, 1}});
}
INSTANTIATE_TEST_SUITE_P(Shapes, ImportanceWeightsCases,
                         testing::Values(ImportanceWeightsCase{1, 1}, ImportanceWeightsCase{3, 1, 5},
                                         ImportanceWeightsCase{1, 5},
                                         ImportanceWeightsCase{17, 3, 1, 3.0, true},
                                         ImportanceWeightsCase{5, 33, 3}, ImportanceWeightsCase{20, 50, 25},
                                         ImportanceWeightsCase{4, 50, 1, 30.0},
                                         ImportanceWeightsCase{2, 1000, 2, 3.0, true}),
                         CaseName());

class ImportanceWeightsRows : public testing::TestWithParam<WeightRowsCase> {};
TEST_P(ImportanceWeightsRows, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Shapes, ImportanceWeightsRows,
                         testing::Values(WeightRowsCase{1, 1}, WeightRowsCase{3, 17}, WeightRowsCase{17, 3},
                                         WeightRowsCase{128, 784}),
                         CaseName());

struct Weighed {
  std::vector<float> weights, cost;
};

/// One example whose samples have these costs.
Weighed weigh(const std::vector<float>& nll) {
  Context context(device());
  const auto count = static_cast<std::int64_t>(nll.size());
  Buffer<float> nll_device(context, std::span<const float>(nll)), ratio(context, count);
  Buffer<float> weights(context, count), cost(context, 1);
  ratio.fill_zero();
  ops::importance_weights(context, weights.view(), cost.view(), nll_device.matrix(count, 1), ratio.view(),
                          nullptr);
  return {weights.to_host(), cost.to_host()};
}

TEST(ImportanceWeights, ByHand) {
  ELBO_REQUIRE_DEVICE();
  // w = 1/2, 1/4, 1/4: their mean is 1/3.
  const float ln2 = std::log(2.0f);
  const Weighed got = weigh({ln2, 2 * ln2, 2 * ln2});
  EXPECT_NEAR(got.weights[0], 0.5, 1e-6);
  EXPECT_NEAR(got.weights[1], 0.25, 1e-6);
  EXPECT_NEAR(got.weights[2], 0.25, 1e-6);
  EXPECT_NEAR(got.cost[0], std::log(3.0), 1e-6);
}

TEST(ImportanceWeights, LargeCostsNeitherOverflowNorVanish) {
  ELBO_REQUIRE_DEVICE();
  for (const float far : {1e5f, -1e5f}) {
    const Weighed got = weigh({far, far + 1.0f});
    EXPECT_NEAR(got.weights[0], 1 / (1 + std::exp(-1.0)), 1e-6);
    EXPECT_NEAR(got.cost[0], far + std::log(2.0) - std::log1p(std::exp(-1.0)), 0.01);
  }
}

TEST(ImportanceWeights, AWeightThatCountsForNothingIsZero) {
  ELBO_REQUIRE_DEVICE();
  const Weighed got = weigh({100.0f, 150.0f, 190.0f, std::numeric_limits<float>::infinity()});
  EXPECT_EQ(got.weights, (std::vector<float>{1.0f, 0.0f, 0.0f, 0.0f}));
  EXPECT_NEAR(got.cost[0], 100.0 + std::log(4.0), 1e-4);
}

TEST(ImportanceWeights, NanStaysNan) {
  ELBO_REQUIRE_DEVICE();
  const float nan = std::numeric_limits<float>::quiet_NaN(),
              infinity = std::numeric_limits<float>::infinity();
  for (const auto& costs : {std::vector<float>{1.0f, nan, 2.0f}, {infinity, infinity}}) {
    const Weighed got = weigh(costs);
    EXPECT_TRUE(std::isnan(got.cost[0]));
    for (const float weight : got.weights) EXPECT_TRUE(std::isnan(weight));
  }
}

TEST(ImportanceWeights, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> six(context, 6), four(context, 4), two(context, 2);
  const auto call = [&](const Buffer<float>& nll, const Buffer<float>& ratio, Buffer<float>& cost) {
    ops::importance_weights(context, six.view(), cost.view(), nll.matrix(nll.size(), 1), ratio.view(),
                            nullptr);
  };
  EXPECT_NO_THROW(call(six, six, two));
  EXPECT_THROW(call(four, six, two), ShapeError);
  EXPECT_THROW(call(six, four, two), ShapeError);
  EXPECT_THROW(call(six, six, four), ShapeError);
  EXPECT_THROW(ops::weight_rows(context, six.matrix(3, 2), two.view()), ShapeError);
}

}  // namespace
}  // namespace elbo::test
