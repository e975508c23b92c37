// Dropout against float64, its statistics, and its gradient by finite differences.

#include "ops/dropout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "cases/dropout.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

std::vector<DropoutCase> dropout_cases() {
  std::vector<DropoutCase> all = {
      {1, 1},
      {17, 3, 1, Activation::identity, false, true},
      {3, 17, 5, Activation::identity, true, true, 255},
      {2, 301, 3, Activation::relu, false, false, 7},  // longer than a chunk
      {128, 400},
  };
  for (const auto& [activation, text] : kActivations) all.push_back({5, 18, 2, activation, true});
  return all;
}

class DropoutOp : public testing::TestWithParam<DropoutCase> {};
TEST_P(DropoutOp, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Shapes, DropoutOp, testing::ValuesIn(dropout_cases()), CaseName());

/// 100,000 ones after dropout.
std::vector<float> dropped_ones(float rate, const NoiseSource& noise = {.seed = 3}, int threads = 0,
                                Device where = device()) {
  Context context(where, threads);
  const std::vector<float> ones(100000, 1.0f);
  const Buffer<float> x(context, std::span<const float>(ones));
  Buffer<float> y(context, x.size());
  ops::dropout(context, y.matrix(1000, 100), x.matrix(1000, 100), {}, Activation::identity, 1, rate, noise,
               false);
  return y.to_host();
}

TEST(DropoutStatistics, AsManyAreDroppedAsWasSaidAndTheMeanStays) {
  ELBO_REQUIRE_DEVICE();
  const auto values = dropped_ones(0.2f);
  const auto zeros = std::count(values.begin(), values.end(), 0.0f);
  EXPECT_NEAR(static_cast<double>(zeros), 20000.0, 5 * 127.0);
  EXPECT_EQ(std::count(values.begin(), values.end(), 1.25f), 100000 - zeros);
  EXPECT_NEAR(std::accumulate(values.begin(), values.end(), 0.0) / 100000.0, 1.0, 5 * 1.25 * 127.0 / 1e5);
  EXPECT_EQ(dropped_ones(0.0f), std::vector<float>(100000, 1.0f));
}

TEST(DropoutStatistics, StreamsDropOtherValues) {
  ELBO_REQUIRE_DEVICE();
  const auto first = dropped_ones(0.5f), second = dropped_ones(0.5f, {.seed = 3, .stream = 1});
  std::int64_t both = 0;
  for (std::size_t i = 0; i < first.size(); ++i) both += first[i] == 0.0f && second[i] == 0.0f;
  EXPECT_NEAR(static_cast<double>(both), 25000.0, 5 * 137.0);
}

TEST(Dropout, BitsDoNotDependOnThreadsOrDevice) {
  ELBO_REQUIRE_DEVICE();
  const auto one = dropped_ones(0.3f, {.seed = 8}, 1, Device::cpu());
  for (const int threads : {2, 3, 7}) EXPECT_EQ(dropped_ones(0.3f, {.seed = 8}, threads, Device::cpu()), one);
  EXPECT_EQ(dropped_ones(0.3f, {.seed = 8}), one);
}

// With the same noise, dropout(dy) is the gradient of Σ dy · dropout(x).
TEST(Dropout, BackwardIsTheGradient) {
  ELBO_REQUIRE_DEVICE();
  constexpr std::int64_t kRows = 6, kCols = 7, kSamples = 2;
  Context context(device());
  Random random(4);
  const auto x = random.normal(kRows * kCols), dy = random.normal(kRows * kCols);
  const NoiseSource noise{.seed = 12, .purpose = NoisePurpose::dropout, .stream = 3};
  const Buffer<float> gradient(context, dy);
  Buffer<float> input(context, x), y(context, kRows * kCols), dx(context, kRows * kCols);
  const auto run = [&](Buffer<float>& to, const Buffer<float>& from) {
    ops::dropout(context, to.matrix(kRows, kCols), from.matrix(kRows, kCols), {}, Activation::identity,
                 kSamples, 0.4f, noise, false);
  };
  const auto objective = [&](std::span<const double> at) {
    input.upload(std::vector<float>(at.begin(), at.end()));
    run(y, input);
    double sum = 0.0;
    const auto values = y.to_host();
    for (std::size_t i = 0; i < values.size(); ++i) sum += static_cast<double>(dy[i] * values[i]);
    return sum;
  };
  run(dx, gradient);
  EXPECT_TRUE(is_gradient<float>(dx.to_host(), objective, widen(x), {1e-3, 1e-3}, 0.25));
}

TEST(Dropout, RefusesWrongArguments) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> six(context, 6), other(context, 6), third(context, 6);
  const auto call = [&](std::int64_t rows, std::int64_t samples, float rate, std::int64_t stream,
                        Activation activation = Activation::identity) {
    ops::dropout(context, other.matrix(rows, 2), six.matrix(3, 2), {}, activation, samples, rate,
                 {.stream = stream}, false);
  };
  EXPECT_NO_THROW(call(3, 3, 0.5f, 255));
  EXPECT_THROW(call(2, 1, 0.5f, 0), ShapeError);
  EXPECT_THROW(call(3, 2, 0.5f, 0), ShapeError);
  EXPECT_THROW(call(3, 0, 0.5f, 0), ShapeError);
  EXPECT_THROW(call(3, 1, 1.0f, 0), ShapeError);
  EXPECT_THROW(call(3, 1, -0.1f, 0), ShapeError);
  EXPECT_THROW(call(3, 1, 0.5f, 256), ShapeError);
  EXPECT_THROW(call(3, 1, 0.5f, 0, Activation::tanh), ShapeError);
}

}  // namespace
}  // namespace elbo::test
