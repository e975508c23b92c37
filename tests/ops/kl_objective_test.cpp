// Free bits and capacity against float64, and at their limits.

#include "ops/kl_objective.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cases/kl_objective.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

class KlObjectiveFreeBits : public testing::TestWithParam<FreeBitsCase> {};
TEST_P(KlObjectiveFreeBits, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Shapes, KlObjectiveFreeBits,
                         testing::Values(FreeBitsCase{1, 1}, FreeBitsCase{3, 2, 0.5, true},
                                         FreeBitsCase{17, 20}, FreeBitsCase{128, 33, 0.25, true},
                                         FreeBitsCase{9, 64, 0.0}, FreeBitsCase{784, 17}),
                         CaseName());

class KlObjectiveCapacity : public testing::TestWithParam<KlCapacityCase> {};
TEST_P(KlObjectiveCapacity, MatchesFloat64) {
  EXPECT_OP(GetParam(), {{0, 0}, {0, 1}});
}
INSTANTIATE_TEST_SUITE_P(Shapes, KlObjectiveCapacity,
                         testing::Values(KlCapacityCase{1}, KlCapacityCase{3, -2.0, true},
                                         KlCapacityCase{128, 0.01}, KlCapacityCase{784, -5.0},
                                         KlCapacityCase{10007, 3.0, true}),
                         CaseName());

TEST(KlObjective, AtItsCapacityTheKlIsFree) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const std::vector<float> host = {3.0f, 5.0f, 4.0f};
  const Buffer<float> kl(context, std::span<const float>(host));
  const Buffer<float> capacity(context, std::span<const float>(host).last(1));
  Buffer<float> scale(context, 1), cost(context, 1);
  ops::kl_capacity(context, scale.data(), cost.data(), kl.view(), nullptr, capacity.data());
  EXPECT_EQ(scale.to_host()[0], 0.0f);
  EXPECT_EQ(cost.to_host()[0], 0.0f);
}

TEST(KlObjective, FreeBitsHideNoNan) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const std::vector<float> host = {0.0f, std::numeric_limits<float>::quiet_NaN(), 0.0f, 0.0f};
  const Buffer<float> values(context, std::span<const float>(host));
  Buffer<float> weights(context, 2), cost(context, 1);
  ops::free_bits(context, weights.view(), cost.data(), values.matrix(2, 2), values.matrix(2, 2), 0.5f,
                 nullptr);
  EXPECT_TRUE(std::isnan(cost.to_host()[0]));
}

TEST(KlObjective, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> six(context, 6), two(context, 2);
  const auto bits = [&](Buffer<float>& weights, std::int64_t rows, float nats) {
    ops::free_bits(context, weights.view(), two.data(), six.matrix(rows, 2), six.matrix(3, 2), nats, nullptr);
  };
  EXPECT_THROW(bits(six, 3, 0.5f), ShapeError);
  EXPECT_THROW(bits(two, 2, 0.5f), ShapeError);
  EXPECT_THROW(bits(two, 3, -0.5f), ShapeError);
  EXPECT_THROW(ops::kl_capacity(context, two.data(), two.data() + 1, {}, nullptr, six.data()), ShapeError);
  EXPECT_THROW(ops::kl_capacity(context, two.data(), two.data() + 1, six.view(), nullptr, nullptr),
               ShapeError);
}

}  // namespace
}  // namespace elbo::test
