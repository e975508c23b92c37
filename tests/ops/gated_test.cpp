// Gated linear units and their gradient against float64.

#include "ops/gated.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cases/gated.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

class GatedOp : public testing::TestWithParam<GatedCase> {};
TEST_P(GatedOp, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, GatedOp,
                         testing::Values(GatedCase{1, 1}, GatedCase{3, 17}, GatedCase{17, 4},
                                         GatedCase{128, 300}, GatedCase{1000, 3}, GatedCase{2, 5000},
                                         GatedCase{5, 33, 60.0}),
                         CaseName());

class GatedBackwardOp : public testing::TestWithParam<GatedBackwardCase> {};
TEST_P(GatedBackwardOp, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, GatedBackwardOp,
                         testing::Values(GatedBackwardCase{1, 1}, GatedBackwardCase{3, 17},
                                         GatedBackwardCase{17, 4}, GatedBackwardCase{128, 300},
                                         GatedBackwardCase{1000, 3}, GatedBackwardCase{2, 5000},
                                         GatedBackwardCase{5, 33, 60.0}),
                         CaseName());

TEST(Gated, ClosedAndOpenGatesLetNothingAndAllThrough) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const std::vector<float> from = {3.0f, 3.0f, -200.0f, 200.0f};
  const std::vector<float> ones = {1.0f, 1.0f};
  Buffer<float> x(context, std::span(from)), dy(context, std::span(ones)), y(context, 2), dx(context, 4);
  ops::gated_forward(context, y.matrix(1, 2), x.matrix(1, 4));
  ops::gated_backward(context, dx.matrix(1, 4), dy.matrix(1, 2), x.matrix(1, 4));
  EXPECT_EQ(y.to_host(), (std::vector<float>{0.0f, 3.0f}));
  EXPECT_EQ(dx.to_host(), (std::vector<float>{0.0f, 1.0f, 0.0f, 0.0f}));
}

TEST(Gated, NaNShows) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> from = {nan, 1.0f, 1.0f, nan};
  Buffer<float> x(context, std::span(from)), y(context, 2);
  ops::gated_forward(context, y.matrix(1, 2), x.matrix(1, 4));
  for (const float value : y.to_host()) EXPECT_TRUE(std::isnan(value));
}

TEST(Gated, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> six(context, 6), twelve(context, 12);
  EXPECT_THROW(ops::gated_forward(context, six.matrix(2, 3), twelve.matrix(3, 4)), ShapeError);
  EXPECT_THROW(ops::gated_backward(context, six.matrix(2, 3), six.matrix(2, 3), twelve.matrix(2, 6)),
               ShapeError);
  EXPECT_THROW(ops::gated_backward(context, twelve.matrix(2, 6), six.matrix(2, 3), six.matrix(2, 3)),
               ShapeError);
}

}  // namespace
}  // namespace elbo::test
