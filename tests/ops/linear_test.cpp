// ops/linear.h against float64, on the device under test.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cases/linear.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

std::vector<LinearForwardCase> forward_cases() {
  std::vector<LinearForwardCase> cases;
  for (const auto& shape : awkward_shapes()) cases.push_back({shape, Activation::relu});
  for (const auto& [activation, text] : kActivations) {
    cases.push_back({{20, 33, 17}, activation, true, derivative_needs_input(activation)});
  }
  cases.push_back({{33, 20, 3}, Activation::identity, false});
  cases.push_back({{3, 17, 20}, Activation::relu, false, true});
  cases.push_back({{128, 784, 400}, Activation::relu});
  return cases;
}

std::vector<LinearBackwardInputCase> backward_input_cases() {
  std::vector<LinearBackwardInputCase> cases;
  for (const auto& shape : awkward_shapes()) cases.push_back({shape, Activation::relu});
  for (const auto& [activation, text] : kActivations) cases.push_back({{20, 33, 17}, activation});
  cases.push_back({{33, 20, 17}, Activation::relu, true});
  cases.push_back({{128, 400, 20}, Activation::gelu, true});
  cases.push_back({{128, 400, 784}, Activation::relu});
  return cases;
}

std::vector<LinearBackwardParamsCase> backward_params_cases() {
  std::vector<LinearBackwardParamsCase> cases;
  for (const auto& shape : awkward_shapes()) cases.push_back({shape});
  cases.push_back({{33, 17, 20}, true, true});
  cases.push_back({{128, 20, 3}, false, true});
  cases.push_back({{3, 33, 17}, false, false});
  cases.push_back({{0, 3, 17}});
  cases.push_back({{0, 3, 17}, true, true});
  cases.push_back({{128, 784, 400}});
  return cases;
}

class LinearForward : public testing::TestWithParam<LinearForwardCase> {};
class LinearBackwardInput : public testing::TestWithParam<LinearBackwardInputCase> {};
class LinearBackwardParams : public testing::TestWithParam<LinearBackwardParamsCase> {};

TEST_P(LinearForward, MatchesReference) {
  EXPECT_OP(GetParam());
}
TEST_P(LinearBackwardInput, MatchesReference) {
  EXPECT_OP(GetParam());
}
TEST_P(LinearBackwardParams, MatchesReference) {
  EXPECT_OP(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Cases, LinearForward, testing::ValuesIn(forward_cases()), CaseName());
INSTANTIATE_TEST_SUITE_P(Cases, LinearBackwardInput, testing::ValuesIn(backward_input_cases()), CaseName());
INSTANTIATE_TEST_SUITE_P(Cases, LinearBackwardParams, testing::ValuesIn(backward_params_cases()), CaseName());

// Large enough that cuBLAS computes the product on CUDA, with the epilogue in a separate pass.
constexpr LinearShape kLargeShape{433, 401, 784};

TEST(LinearLarge, ForwardMatchesReference) {
  EXPECT_OP(LinearForwardCase{kLargeShape, Activation::gelu, true, true}, {{3, 1}});
}
TEST(LinearLarge, BackwardInputMatchesReference) {
  EXPECT_OP(LinearBackwardInputCase{kLargeShape, Activation::relu}, {{3, 1}});
}
TEST(LinearLarge, BackwardParamsMatchesReference) {
  EXPECT_OP(LinearBackwardParamsCase{kLargeShape, true, true}, {{3, 1}});
}

// Every product with its operands rounded, against float64 with the same operands. db is a sum, not a
// product.
class LinearPrecision : public testing::TestWithParam<Precision> {};

TEST_P(LinearPrecision, MatchesReference) {
  const Precision precision = GetParam();
  auto shapes = awkward_shapes();
  shapes.push_back({128, 784, 400});
  shapes.push_back(kLargeShape);
  for (const auto& shape : shapes) {
    EXPECT_OP(LinearForwardCase{shape, Activation::gelu, true, true, precision});
    EXPECT_OP(LinearBackwardInputCase{shape, Activation::relu, false, precision});
    EXPECT_OP(LinearBackwardParamsCase{shape, true, false, precision});
  }
  EXPECT_OP(LinearBackwardInputCase{{33, 20, 17}, Activation::relu, true, precision});
  EXPECT_OP(LinearBackwardParamsCase{{33, 17, 20}, true, true, precision});
}

TEST_P(LinearPrecision, IsNoOther) {
  ELBO_REQUIRE_DEVICE();
  const LinearForwardCase op_case{{20, 33, 17}, Activation::identity, true, false, GetParam()};
  auto fp32 = op_case;
  fp32.precision = Precision::fp32;
  EXPECT_FALSE(near_all<double>(op_case.reference(), fp32.reference(), Tolerance::float_sum(33)))
      << "this shape would not tell them apart";
}

INSTANTIATE_TEST_SUITE_P(All, LinearPrecision, testing::Values(Precision::tf32, Precision::bf16),
                         [](const auto& tested) { return std::string(precision_name(tested.param)); });

/// A layer's host inputs on the device under test.
struct Layer {
  explicit Layer(const LinearShape& what)
      : shape(what),
        context(device()),
        x(context, shape.x()),
        w(context, shape.w()),
        b(context, shape.b()),
        dy(context, shape.dy()),
        y(context, shape.n * shape.out),
        dx(context, shape.n * shape.in),
        dw(context, shape.out * shape.in),
        db(context, shape.out) {}

  MatrixView<const float> x_view() { return x.matrix(shape.n, shape.in); }
  MatrixView<const float> w_view() { return w.matrix(shape.out, shape.in); }
  MatrixView<const float> dy_view() { return dy.matrix(shape.n, shape.out); }
  MatrixView<float> y_view() { return y.matrix(shape.n, shape.out); }
  MatrixView<float> dx_view() { return dx.matrix(shape.n, shape.in); }
  MatrixView<float> dw_view() { return dw.matrix(shape.out, shape.in); }

  LinearShape shape;
  Context context;
  Buffer<float> x, w, b, dy, y, dx, dw, db;
};

/// Σ dy ⊙ act(x wᵀ + b): its gradients are what the backward ops compute.
double objective(const LinearShape& shape, std::span<const double> dy, std::span<const double> x,
                 std::span<const double> w, std::span<const double> b) {
  const auto y = affine_reference(shape, x, w, b);
  double sum = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) sum += dy[i] * y[i];
  return sum;
}

TEST(LinearGradient, ParametersMatchFiniteDifferences) {
  ELBO_REQUIRE_DEVICE();
  Layer layer({5, 7, 3});
  ops::linear_backward_params(layer.context, layer.dw_view(), layer.db.view(), layer.dy_view(),
                              layer.x_view(), false);
  const auto x = widen(layer.shape.x()), w = widen(layer.shape.w()), b = widen(layer.shape.b()),
             dy = widen(layer.shape.dy());
  const auto of_w = [&](std::span<const double> at) { return objective(layer.shape, dy, x, at, b); };
  const auto of_b = [&](std::span<const double> at) { return objective(layer.shape, dy, x, w, at); };
  EXPECT_TRUE(is_gradient<float>(layer.dw.to_host(), of_w, w));
  EXPECT_TRUE(is_gradient<float>(layer.db.to_host(), of_b, b));
}

TEST(LinearGradient, InputMatchesFiniteDifferencesThroughEveryActivation) {
  ELBO_REQUIRE_DEVICE();
  for (const auto& [activation, text] : kActivations) {
    const LinearBackwardInputCase op_case{{4, 6, 5}, activation};
    Layer layer(op_case.shape);
    auto pre = widen(op_case.shape.x());  // no zeros: relu has no derivative there
    const auto w = widen(op_case.shape.w()), dy = widen(op_case.shape.dy());
    std::vector<float> saved(pre.begin(), pre.end());
    if (!derivative_needs_input(activation)) {
      for (float& value : saved) value = static_cast<float>(activate_reference(activation, value));
    }
    layer.x.upload(saved);
    ops::linear_backward_input(layer.context, layer.dx_view(), layer.dy_view(), layer.w_view(),
                               layer.x_view(), activation);
    const auto of_pre = [&](std::span<const double> at) {
      std::vector<double> x(at.begin(), at.end());
      for (double& value : x) value = activate_reference(activation, value);
      return objective(op_case.shape, dy, x, w, {});
    };
    EXPECT_TRUE(is_gradient<float>(layer.dx.to_host(), of_pre, pre, {2e-6, 1e-5})) << text;
  }
}

TEST(LinearForward, NanAndInfinityReachTheOutput) {
  ELBO_REQUIRE_DEVICE();
  for (const auto& [activation, text] : kActivations) {
    Layer layer({3, 33, 20});
    auto x = layer.shape.x();
    x[33] = std::numeric_limits<float>::quiet_NaN();  // row 1
    layer.x.upload(x);
    ops::linear_forward(layer.context, layer.y_view(), layer.dx.matrix(3, 20), layer.x_view(), layer.w_view(),
                        layer.b.view(), activation);
    const auto y = layer.y.to_host();
    for (int j = 0; j < 20; ++j) {
      EXPECT_TRUE(std::isfinite(y[j])) << text;
      EXPECT_TRUE(std::isnan(y[20 + j])) << text << " hides NaN";
      EXPECT_TRUE(std::isfinite(y[40 + j])) << text;
    }
  }
  Layer layer({1, 1, 1});
  layer.x.upload(std::vector<float>{std::numeric_limits<float>::infinity()});
  layer.w.upload(std::vector<float>{2.0f});
  ops::linear_forward(layer.context, layer.y_view(), {}, layer.x_view(), layer.w_view(), layer.b.view(),
                      Activation::relu);
  EXPECT_EQ(layer.y.to_host()[0], std::numeric_limits<float>::infinity());
}

TEST(LinearBackward, NanReachesEveryGradient) {
  ELBO_REQUIRE_DEVICE();
  Layer layer({3, 17, 20});
  auto dy = layer.shape.dy();
  dy[0] = std::numeric_limits<float>::quiet_NaN();
  layer.dy.upload(dy);
  ops::linear_backward_input(layer.context, layer.dx_view(), layer.dy_view(), layer.w_view(), layer.x_view(),
                             Activation::relu);
  ops::linear_backward_params(layer.context, layer.dw_view(), layer.db.view(), layer.dy_view(),
                              layer.x_view(), false);
  EXPECT_TRUE(std::isnan(layer.dx.to_host()[0]));
  EXPECT_TRUE(std::isnan(layer.dw.to_host()[0]));
  EXPECT_TRUE(std::isnan(layer.db.to_host()[0]));
  EXPECT_TRUE(std::isfinite(layer.db.to_host()[1]));
}

TEST(LinearForward, ResultsDoNotDependOnOtherRows) {
  ELBO_REQUIRE_DEVICE();
  Layer layer({17, 33, 20});
  ops::linear_forward(layer.context, layer.y_view(), {}, layer.x_view(), layer.w_view(), layer.b.view(),
                      Activation::tanh);
  const auto all = layer.y.to_host();
  Layer part({17, 33, 20});
  ops::linear_forward(part.context, part.y_view().first_rows(5), {}, part.x_view().first_rows(5),
                      part.w_view(), part.b.view(), Activation::tanh);
  const auto some = part.y.to_host();
  const std::vector<double> expected(all.begin(), all.begin() + 5 * 20);
  EXPECT_TRUE(near_all<float>(std::span(some).first(5 * 20), expected, {1e-6, 1e-6}, 20));
}

TEST(LinearShapes, EmptyBatchWritesNothing) {
  ELBO_REQUIRE_DEVICE();
  Layer layer({1, 3, 2});
  layer.y.upload(std::vector<float>{5.0f, 6.0f});
  ops::linear_forward(layer.context, layer.y_view().first_rows(0), {}, layer.x_view().first_rows(0),
                      layer.w_view(), layer.b.view(), Activation::relu);
  EXPECT_EQ(layer.y.to_host(), (std::vector<float>{5.0f, 6.0f}));
}

TEST(LinearShapes, MismatchesAreRefused) {
  ELBO_REQUIRE_DEVICE();
  Layer l({4, 6, 5});
  Context& context = l.context;
  const auto relu = Activation::relu;
  const auto forward = [&](MatrixView<float> y, MatrixView<float> saved, MatrixView<const float> x,
                           MatrixView<const float> w, VectorView<const float> b) {
    ops::linear_forward(context, y, saved, x, w, b, relu);
  };
  const auto y = l.y_view();
  const auto x = l.x_view(), w = l.w_view(), dy = l.dy_view();
  EXPECT_THROW(forward(y.columns(0, 4), {}, x, w, l.b.view()), ShapeError);
  EXPECT_THROW(forward(y.first_rows(3), {}, x, w, l.b.view()), ShapeError);
  EXPECT_THROW(forward(y, y.columns(0, 4), x, w, l.b.view()), ShapeError);
  EXPECT_THROW(forward(y, {}, x.columns(0, 5), w, l.b.view()), ShapeError);
  EXPECT_THROW(forward(y, {}, x, w.columns(0, 5), l.b.view()), ShapeError);
  EXPECT_THROW(forward(y, {}, x, w, l.b.view().part(0, 4)), ShapeError);
  EXPECT_THROW(forward({}, {}, x, w, l.b.view()), ShapeError);
  const MatrixView<float> overlapping(y.data, 4, 5, 3);
  EXPECT_THROW(forward(overlapping, {}, x, w, l.b.view()), ShapeError);

  const auto dx = l.dx_view();
  EXPECT_THROW(ops::linear_backward_input(context, dx, dy.columns(0, 4), w, x, relu), ShapeError);
  EXPECT_THROW(ops::linear_backward_input(context, dx.columns(0, 5), dy, w, x, relu), ShapeError);
  EXPECT_THROW(ops::linear_backward_input(context, dx, dy, w, x.first_rows(3), relu), ShapeError);
  EXPECT_THROW(ops::linear_backward_input(context, dx, dy, w, {}, relu), ShapeError);

  const auto dw = l.dw_view();
  EXPECT_THROW(ops::linear_backward_params(context, dw, l.db.view(), dy, x.first_rows(3), false), ShapeError);
  EXPECT_THROW(ops::linear_backward_params(context, dw, l.db.view().part(0, 4), dy, x, false), ShapeError);
  EXPECT_THROW(ops::linear_backward_params(context, dw.columns(0, 5), l.db.view(), dy, x, false), ShapeError);
}

TEST(LinearShapes, MessageNamesTheMatrix) {
  ELBO_REQUIRE_DEVICE();
  Layer l({4, 6, 5});
  try {
    ops::linear_forward(l.context, l.y_view(), {}, l.x_view().columns(0, 5), l.w_view(), {},
                        Activation::relu);
    FAIL() << "a mismatch was accepted";
  } catch (const ShapeError& error) {
    EXPECT_NE(std::string(error.what()).find("x is [4, 5] where [4, 6] is needed"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace elbo::test
