// A layer's gradient and optimizer step in one, against float64 on the device under test.

#include "ops/linear_adam.h"

#include <gtest/gtest.h>

#include "cases/linear_adam.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

std::vector<LinearAdamCase> cases() {
  std::vector<LinearAdamCase> cases;
  for (const auto& shape : awkward_shapes()) cases.push_back({shape});
  cases.push_back({{33, 17, 20}, false});
  cases.push_back({{17, 20, 33}, true, 0.1f});
  cases.push_back({{128, 20, 400}, true, 0.1f});
  cases.push_back({{128, 784, 400}});
  return cases;
}

class LinearAdam : public testing::TestWithParam<LinearAdamCase> {};

TEST_P(LinearAdam, MatchesReference) {
  EXPECT_OP(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Shapes, LinearAdam, testing::ValuesIn(cases()), CaseName());

TEST(LinearAdamOp, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> memory(context, 64);
  Buffer<StepState> state(context, 1);
  ops::AdamLayer good;
  good.w = good.w_m = good.w_v = memory.matrix(3, 2);
  good.b = good.b_m = good.b_v = memory.view().part(0, 3);
  const auto call = [&](const ops::AdamLayer& layer, std::int64_t dy_cols, std::int64_t x_rows, bool with_db,
                        const StepState* at) {
    ops::linear_adam(context, layer, memory.matrix(3, 2),
                     with_db ? memory.view().part(0, 3) : VectorView<float>(), memory.matrix(4, dy_cols),
                     memory.matrix(x_rows, 2), {}, at);
  };
  ops::AdamLayer no_moment = good;
  no_moment.w_v = {};
  ops::AdamLayer short_bias = good;
  short_bias.b_m = memory.view().part(0, 2);
  EXPECT_THROW(call(good, 2, 4, true, state.data()), ShapeError);
  EXPECT_THROW(call(good, 3, 5, true, state.data()), ShapeError);
  EXPECT_THROW(call(good, 3, 4, false, state.data()), ShapeError);
  EXPECT_THROW(call(good, 3, 4, true, nullptr), ShapeError);
  EXPECT_THROW(call(no_moment, 3, 4, true, state.data()), ShapeError);
  EXPECT_THROW(call(short_bias, 3, 4, true, state.data()), ShapeError);
}

}  // namespace
}  // namespace elbo::test
