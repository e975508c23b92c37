// Classes as ones and zeros.

#include "ops/one_hot.h"

#include <gtest/gtest.h>

#include <limits>

#include "cases/one_hot.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

class OneHotOp : public testing::TestWithParam<OneHotCase> {};
TEST_P(OneHotOp, MatchesItsDefinition) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, OneHotOp,
                         testing::Values(OneHotCase{1, 1, 2}, OneHotCase{3, 17, 5, true},
                                         OneHotCase{17, 3, 7}, OneHotCase{5, 784, 4, true},
                                         OneHotCase{2, 9, 1024}, OneHotCase{129, 33, 3}),
                         CaseName());

TEST(OneHot, ByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Buffer<float> x(context, std::vector<float>{2, 0, nan, 1, 1, 2}),
      mask(context, std::vector<float>{1, 1, 1, 1, 0, 1});
  Buffer<float> hot(context, 18);
  ops::one_hot(context, hot.matrix(2, 9), x.matrix(2, 3), mask.matrix(2, 3), 3);
  // Class by class, with the three values of each class side by side.
  EXPECT_EQ(hot.to_host(), (std::vector<float>{0, 1, 0, 0, 0, 0, 1, 0, 0,  //
                                               0, 0, 0, 1, 0, 0, 0, 0, 1}));
}

TEST(OneHot, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> x(context, 6), hot(context, 18);
  const auto call = [&](std::int64_t rows, std::int64_t cols, std::int64_t mask_rows, std::int32_t classes) {
    ops::one_hot(context, hot.matrix(rows, cols), x.matrix(2, 3), x.matrix(mask_rows, 3), classes);
  };
  EXPECT_THROW(call(1, 9, 2, 3), ShapeError);
  EXPECT_THROW(call(2, 9, 1, 3), ShapeError);
  EXPECT_THROW(call(2, 9, 2, 2), ShapeError);
  EXPECT_THROW(call(2, 0, 2, 0), ShapeError);
}

}  // namespace
}  // namespace elbo::test
