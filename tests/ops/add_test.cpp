// Adding a matrix to another, against float64.

#include "ops/add.h"

#include <gtest/gtest.h>

#include "cases/add.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

std::vector<AddCase> cases() {
  std::vector<AddCase> all = {
      {1, 1}, {3, 17, Activation::identity, false}, {128, 400}, {5, 600, Activation::relu}};
  for (const auto& [activation, text] : kActivations) {
    for (const bool accumulate : {false, true}) all.push_back({7, 33, activation, accumulate});
  }
  return all;
}

class AddOp : public testing::TestWithParam<AddCase> {};
TEST_P(AddOp, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Shapes, AddOp, testing::ValuesIn(cases()), CaseName());

TEST(Add, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> six(context, 6), other(context, 6), third(context, 6);
  const auto call = [&](std::int64_t rows, std::int64_t saved_rows, Activation activation) {
    ops::add(context, other.matrix(rows, 2), six.matrix(3, 2),
             saved_rows ? third.matrix(saved_rows, 2) : MatrixView<float>(), activation, false);
  };
  EXPECT_THROW(call(2, 3, Activation::relu), ShapeError);
  EXPECT_THROW(call(3, 2, Activation::relu), ShapeError);
  EXPECT_THROW(call(3, 0, Activation::relu), ShapeError);
  EXPECT_NO_THROW(call(3, 0, Activation::identity));
}

}  // namespace
}  // namespace elbo::test
