// Swapping axes, and back.

#include "ops/swap_axes.h"

#include <gtest/gtest.h>

#include "cases/swap_axes.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

class SwapAxesOp : public testing::TestWithParam<SwapAxesCase> {};
TEST_P(SwapAxesOp, MovesEveryValue) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, SwapAxesOp,
                         testing::Values(SwapAxesCase{1, {}}, SwapAxesCase{3, {2, 5, 3}},
                                         SwapAxesCase{17, {49, 2, 1}}, SwapAxesCase{2, {1, 7, 4}},
                                         SwapAxesCase{40, {64, 3, 3}}),
                         CaseName());

TEST(SwapAxes, UndoesItself) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const ops::Axes axes{3, 4, 2};
  const auto from = Random(1).normal(5 * axes.size());
  Buffer<float> x(context, std::span(from)), y(context, x.size()), back(context, x.size());
  ops::swap_axes(context, y.matrix(5, axes.size()), x.matrix(5, axes.size()), axes);
  ops::swap_axes(context, back.matrix(5, axes.size()), y.matrix(5, axes.size()), axes.swapped());
  EXPECT_NE(y.to_host(), from);
  EXPECT_EQ(back.to_host(), from);
}

TEST(SwapAxes, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> x(context, 12), y(context, 12);
  EXPECT_THROW(ops::swap_axes(context, y.matrix(1, 12), x.matrix(1, 12), {2, 5, 1}), ShapeError);
  EXPECT_THROW(ops::swap_axes(context, y.matrix(2, 6), x.matrix(1, 12), {3, 4, 1}), ShapeError);
  EXPECT_THROW(ops::swap_axes(context, y.matrix(1, 12), x.matrix(1, 12), {0, 4, 1}), ShapeError);
}

}  // namespace
}  // namespace elbo::test
