// Clamping to bounds, and the gradient between them.

#include "ops/clamp.h"

#include <gtest/gtest.h>

#include <cmath>

#include "cases/clamp.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

template <class Case>
Case made(ClampCase shape) {
  Case made;
  static_cast<ClampCase&>(made) = shape;
  return made;
}

class ClampOp : public testing::TestWithParam<ClampCase> {};
TEST_P(ClampOp, KeepsValuesWithinBounds) {
  EXPECT_OP(made<ClampForwardCase>(GetParam()));
}
TEST_P(ClampOp, PassesTheGradientBetweenThem) {
  EXPECT_OP(made<ClampBackwardCase>(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(, ClampOp,
                         testing::Values(ClampCase{1, 1}, ClampCase{3, 17, true, true},
                                         ClampCase{17, 40, true, false, true}, ClampCase{5, 129, false},
                                         ClampCase{9, 8, false, false, true}),
                         CaseName());

// Like PyTorch's hardtanh, the gradient at a bound is 0. NaN stays NaN.
TEST(Clamp, AtABoundNothingPasses) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const std::vector<float> x = {-1.0f, 0.0f, 0.5f, 1.0f, NAN}, ones(5, 1.0f);
  Buffer<float> y(context, std::span(x)), gradient(context, std::span(ones));
  ops::clamp(context, y.matrix(1, 5), y.matrix(1, 5), 0.0f, 1.0f);
  ops::clamp_backward(context, gradient.matrix(1, 5), gradient.matrix(1, 5), y.matrix(1, 5), 0.0f, 1.0f,
                      false);
  EXPECT_TRUE(std::isnan(y.to_host()[4]));
  EXPECT_EQ(gradient.to_host(), (std::vector<float>{0.0f, 0.0f, 1.0f, 0.0f, 0.0f}));
}

TEST(Clamp, RefusesWrongShapesAndBounds) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> six(context, 6), two(context, 2);
  EXPECT_THROW(ops::clamp(context, two.matrix(1, 2), six.matrix(2, 3), 0.0f, 1.0f), ShapeError);
  EXPECT_THROW(ops::clamp(context, six.matrix(2, 3), six.matrix(2, 3), 1.0f, 0.0f), ShapeError);
  EXPECT_THROW(
      ops::clamp_backward(context, two.matrix(1, 2), six.matrix(2, 3), six.matrix(2, 3), 0.0f, 1.0f, false),
      ShapeError);
}

}  // namespace
}  // namespace elbo::test
