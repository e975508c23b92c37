// Adding an example's vector to its samples, against float64.

#include "ops/shift.h"

#include <gtest/gtest.h>

#include "cases/shift.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

std::vector<ShiftCase> shift_cases() {
  std::vector<ShiftCase> all = {{1, 1, 1}, {3, 5, 17}, {128, 1, 400}, {5, 50, 64, Activation::relu}};
  for (const auto& [activation, text] : kActivations) all.push_back({7, 3, 33, activation});
  return all;
}

class ShiftOp : public testing::TestWithParam<ShiftCase> {};
TEST_P(ShiftOp, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Shapes, ShiftOp, testing::ValuesIn(shift_cases()), CaseName());

class ShiftBackwardOp : public testing::TestWithParam<ShiftBackwardCase> {};
TEST_P(ShiftBackwardOp, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Shapes, ShiftBackwardOp,
                         testing::Values(ShiftBackwardCase{1, 1, 1}, ShiftBackwardCase{3, 5, 17},
                                         ShiftBackwardCase{128, 1, 400}, ShiftBackwardCase{5, 50, 64}),
                         CaseName());

TEST(Shift, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> twelve(context, 12), six(context, 6), other(context, 12);
  const auto forward = [&](std::int64_t rows, std::int64_t shifts, std::int64_t saved) {
    ops::shift_forward(context, twelve.matrix(rows, 2), saved ? other.matrix(saved, 2) : MatrixView<float>(),
                       six.matrix(shifts, 2), Activation::relu);
  };
  EXPECT_THROW(forward(4, 3, 0), ShapeError) << "4 rows are no multiple of 3";
  EXPECT_THROW(forward(6, 3, 5), ShapeError);
  EXPECT_THROW(forward(6, 0, 0), ShapeError);
  EXPECT_NO_THROW(forward(6, 3, 6));
  EXPECT_THROW(ops::shift_backward(context, six.matrix(2, 3), twelve.matrix(6, 2)), ShapeError);
  EXPECT_THROW(ops::shift_backward(context, six.matrix(3, 2), twelve.matrix(4, 2)), ShapeError);
}

}  // namespace
}  // namespace elbo::test
