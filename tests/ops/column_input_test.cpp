// A table's values as an encoder's input.

#include "ops/column_input.h"

#include <gtest/gtest.h>

#include "cases/column_input.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

class ColumnInputOp : public testing::TestWithParam<ColumnInputCase> {};
TEST_P(ColumnInputOp, MatchesItsDefinition) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, ColumnInputOp,
                         testing::Values(ColumnInputCase{1, 1, 2}, ColumnInputCase{3, 17, 5, true},
                                         ColumnInputCase{17, 3, 7}, ColumnInputCase{129, 40, 12, true},
                                         ColumnInputCase{2, 9, 1024}),
                         CaseName());

TEST(ColumnInput, ByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const Buffer<float> x(context, std::vector<float>{-1.5f, 0, 2, 0.25f, 0, 1}),
      mask(context, std::vector<float>{1, 1, 1, 1, 0, 0});
  const Buffer<std::int32_t> table(context, std::vector<std::int32_t>{2, 0, 2, 1, 2, 2, 0, -1, 1, -2});
  Buffer<float> input(context, 10);
  ops::column_input(context, input.matrix(2, 5), x.matrix(2, 3), mask.matrix(2, 3), table.view());
  EXPECT_EQ(input.to_host(), (std::vector<float>{0, 0, 1, -1.5f, 0,  //
                                                 0, 0, 0, 0.25f, 0}));
}

TEST(ColumnInput, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> x(context, 6), input(context, 10);
  const Buffer<std::int32_t> table(context, std::vector<std::int32_t>(10));
  const auto call = [&](std::int64_t rows, std::int64_t mask_rows, std::int64_t entries) {
    ops::column_input(context, input.matrix(rows, 5), x.matrix(2, 3), x.matrix(mask_rows, 3),
                      table.view().part(0, entries));
  };
  EXPECT_THROW(call(1, 2, 10), ShapeError);
  EXPECT_THROW(call(2, 1, 10), ShapeError);
  EXPECT_THROW(call(2, 2, 8), ShapeError);
}

}  // namespace
}  // namespace elbo::test
