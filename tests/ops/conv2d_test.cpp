// ops/conv2d.h against float64, on the device under test.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cases/conv2d.h"
#include "elbo/error.h"
#include "ops/cpu_rounding.h"
#include "ops/op_trace.h"
#include "support/allocations.h"
#include "support/instruction_sets.h"

namespace elbo::test {
namespace {

using ops::Conv2dShape;

/// Both directions of every awkward convolution.
std::vector<Conv2dLayer> awkward_layers() {
  std::vector<Conv2dLayer> layers;
  for (const auto& shape : awkward_convolutions()) {
    for (const bool transpose : {false, true}) {
      layers.push_back({3, shape, transpose});
    }
  }
  layers.push_back({1, {14, 14, 20, 24, 3, 2, 1}});
  layers.push_back({1, {14, 14, 20, 24, 3, 2, 1}, true});
  return layers;
}

constexpr Conv2dShape kSmall{8, 7, 4, 6, 3, 2, 1};
/// A layer whose sums consist of several parts.
constexpr Conv2dShape kDeep{5, 6, 140, 150, 3, 1, 1};

std::vector<Conv2dForwardCase> forward_cases() {
  std::vector<Conv2dForwardCase> cases;
  for (const auto& layer : awkward_layers()) cases.push_back({layer, Activation::relu});
  for (const bool transpose : {false, true}) {
    for (const auto& [activation, text] : kActivations) {
      cases.push_back({{2, kSmall, transpose}, activation, true, derivative_needs_input(activation)});
    }
    cases.push_back({{5, kSmall, transpose}, Activation::identity, false});
    cases.push_back({{1, kSmall, transpose}, Activation::relu, false, true});
    cases.push_back({{2, kDeep, transpose}, Activation::tanh, true, true});
  }
  return cases;
}

std::vector<Conv2dBackwardInputCase> backward_input_cases() {
  std::vector<Conv2dBackwardInputCase> cases;
  for (const auto& layer : awkward_layers()) cases.push_back({layer, Activation::relu});
  for (const bool transpose : {false, true}) {
    for (const auto& [activation, text] : kActivations) cases.push_back({{2, kSmall, transpose}, activation});
    cases.push_back({{2, kDeep, transpose}, Activation::gelu});
  }
  return cases;
}

std::vector<Conv2dBackwardParamsCase> backward_params_cases() {
  std::vector<Conv2dBackwardParamsCase> cases;
  for (const auto& layer : awkward_layers()) cases.push_back({layer});
  for (const bool transpose : {false, true}) {
    cases.push_back({{4, kSmall, transpose}, true, true});
    cases.push_back({{4, kSmall, transpose}, false, true});
    cases.push_back({{4, kSmall, transpose}, false, false});
    cases.push_back({{0, kSmall, transpose}});
    cases.push_back({{0, kSmall, transpose}, true, true});
    cases.push_back({{2, kDeep, transpose}, true, true});
    cases.push_back({{3, {28, 28, 1, 20, 3, 1, 1}, transpose}});
  }
  return cases;
}

class Conv2dForward : public testing::TestWithParam<Conv2dForwardCase> {};
class Conv2dBackwardInput : public testing::TestWithParam<Conv2dBackwardInputCase> {};
class Conv2dBackwardParams : public testing::TestWithParam<Conv2dBackwardParamsCase> {};

TEST_P(Conv2dForward, MatchesReference) {
  EXPECT_OP(GetParam());
}
TEST_P(Conv2dBackwardInput, MatchesReference) {
  EXPECT_OP(GetParam());
}
TEST_P(Conv2dBackwardParams, MatchesReference) {
  EXPECT_OP(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Cases, Conv2dForward, testing::ValuesIn(forward_cases()), CaseName());
INSTANTIATE_TEST_SUITE_P(Cases, Conv2dBackwardInput, testing::ValuesIn(backward_input_cases()), CaseName());
INSTANTIATE_TEST_SUITE_P(Cases, Conv2dBackwardParams, testing::ValuesIn(backward_params_cases()), CaseName());

// Every product with its operands rounded, against float64 with the same operands. db is a sum, not a
// product.
class Conv2dPrecision : public testing::TestWithParam<Precision> {};

TEST_P(Conv2dPrecision, MatchesReference) {
  const Precision precision = GetParam();
  for (const auto& layer : awkward_layers()) {
    EXPECT_OP(Conv2dForwardCase{layer, Activation::gelu, true, true, precision});
    EXPECT_OP(Conv2dBackwardInputCase{layer, Activation::relu, precision});
    EXPECT_OP(Conv2dBackwardParamsCase{layer, true, true, precision});
  }
}

TEST_P(Conv2dPrecision, IsNoOther) {
  ELBO_REQUIRE_DEVICE();
  const Conv2dForwardCase op_case{{2, kSmall}, Activation::identity, true, false, GetParam()};
  auto fp32 = op_case;
  fp32.precision = Precision::fp32;
  EXPECT_FALSE(near_all<double>(op_case.reference(), fp32.reference(), Tolerance::float_sum(36)))
      << "this shape would not tell them apart";
}

INSTANTIATE_TEST_SUITE_P(All, Conv2dPrecision, testing::Values(Precision::tf32, Precision::bf16),
                         [](const auto& tested) { return std::string(precision_name(tested.param)); });

/// A layer's tensors on the device under test.
struct Layer {
  explicit Layer(const Conv2dLayer& what)
      : layer(what),
        context(device()),
        x(context, what.x()),
        w(context, what.w()),
        b(context, what.b()),
        dy(context, what.dy()),
        y(context, what.n * what.out()),
        dx(context, what.n * what.in()),
        dw(context, what.shape.filters * what.shape.patch()),
        db(context, what.out_channels()) {}

  MatrixView<const float> x_view() { return x.matrix(layer.n, layer.in()); }
  MatrixView<const float> w_view() { return w.matrix(layer.shape.filters, layer.shape.patch()); }
  MatrixView<const float> dy_view() { return dy.matrix(layer.n, layer.out()); }
  MatrixView<float> y_view() { return y.matrix(layer.n, layer.out()); }
  MatrixView<float> dx_view() { return dx.matrix(layer.n, layer.in()); }
  MatrixView<float> dw_view() { return dw.matrix(layer.shape.filters, layer.shape.patch()); }

  void forward(Activation activation) {
    const auto op = layer.transpose ? ops::conv2d_transpose_forward : ops::conv2d_forward;
    op(context, y_view(), {}, x_view(), w_view(), b.view(), layer.shape, activation);
  }
  void backward(Activation activation) {
    const auto input = layer.transpose ? ops::conv2d_transpose_backward_input : ops::conv2d_backward_input;
    const auto params = layer.transpose ? ops::conv2d_transpose_backward_params : ops::conv2d_backward_params;
    input(context, dx_view(), dy_view(), w_view(), x_view(), layer.shape, activation);
    params(context, dw_view(), db.view(), dy_view(), x_view(), layer.shape, false);
  }

  Conv2dLayer layer;
  Context context;
  Buffer<float> x, w, b, dy, y, dx, dw, db;
};

/// Σ dy ⊙ (act(x) ∗ w + b): its gradients are what the backward ops compute.
double objective(const Conv2dLayer& layer, std::span<const double> x, std::span<const double> w,
                 std::span<const double> b) {
  auto y = convolve_reference(layer, layer.transpose, x, w);
  add_bias(y, b);
  const auto dy = widen(layer.dy());
  double sum = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) sum += dy[i] * y[i];
  return sum;
}

TEST(Conv2dGradient, MatchesFiniteDifferences) {
  ELBO_REQUIRE_DEVICE();
  for (const bool transpose : {false, true}) {
    for (const auto& [activation, text] : kActivations) {
      SCOPED_TRACE(testing::Message() << text << (transpose ? ", transpose" : ""));
      Layer layer({2, {4, 5, 2, 3, 3, 2, 1}, transpose});
      const auto pre = widen(layer.layer.x()), w = widen(layer.layer.w()), b = widen(layer.layer.b());
      const auto activated = [act = activation](std::span<const double> from) {
        std::vector<double> x(from.begin(), from.end());
        for (double& value : x) value = activate_reference(act, value);
        return x;
      };
      const auto x = derivative_needs_input(activation) ? pre : activated(pre);
      layer.x.upload(std::vector<float>(x.begin(), x.end()));
      layer.backward(activation);
      const auto of_pre = [&](std::span<const double> at) {
        return objective(layer.layer, activated(at), w, b);
      };
      const auto of_w = [&](std::span<const double> at) { return objective(layer.layer, x, at, b); };
      const auto of_b = [&](std::span<const double> at) { return objective(layer.layer, x, w, at); };
      EXPECT_TRUE(is_gradient<float>(layer.dx.to_host(), of_pre, pre, {2e-6, 1e-5}));
      EXPECT_TRUE(is_gradient<float>(layer.dw.to_host(), of_w, w, {4e-6, 1e-5}));
      EXPECT_TRUE(is_gradient<float>(layer.db.to_host(), of_b, b, {4e-6, 1e-5}));
    }
  }
}

/// Computed by hand from PyTorch's definitions: a cross-correlation, and a transpose that stamps the kernel.
TEST(Conv2d, IsPyTorchsByHand) {
  ELBO_REQUIRE_DEVICE();
  Layer layer({1, {3, 3, 1, 1, 2, 1, 0}});
  layer.x.upload(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9});
  layer.w.upload(std::vector<float>{1, 10, 100, 1000});
  layer.b.upload(std::vector<float>{0.5f});
  layer.forward(Activation::identity);
  EXPECT_EQ(layer.y.to_host(), (std::vector<float>{5421.5f, 6532.5f, 8754.5f, 9865.5f}));

  Layer stamp({1, {5, 4, 1, 1, 2, 2, 0}, true});  // 2×2 to 5×4: output_padding (1, 0)
  stamp.x.upload(std::vector<float>{1, 2, 3, 4});
  stamp.w.upload(std::vector<float>{1, 10, 100, 1000});
  stamp.b.upload(std::vector<float>{0.5f});
  stamp.forward(Activation::identity);
  EXPECT_EQ(stamp.y.to_host(),
            (std::vector<float>{1.5f, 10.5f, 2.5f,   20.5f,   100.5f, 1000.5f, 200.5f, 2000.5f, 3.5f, 30.5f,
                                4.5f, 40.5f, 300.5f, 3000.5f, 400.5f, 4000.5f, 0.5f,   0.5f,    0.5f, 0.5f}));
}

TEST(Conv2d, NanReachesTheResultsThatReadIt) {
  ELBO_REQUIRE_DEVICE();
  for (const bool transpose : {false, true}) {
    Layer layer({2, {5, 5, 4, 4, 3, 1, 1}, transpose});
    auto x = layer.layer.x();
    x[0] = std::numeric_limits<float>::quiet_NaN();  // the first pixel of the first picture
    layer.x.upload(x);
    layer.forward(Activation::relu);
    const auto y = layer.y.to_host();
    for (std::int64_t i = 0; i < 2 * layer.layer.out(); ++i) {
      const std::int64_t row = i / 20, col = i / 4 % 5;
      EXPECT_EQ(std::isnan(y[static_cast<std::size_t>(i)]), row < 2 && col < 2) << i;
    }
    layer.dy.upload(std::vector<float>(static_cast<std::size_t>(2 * layer.layer.out()),
                                       std::numeric_limits<float>::quiet_NaN()));
    layer.backward(Activation::identity);
    EXPECT_TRUE(std::isnan(layer.dx.to_host()[0]));
    EXPECT_TRUE(std::isnan(layer.dw.to_host()[0]));
    EXPECT_TRUE(std::isnan(layer.db.to_host()[0]));
  }
}

TEST(Conv2d, AnyTeamAndAnyInstructionSetGiveTheirBits) {
  if (device().is_cuda()) GTEST_SKIP() << "teams are the CPU's";
  const auto all_bits = [](const auto& op_case, int threads, Placement placement) {
    Context context(Device::cpu(), threads);
    OpRun run(context, placement);
    op_case.bind(run);
    run.run();
    run.check();
    return run.bytes();
  };
  const auto expect_same = [&](const auto& op_case) {
    SCOPED_TRACE(op_case.name());
    const auto one = all_bits(op_case, 1, {0, 0});
    for (const int threads : {2, 5}) EXPECT_TRUE(all_bits(op_case, threads, {0, 0}) == one) << threads;
    EXPECT_TRUE(all_bits(op_case, 3, {5, 0}) == one) << "strided pictures";
  };
  for_each_instruction_set([&] {
    for (const bool transpose : {false, true}) {
      const Conv2dLayer layer{3, {15, 14, 24, 40, 3, 2, 1}, transpose};
      expect_same(Conv2dForwardCase{layer, Activation::relu});
      expect_same(Conv2dBackwardInputCase{layer, Activation::relu});
      expect_same(Conv2dBackwardParamsCase{layer, false, true});
    }
    expect_same(Conv2dForwardCase{{2, kDeep}, Activation::relu});
    expect_same(Conv2dForwardCase{{2, kDeep, true}, Activation::relu});
  });
}

TEST(Conv2d, TakesNoMemory) {
  if (device().is_cuda()) GTEST_SKIP() << "the heap is the CPU's";
  if (sanitized()) GTEST_SKIP() << "ASan has operator new";
  for (const bool transpose : {false, true}) {
    Layer layer({2, kDeep, transpose});
    const std::int64_t largest = std::max(2 * kDeep.out(), kDeep.filters * kDeep.patch());
    ops::cpu::reserve_operands(layer.context, Precision::bf16, largest);
    void* const reserved[] = {layer.context.operand_memory(0, 0), layer.context.operand_memory(1, 0)};
    const PrecisionScope scope(layer.context, Precision::bf16);
    const std::int64_t before = allocations();
    layer.forward(Activation::relu);
    layer.backward(Activation::relu);
    EXPECT_EQ(allocations(), before);
    for (const int place : {0, 1}) EXPECT_EQ(layer.context.operand_memory(place, 0), reserved[place]);
  }
}

TEST(Conv2d, IsTracedAsAGemm) {
  ELBO_REQUIRE_DEVICE();
  Layer layer({2, kSmall});
  OpTrace trace;
  {
    const TraceScope scope(layer.context, trace);
    layer.forward(Activation::relu);
    layer.backward(Activation::relu);
  }
  ASSERT_EQ(trace.calls.size(), 3u);
  EXPECT_EQ(trace.calls[0].op, "conv2d_forward");
  EXPECT_EQ(trace.calls[0].shape, "2x8x7x4 -> 6, k3 s2 p1");
  EXPECT_EQ(trace.calls[1].op, "conv2d_backward_input");
  EXPECT_EQ(trace.calls[2].op, "conv2d_backward_params");
  for (const OpCall& call : trace.calls) {
    EXPECT_EQ(call.flops, layer.layer.flops()) << call.op;
    EXPECT_GE(call.bytes, layer.layer.bytes()) << call.op;
  }
}

TEST(Conv2dShapes, EmptyBatchWritesNothing) {
  ELBO_REQUIRE_DEVICE();
  for (const bool transpose : {false, true}) {
    Layer layer({1, {2, 2, 1, 1, 2, 1, 0}, transpose});
    const std::vector<float> before(static_cast<std::size_t>(layer.layer.out()), 5.0f);
    layer.y.upload(before);
    const auto op = transpose ? ops::conv2d_transpose_forward : ops::conv2d_forward;
    op(layer.context, layer.y_view().first_rows(0), {}, layer.x_view().first_rows(0), layer.w_view(),
       layer.b.view(), layer.layer.shape, Activation::relu);
    EXPECT_EQ(layer.y.to_host(), before);
  }
}

TEST(Conv2dShapes, MismatchesAreRefused) {
  ELBO_REQUIRE_DEVICE();
  for (const bool transpose : {false, true}) {
    Layer l({2, kSmall, transpose});
    const auto relu = Activation::relu;
    const auto forward = [&](MatrixView<float> y, MatrixView<float> saved, MatrixView<const float> x,
                             MatrixView<const float> w, VectorView<const float> b,
                             const Conv2dShape& shape = kSmall) {
      const auto op = transpose ? ops::conv2d_transpose_forward : ops::conv2d_forward;
      op(l.context, y, saved, x, w, b, shape, relu);
    };
    const auto y = l.y_view();
    const auto x = l.x_view(), w = l.w_view(), dy = l.dy_view();
    EXPECT_NO_THROW(forward(y, {}, x, w, l.b.view()));
    EXPECT_THROW(forward(y.columns(0, 4), {}, x, w, l.b.view()), ShapeError);
    EXPECT_THROW(forward(y.first_rows(1), {}, x, w, l.b.view()), ShapeError);
    EXPECT_THROW(forward(y, y.columns(0, 4), x, w, l.b.view()), ShapeError);
    EXPECT_THROW(forward(y, {}, x.columns(0, 5), w, l.b.view()), ShapeError);
    EXPECT_THROW(forward(y, {}, x, w.columns(0, 5), l.b.view()), ShapeError);
    EXPECT_THROW(forward(y, {}, x, {w.data, w.rows, w.cols, w.cols + 1}, l.b.view()), ShapeError);
    EXPECT_THROW(forward(y, {}, x, w, l.b.view().part(0, 1)), ShapeError);
    EXPECT_THROW(forward({}, {}, x, w, l.b.view()), ShapeError);
    for (const Conv2dShape& shape : {Conv2dShape{8, 7, 4, 6, 12, 2, 1}, Conv2dShape{8, 7, 4, 6, 3, 0, 1},
                                     Conv2dShape{8, 7, 4, 6, 3, 2, -1}, Conv2dShape{8, 0, 4, 6, 3, 2, 1},
                                     Conv2dShape{8, 7, 4, 6, 0, 2, 1}}) {
      EXPECT_THROW(forward(y, {}, x, w, l.b.view(), shape), ShapeError);
    }

    const auto input = transpose ? ops::conv2d_transpose_backward_input : ops::conv2d_backward_input;
    const auto dx = l.dx_view();
    EXPECT_THROW(input(l.context, dx, dy.columns(0, 4), w, x, kSmall, relu), ShapeError);
    EXPECT_THROW(input(l.context, dx.columns(0, 5), dy, w, x, kSmall, relu), ShapeError);
    EXPECT_THROW(input(l.context, dx, dy, w, x.first_rows(1), kSmall, relu), ShapeError);
    EXPECT_THROW(input(l.context, dx, dy, w, {}, kSmall, relu), ShapeError);

    const auto params = transpose ? ops::conv2d_transpose_backward_params : ops::conv2d_backward_params;
    const auto dw = l.dw_view();
    EXPECT_THROW(params(l.context, dw, l.db.view(), dy, x.first_rows(1), kSmall, false), ShapeError);
    EXPECT_THROW(params(l.context, dw, l.db.view().part(0, 1), dy, x, kSmall, false), ShapeError);
    EXPECT_THROW(params(l.context, dw.columns(0, 5), l.db.view(), dy, x, kSmall, false), ShapeError);
  }
}

TEST(Conv2dShapes, MessagesNameTheMatrixAndTheConvolution) {
  ELBO_REQUIRE_DEVICE();
  Layer l({2, kSmall});
  const auto message = [&](MatrixView<const float> x, const Conv2dShape& shape) -> std::string {
    try {
      ops::conv2d_forward(l.context, l.y_view(), {}, x, l.w_view(), {}, shape, Activation::relu);
    } catch (const ShapeError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_NE(message(l.x_view().columns(0, 5), kSmall).find("x is [2, 5] where [2, 224] is needed"),
            std::string::npos);
  EXPECT_NE(message(l.x_view(), {8, 7, 4, 6, 12, 2, 1}).find("8x7x4 -> 6, kernel 12, stride 2, padding 1"),
            std::string::npos);
}

}  // namespace
}  // namespace elbo::test
