// The penalty on codes and its gradient against float64.

#include "ops/code_penalty.h"

#include <gtest/gtest.h>

#include "cases/code_penalty.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

class CodePenaltyOp : public testing::TestWithParam<CodePenaltyCase> {};
TEST_P(CodePenaltyOp, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, CodePenaltyOp,
                         testing::Values(CodePenaltyCase{1, 1}, CodePenaltyCase{3, 17, {0.7f, 0.0f}},
                                         CodePenaltyCase{17, 3, {0.0f, 0.2f}}, CodePenaltyCase{128, 20},
                                         CodePenaltyCase{5, 129, {0.7f, 0.2f}, true, false},
                                         CodePenaltyCase{5, 33, {0.7f, 0.2f}, false, true}),
                         CaseName());

TEST(CodePenalty, ACodeOfZeroIsLeftAlone) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> z(context, 3), dz(context, 3), cost(context, 1);
  z.fill_zero();
  dz.fill_zero();
  ops::code_penalty(context, cost.view(), dz.matrix(1, 3), z.matrix(1, 3), {1.0f, 1.0f}, 1.0f);
  EXPECT_EQ(cost.to_host()[0], 0.0f);
  EXPECT_EQ(dz.to_host(), (std::vector<float>{0.0f, 0.0f, 0.0f}));
}

TEST(CodePenalty, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> six(context, 6), two(context, 2);
  EXPECT_THROW(ops::code_penalty(context, two.view(), {}, six.matrix(3, 2), {}, 1.0f), ShapeError);
  EXPECT_THROW(ops::code_penalty(context, {}, two.matrix(1, 2), six.matrix(3, 2), {}, 1.0f), ShapeError);
}

}  // namespace
}  // namespace elbo::test
