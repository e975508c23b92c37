// Layer and group normalisation against float64, by finite differences, and on any number of threads.

#include "ops/norm.h"

#include <gtest/gtest.h>

#include <limits>

#include "cases/norm.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

std::vector<NormShape> norm_shapes() {
  return {
      {1, 1, 1, 1},   {3, 1, 17, 1},    {5, 1, 20, 5},  {3, 5, 1, 1},    {5, 7, 6, 3},
      {2, 9, 33, 11}, {4, 49, 8, 2},    {2, 100, 4, 4}, {2, 3, 1030, 2}, {2, 1, 1536, 3},
      {1, 700, 3, 1}, {128, 1, 400, 1}, {3, 65, 32, 8},
  };
}

std::vector<NormForwardCase> forward_cases() {
  std::vector<NormForwardCase> cases;
  for (const auto& shape : norm_shapes()) cases.push_back({shape, Activation::identity});
  for (const auto& [activation, text] : kActivations) cases.push_back({{5, 7, 12, 3}, activation});
  cases.push_back({{0, 3, 4, 2}});
  return cases;
}

std::vector<NormBackwardInputCase> backward_input_cases() {
  std::vector<NormBackwardInputCase> cases;
  for (const auto& shape : norm_shapes()) cases.push_back({shape, Activation::relu});
  for (const auto& [activation, text] : kActivations) cases.push_back({{5, 7, 12, 3}, activation, true});
  cases.push_back({{0, 3, 4, 2}});
  return cases;
}

std::vector<NormBackwardParamsCase> backward_params_cases() {
  std::vector<NormBackwardParamsCase> cases;
  for (const auto& shape : norm_shapes()) {
    cases.push_back({shape});
    cases.push_back({shape, true, true});
  }
  cases.push_back({{64, 49, 32, 8}, false, true});
  cases.push_back({{1500, 1, 5, 1}});
  cases.push_back({{0, 3, 4, 2}});
  return cases;
}

class NormForward : public testing::TestWithParam<NormForwardCase> {};
class NormBackwardInput : public testing::TestWithParam<NormBackwardInputCase> {};
class NormBackwardParams : public testing::TestWithParam<NormBackwardParamsCase> {};

TEST_P(NormForward, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
TEST_P(NormBackwardInput, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
TEST_P(NormBackwardParams, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Shapes, NormForward, testing::ValuesIn(forward_cases()), CaseName());
INSTANTIATE_TEST_SUITE_P(Shapes, NormBackwardInput, testing::ValuesIn(backward_input_cases()), CaseName());
INSTANTIATE_TEST_SUITE_P(Shapes, NormBackwardParams, testing::ValuesIn(backward_params_cases()), CaseName());

/// All results of the ops for a shape, in a context.
struct NormResults {
  std::vector<float> y, dx, dgamma, dbeta;
  bool operator==(const NormResults&) const = default;
};

NormResults results(Context& context, const NormShape& shape, std::vector<float> values) {
  const Buffer<float> x(context, values), gamma(context, shape.gamma()), beta(context, shape.beta()),
      dy(context, shape.dy());
  Buffer<float> y(context, shape.values()), dx(context, shape.values()),
      mean(context, shape.n * shape.groups), rstd(context, shape.n * shape.groups),
      dgamma(context, shape.channels), dbeta(context, shape.channels),
      scratch(context, ops::norm_scratch_size(shape.channels));
  const auto rows = [&](auto& buffer) { return buffer.matrix(shape.n, shape.cols()); };
  const auto groups = [&](auto& buffer) { return buffer.matrix(shape.n, shape.groups); };
  ops::norm_forward(context, rows(y), {}, groups(mean), groups(rstd), rows(x), gamma.view(), beta.view(),
                    kNormEpsilon, Activation::identity);
  ops::norm_backward_input(context, rows(dx), rows(dy), rows(x), groups(mean), groups(rstd), gamma.view(), {},
                           Activation::identity, false);
  ops::norm_backward_params(context, dgamma.view(), dbeta.view(), scratch.view(), rows(dy), rows(x),
                            groups(mean), groups(rstd), false);
  return {y.to_host(), dx.to_host(), dgamma.to_host(), dbeta.to_host()};
}

TEST(Norm, GradientsMatchFiniteDifferences) {
  ELBO_REQUIRE_DEVICE();
  for (const NormShape& shape : {NormShape{2, 1, 6, 1}, NormShape{2, 3, 6, 3}, NormShape{3, 4, 5, 1}}) {
    Context context(device());
    const NormResults of = results(context, shape, shape.x());
    const auto x = widen(shape.x()), gamma = widen(shape.gamma()), beta = widen(shape.beta());
    const auto of_x = [&](std::span<const double> at) { return norm_objective(shape, at, gamma, beta); };
    const auto of_gamma = [&](std::span<const double> at) { return norm_objective(shape, x, at, beta); };
    const auto of_beta = [&](std::span<const double> at) { return norm_objective(shape, x, gamma, at); };
    EXPECT_TRUE(is_gradient<float>(of.dx, of_x, x, {1e-4, 1e-4})) << shape.name();
    EXPECT_TRUE(is_gradient<float>(of.dgamma, of_gamma, gamma, {2e-5, 1e-5})) << shape.name();
    EXPECT_TRUE(is_gradient<float>(of.dbeta, of_beta, beta, {2e-5, 1e-5})) << shape.name();
  }
}

TEST(Norm, BitsDoNotDependOnThreads) {
  for (const NormShape& shape : {NormShape{37, 1, 400, 1}, NormShape{11, 49, 24, 6}}) {
    Context one(Device::cpu(), 1);
    const NormResults expected = results(one, shape, shape.x());
    for (const int threads : {2, 3, 7}) {
      Context context(Device::cpu(), threads);
      EXPECT_EQ(results(context, shape, shape.x()), expected) << threads << " threads, " << shape.name();
    }
  }
}

TEST(Norm, ARowDoesNotDependOnOthers) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const NormShape shape{5, 4, 12, 3};
  auto values = shape.x();
  const NormResults before = results(context, shape, values);
  values[0] = std::numeric_limits<float>::quiet_NaN();
  const NormResults after = results(context, shape, values);
  EXPECT_TRUE(std::isnan(after.y[0]) && std::isnan(after.dx[0]) && std::isnan(after.dgamma[0]));
  EXPECT_TRUE(std::equal(before.y.begin() + shape.cols(), before.y.end(), after.y.begin() + shape.cols()));
  EXPECT_TRUE(std::equal(before.dx.begin() + shape.cols(), before.dx.end(), after.dx.begin() + shape.cols()));
}

// Values of 10⁴ ± 1: a variance computed from the mean of squares would be lost in rounding.
TEST(Norm, LargeMeansLeaveTheVariance) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const NormShape shape{2, 8, 4, 1};
  std::vector<float> values(static_cast<std::size_t>(shape.values()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 2 ? 10001.0f : 9999.0f;
  const auto y = results(context, shape, values).y;
  const auto gamma = shape.gamma(), beta = shape.beta();
  for (std::size_t i = 0; i < y.size(); ++i) {
    const float normal = (i % 2 ? 1.0f : -1.0f) / std::sqrt(1.0f + kNormEpsilon);
    EXPECT_NEAR(y[i], gamma[i % 4] * normal + beta[i % 4], 1e-5);
  }
}

TEST(Norm, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> memory(context, 4096), result(context, 4096);
  const auto m = [&](std::int64_t rows, std::int64_t cols) { return memory.matrix(rows, cols); };
  const auto r = [&](std::int64_t rows, std::int64_t cols) { return result.matrix(rows, cols); };
  const auto v = [&](std::int64_t size) { return memory.view().part(0, size); };
  const auto w = [&](std::int64_t size) { return result.view().part(0, size); };
  const auto act = Activation::identity;
  const auto forward = [&](std::int64_t cols, std::int64_t channels, std::int64_t groups, std::int64_t betas,
                           float epsilon) {
    ops::norm_forward(context, r(3, 12), {}, r(3, groups), r(3, groups), m(3, cols), v(channels), v(betas),
                      epsilon, act);
  };
  EXPECT_NO_THROW(forward(12, 4, 2, 4, 1e-5f));
  EXPECT_THROW(forward(10, 4, 2, 4, 1e-5f), ShapeError);
  EXPECT_THROW(forward(16, 4, 2, 4, 1e-5f), ShapeError);
  EXPECT_THROW(forward(12, 4, 3, 4, 1e-5f), ShapeError);
  EXPECT_THROW(forward(12, 4, 2, 3, 1e-5f), ShapeError);
  EXPECT_THROW(forward(12, 4, 2, 4, 0.0f), ShapeError);
  const auto backward = [&](std::int64_t dy_rows, std::int64_t rstd_rows, Activation activation) {
    ops::norm_backward_input(context, r(3, 12), m(dy_rows, 12), m(3, 12), m(3, 2), m(rstd_rows, 2), v(4), {},
                             activation, false);
  };
  EXPECT_NO_THROW(backward(3, 3, act));
  EXPECT_THROW(backward(2, 3, act), ShapeError);
  EXPECT_THROW(backward(3, 2, act), ShapeError);
  EXPECT_THROW(backward(3, 3, Activation::relu), ShapeError);
  const auto params = [&](std::int64_t scratch, std::int64_t betas, std::int64_t rows) {
    ops::norm_backward_params(context, w(4), w(betas), w(scratch), m(3, 12), m(3, 12), m(rows, 2), m(rows, 2),
                              false);
  };
  EXPECT_THROW(params(ops::norm_scratch_size(4) - 1, 4, 3), ShapeError);
  EXPECT_THROW(params(ops::norm_scratch_size(4), 3, 3), ShapeError);
  EXPECT_THROW(params(ops::norm_scratch_size(4), 4, 2), ShapeError);
}

}  // namespace
}  // namespace elbo::test
