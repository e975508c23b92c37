// Batch normalisation against float64, by finite differences, and on any number of threads.

#include "ops/batch_norm.h"

#include <gtest/gtest.h>

#include <limits>

#include "cases/batch_norm.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

std::vector<NormShape> shapes() {
  return {{2, 1, 1},   {37, 1, 17},  {5, 7, 6},   {1, 2, 3},    {128, 1, 400},
          {9, 49, 32}, {3, 5, 1030}, {700, 1, 3}, {1, 2000, 2}, {64, 3, 33}};
}

std::vector<BatchStatisticsCase> statistics_cases() {
  std::vector<BatchStatisticsCase> cases;
  for (const auto& shape : shapes()) cases.push_back({shape});
  return cases;
}
std::vector<BatchForwardCase> forward_cases() {
  std::vector<BatchForwardCase> cases;
  for (const auto& shape : shapes()) cases.push_back({shape});
  for (const auto& [activation, text] : kActivations) cases.push_back({{5, 7, 12}, activation});
  cases.push_back({{0, 3, 4}});
  return cases;
}
std::vector<BatchBackwardCase> backward_cases() {
  std::vector<BatchBackwardCase> cases;
  for (const auto& shape : shapes()) cases.push_back({shape, Activation::relu});
  for (const auto& [activation, text] : kActivations) {
    cases.push_back({{5, 7, 12}, activation, false, true});
    cases.push_back({{5, 7, 12}, activation, true});
  }
  cases.push_back({{0, 3, 4}});
  return cases;
}

class BatchNormStatistics : public testing::TestWithParam<BatchStatisticsCase> {};
class BatchNormRunning : public testing::TestWithParam<BatchRunningCase> {};
class BatchNormForward : public testing::TestWithParam<BatchForwardCase> {};
class BatchNormBackward : public testing::TestWithParam<BatchBackwardCase> {};

TEST_P(BatchNormStatistics, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
TEST_P(BatchNormRunning, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
TEST_P(BatchNormForward, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
TEST_P(BatchNormBackward, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Shapes, BatchNormStatistics, testing::ValuesIn(statistics_cases()), CaseName());
INSTANTIATE_TEST_SUITE_P(Shapes, BatchNormRunning,
                         testing::Values(BatchRunningCase{1}, BatchRunningCase{300}), CaseName());
INSTANTIATE_TEST_SUITE_P(Shapes, BatchNormForward, testing::ValuesIn(forward_cases()), CaseName());
INSTANTIATE_TEST_SUITE_P(Shapes, BatchNormBackward, testing::ValuesIn(backward_cases()), CaseName());

/// All results of the ops for a shape, in a context, starting from running statistics of mean 0 and variance
/// 1.
struct BatchResults {
  std::vector<float> y, dx, dgamma, dbeta, running_mean, running_variance;
  bool operator==(const BatchResults&) const = default;
};

BatchResults results(Context& context, const NormShape& shape, std::vector<float> values) {
  const Buffer<float> x(context, values), gamma(context, shape.gamma()), beta(context, shape.beta()),
      dy(context, shape.dy());
  const auto channels = static_cast<std::size_t>(shape.channels);
  Buffer<float> y(context, shape.values()), dx(context, shape.values()), mean(context, shape.channels),
      rstd(context, shape.channels), dgamma(context, shape.channels), dbeta(context, shape.channels),
      scratch(context, ops::norm_scratch_size(shape.channels)),
      running_mean(context, std::vector<float>(channels, 0.0f)),
      running_variance(context, std::vector<float>(channels, 1.0f));
  const auto rows = [&](auto& buffer) { return buffer.matrix(shape.n, shape.cols()); };
  const auto one = [&](auto& buffer) { return buffer.matrix(1, shape.channels); };
  ops::batch_norm_statistics(context, mean.view(), rstd.view(),
                             {running_mean.view(), running_variance.view()}, scratch.view(), rows(x),
                             kNormEpsilon, kNormMomentum);
  ops::batch_norm_forward(context, rows(y), {}, rows(x), mean.view(), rstd.view(), gamma.view(), beta.view(),
                          Activation::identity);
  ops::norm_backward_params(context, dgamma.view(), dbeta.view(), scratch.view(), rows(dy), rows(x),
                            one(mean), one(rstd), false);
  ops::batch_norm_backward_input(context, rows(dx), rows(dy), rows(x), mean.view(), rstd.view(), gamma.view(),
                                 dgamma.view(), dbeta.view(), {}, Activation::identity, false);
  return {y.to_host(),     dx.to_host(),           dgamma.to_host(),
          dbeta.to_host(), running_mean.to_host(), running_variance.to_host()};
}

TEST(BatchNorm, GradientsMatchFiniteDifferences) {
  ELBO_REQUIRE_DEVICE();
  for (const NormShape& shape : {NormShape{4, 1, 3}, NormShape{2, 3, 4}, NormShape{20, 2, 2}}) {
    Context context(device());
    const BatchResults of = results(context, shape, shape.x());
    const auto dy = shape.dy();
    const auto objective = [&](std::span<const double> x, std::span<const double> gamma) {
      const BatchReference by = batch_statistics(shape, x);
      double sum = 0.0;
      for (std::int64_t at = 0; at < shape.values(); ++at) {
        const auto c = static_cast<std::size_t>(shape.channel(at));
        sum += static_cast<double>(dy[static_cast<std::size_t>(at)]) * gamma[c] * (x[at] - by.mean[c]) *
               by.rstd[c];
      }
      return sum;
    };
    const auto x = widen(shape.x()), gamma = widen(shape.gamma());
    const auto of_x = [&](std::span<const double> at) { return objective(at, gamma); };
    const auto of_gamma = [&](std::span<const double> at) { return objective(x, at); };
    EXPECT_TRUE(is_gradient<float>(of.dx, of_x, x, {1e-4, 1e-4})) << shape.name();
    EXPECT_TRUE(is_gradient<float>(of.dgamma, of_gamma, gamma, {5e-5, 1e-5})) << shape.name();
  }
}

TEST(BatchNorm, BitsDoNotDependOnThreads) {
  for (const NormShape& shape : {NormShape{137, 1, 400}, NormShape{11, 49, 24}}) {
    Context one(Device::cpu(), 1);
    const BatchResults expected = results(one, shape, shape.x());
    for (const int threads : {2, 3, 7}) {
      Context context(Device::cpu(), threads);
      EXPECT_EQ(results(context, shape, shape.x()), expected) << threads << " threads, " << shape.name();
    }
  }
}

// Two values, 1 and 3: mean 2, variance 1 in the pass and 2 in the running statistics.
TEST(BatchNorm, RunningStatisticsMoveByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const BatchResults of = results(context, {2, 1, 1}, {1.0f, 3.0f});
  EXPECT_NEAR(of.running_mean[0], 0.1f * 2.0f, 1e-6);
  EXPECT_NEAR(of.running_variance[0], 0.9f + 0.1f * 2.0f, 1e-6);
}

TEST(BatchNorm, WhatIsNotFiniteDoesNotMoveTheRunningStatistics) {
  ELBO_REQUIRE_DEVICE();
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Context context(device());
    const BatchResults of = results(context, {4, 1, 2}, {1.0f, 2.0f, 3.0f, bad, 2.0f, 1.0f, 0.0f, 0.0f});
    EXPECT_NEAR(of.running_mean[0], 0.15f, 1e-6) << "the other channel's does";
    EXPECT_EQ(of.running_mean[1], 0.0f);
    EXPECT_EQ(of.running_variance[1], 1.0f);
    EXPECT_TRUE(std::isnan(of.y[1]) && std::isnan(of.dx[1]));
  }
}

TEST(BatchNorm, LargeMeansLeaveTheVariance) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const NormShape shape{64, 3, 2};
  std::vector<float> values(static_cast<std::size_t>(shape.values()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i / 2 % 2 ? 10001.0f : 9999.0f;
  const BatchResults of = results(context, shape, values);
  EXPECT_NEAR(of.running_variance[0], 0.9 + 0.1 * 192.0 / 191.0, 1e-5);
  EXPECT_NEAR(of.y[0], shape.gamma()[0] * -1.0f / std::sqrt(1.0f + kNormEpsilon) + shape.beta()[0], 1e-5);
}

TEST(BatchNorm, RefusesWrongArguments) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> memory(context, 4096), result(context, 4096);
  const auto m = [&](std::int64_t rows, std::int64_t cols) { return memory.matrix(rows, cols); };
  const auto r = [&](std::int64_t rows, std::int64_t cols) { return result.matrix(rows, cols); };
  const auto v = [&](std::int64_t size) { return memory.view().part(0, size); };
  const auto w = [&](std::int64_t size) { return result.view().part(0, size); };
  const auto act = Activation::identity;
  const auto statistics = [&](std::int64_t rows, std::int64_t cols, std::int64_t running,
                              std::int64_t scratch, float momentum = 0.1f) {
    ops::batch_norm_statistics(context, w(4), w(4), {w(running), w(4)}, w(scratch), m(rows, cols), 1e-5f,
                               momentum);
  };
  const std::int64_t enough = ops::norm_scratch_size(4);
  EXPECT_THROW(statistics(3, 10, 4, enough), ShapeError);
  EXPECT_THROW(statistics(3, 12, 3, enough), ShapeError);
  EXPECT_THROW(statistics(3, 12, 4, enough - 1), ShapeError);
  EXPECT_THROW(statistics(3, 12, 4, enough, 1.5f), ShapeError);
  EXPECT_THROW(statistics(1, 4, 4, enough), ShapeError) << "one value has no variance";
  EXPECT_THROW(ops::batch_norm_running(context, w(4), w(4), v(4), v(3), 1e-5f), ShapeError);
  EXPECT_THROW(ops::batch_norm_forward(context, r(3, 12), {}, m(3, 12), v(3), v(4), v(4), v(4), act),
               ShapeError);
  EXPECT_THROW(ops::batch_norm_forward(context, r(3, 8), {}, m(3, 12), v(4), v(4), v(4), v(4), act),
               ShapeError);
  const auto backward = [&](std::int64_t gammas, std::int64_t betas, Activation activation) {
    ops::batch_norm_backward_input(context, r(3, 12), m(3, 12), m(3, 12), v(4), v(4), v(4),
                                   gammas ? v(gammas) : VectorView<float>(),
                                   betas ? v(betas) : VectorView<float>(), {}, activation, false);
  };
  EXPECT_NO_THROW(backward(4, 4, act));
  EXPECT_NO_THROW(backward(0, 0, act));
  EXPECT_THROW(backward(4, 0, act), ShapeError);
  EXPECT_THROW(backward(4, 3, act), ShapeError);
  EXPECT_THROW(backward(4, 4, Activation::gelu), ShapeError);
}

}  // namespace
}  // namespace elbo::test
