// A layer's gradient and optimizer step in one op, against float64 on the device under test.

#include "ops/linear_adam.h"

#include <gtest/gtest.h>

#include "cases/linear_adam.h"
#include "elbo/error.h"
#include "ops/linear.h"

namespace elbo::test {
namespace {

std::vector<LinearAdamCase> cases() {
  std::vector<LinearAdamCase> cases;
  for (const auto& shape : awkward_shapes()) cases.push_back({shape});
  cases.push_back({{33, 17, 20}, false});
  cases.push_back({{17, 20, 33}, true, 0.1f});
  cases.push_back({{128, 20, 400}, true, 0.1f});
  cases.push_back({{128, 784, 400}});
  for (const auto& shape : {LinearShape{33, 17, 20}, LinearShape{128, 40, 33}}) {
    cases.push_back({shape, true, 0.1f, UpdateRule::adamax});
  }
  return cases;
}

class LinearAdam : public testing::TestWithParam<LinearAdamCase> {};

TEST_P(LinearAdam, MatchesReference) {
  EXPECT_OP(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Shapes, LinearAdam, testing::ValuesIn(cases()), CaseName());

/// Values and moments of a layer after its step.
std::vector<std::vector<float>> stepped(const LinearShape& shape, bool fused) {
  Context context(Device::cpu(), 3);
  Random random(5);
  const std::int64_t weights = shape.out * shape.in;
  Buffer<float> w(context, random.normal(weights)), w_m(context, random.normal(weights)),
      w_v(context, random.uniform(weights, 0.5, 2.0)), dw(context, weights);
  Buffer<float> b(context, random.normal(shape.out)), b_m(context, random.normal(shape.out)),
      b_v(context, random.uniform(shape.out, 0.5, 2.0)), db(context, shape.out);
  const Buffer<float> x(context, shape.x()), dy(context, shape.dy());
  const auto matrix = [&](Buffer<float>& from) { return from.matrix(shape.out, shape.in); };
  StepState state;
  state.learning_rate = 0.01f;
  state.bias_correction1 = state.bias_correction2 = 0.5f;
  const auto dy_view = dy.matrix(shape.n, shape.out), x_view = x.matrix(shape.n, shape.in);
  if (fused) {
    ops::linear_adam(context, {matrix(w), matrix(w_m), matrix(w_v), b.view(), b_m.view(), b_v.view()},
                     matrix(dw), db.view(), dy_view, x_view, {}, &state);
  } else {
    ops::linear_backward_params(context, matrix(dw), db.view(), dy_view, x_view, false);
    ops::adam(context, w.view(), dw.view(), w_m.view(), w_v.view(), {}, &state);
    ops::adam(context, b.view(), db.view(), b_m.view(), b_v.view(), {}, &state);
  }
  return {w.to_host(), w_m.to_host(), w_v.to_host(), b.to_host(), b_m.to_host(), b_v.to_host()};
}

TEST(LinearAdamOp, GivesTheBitsOfItsPartsOnTheCpu) {
  // The last shape has more rows than a sum takes in one pass.
  for (const LinearShape& shape :
       {LinearShape{17, 33, 20}, LinearShape{128, 784, 400}, LinearShape{1100, 40, 33}}) {
    EXPECT_EQ(stepped(shape, true), stepped(shape, false)) << shape.name();
  }
}

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
