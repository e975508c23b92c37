// Sums in a fixed order, clipping at, below and above its limit, and gradients divided by their norms.

#include "ops/reduce.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cases/reduce.h"
#include "elbo/error.h"
#include "support/device.h"
#include "support/random.h"

namespace elbo::test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

class ReduceSumCases : public testing::TestWithParam<ReduceSumCase> {};
TEST_P(ReduceSumCases, MatchesLongDouble) {
  EXPECT_OP(GetParam(), {{0, 0}, {0, 1}});
}
INSTANTIATE_TEST_SUITE_P(Shapes, ReduceSumCases,
                         testing::Values(ReduceSumCase{1}, ReduceSumCase{3}, ReduceSumCase{17, true},
                                         ReduceSumCase{784}, ReduceSumCase{4096}, ReduceSumCase{4097, true},
                                         ReduceSumCase{12289}, ReduceSumCase{100003}),
                         CaseName());

class ClipCases : public testing::TestWithParam<ClipCase> {};
TEST_P(ClipCases, MatchesLongDouble) {
  EXPECT_OP(GetParam(), {{0, 0}, {0, 1}});
}
INSTANTIATE_TEST_SUITE_P(Shapes, ClipCases,
                         testing::Values(ClipCase{1}, ClipCase{3}, ClipCase{17, 2.0}, ClipCase{784, 1e-3},
                                         ClipCase{4096}, ClipCase{4097}, ClipCase{70001},
                                         ClipCase{70001, 1.5}),
                         CaseName());

double device_sum(Context& context, const std::vector<float>& values) {
  Buffer<float> buffer(context, std::span<const float>(values));
  Buffer<double> sum(context, 1);
  ops::reduce_sum(context, sum.data(), std::as_const(buffer).view(), false);
  return sum.to_host()[0];
}

TEST(ReduceSum, LargeValuesCancelAndLeaveTheSmall) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  // Each large value has its opposite far away; 0.25 is left per pair.
  constexpr std::int64_t kPairs = 5000;
  std::vector<float> values;
  Random random(1);
  for (std::int64_t i = 0; i < kPairs; ++i)
    values.push_back(std::ldexp(static_cast<float>(1 + random.below(1000)), 20));
  const std::size_t half = values.size();
  for (std::size_t i = 0; i < half; ++i) values.push_back(-values[half - 1 - i]);
  for (std::size_t i = 0; i < half; ++i) values.push_back(0.25f);
  EXPECT_EQ(device_sum(context, values), 0.25 * kPairs);
}

TEST(ReduceSum, EqualValuesDoNotStick) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  // A float sum of 0.1f has an error of 1% here; in double it is exact to 1e-12.
  const std::vector<float> values(200001, 0.1f);
  EXPECT_NEAR(device_sum(context, values), 200001.0 * static_cast<double>(0.1f), 1e-7);
}

TEST(ReduceSum, NothingSumsToZero) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<double> sum(context, 1);
  const double before = 2.5;
  sum.upload(std::span<const double>(&before, 1));
  ops::reduce_sum(context, sum.data(), {}, true);
  EXPECT_EQ(sum.to_host()[0], 2.5);
  ops::reduce_sum(context, sum.data(), {}, false);
  EXPECT_EQ(sum.to_host()[0], 0.0);
}

TEST(ReduceSum, NotANumberShows) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  for (const std::size_t at : {0u, 15u, 16u, 4095u, 4096u, 5000u}) {
    std::vector<float> values(5001, 1.0f);
    values[at] = kNan;
    EXPECT_TRUE(std::isnan(device_sum(context, values))) << at;
    values[at] = -kInfinity;
    EXPECT_EQ(device_sum(context, values), -kInfinity) << at;
  }
}

struct Clipped {
  std::vector<float> gradient;
  float norm;
};

Clipped clip(Context& context, const std::vector<float>& gradient, float max_norm) {
  const auto size = static_cast<std::int64_t>(gradient.size());
  Buffer<float> buffer(context, std::span<const float>(gradient)), norm(context, 1);
  Buffer<double> scratch(context, ops::clip_scratch_size(size));
  ops::clip_global_norm(context, buffer.view(), max_norm, scratch.view(), norm.data());
  return {buffer.to_host(), norm.to_host()[0]};
}

TEST(ClipGlobalNorm, ThreeFourFive) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto clipped = clip(context, {3.0f, -4.0f}, 1.0f);
  EXPECT_FLOAT_EQ(clipped.norm, 5.0f);
  EXPECT_NEAR(clipped.gradient[0], 0.6, 1e-6);
  EXPECT_NEAR(clipped.gradient[1], -0.8, 1e-6);
}

TEST(ClipGlobalNorm, BelowTheLimitNothingChanges) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const std::vector<float> gradient = Random(2).normal(9001);
  EXPECT_EQ(clip(context, gradient, 1e6f).gradient, gradient);
  EXPECT_EQ(clip(context, {3.0f, 4.0f}, 5.1f).gradient, (std::vector<float>{3.0f, 4.0f}));
  EXPECT_EQ(clip(context, gradient, kInfinity).gradient, gradient);
}

TEST(ClipGlobalNorm, ZeroGradientStaysZero) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto clipped = clip(context, std::vector<float>(100, 0.0f), 0.0f);
  EXPECT_EQ(clipped.norm, 0.0f);
  EXPECT_EQ(clipped.gradient, std::vector<float>(100, 0.0f));
}

TEST(ClipGlobalNorm, ZeroLimitGivesZeros) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  EXPECT_EQ(clip(context, {3.0f, 4.0f}, 0.0f).gradient, (std::vector<float>{0.0f, 0.0f}));
}

TEST(ClipGlobalNorm, SquaresBeyondFloatAreNoOverflow) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto clipped = clip(context, {3e30f, 4e30f}, 1.0f);
  EXPECT_NEAR(clipped.norm, 5e30, 1e24);
  EXPECT_NEAR(clipped.gradient[0], 0.6, 1e-6);
}

TEST(ClipGlobalNorm, NotFiniteIsLeftAsItIs) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto infinite = clip(context, {1.0f, kInfinity, 2.0f}, 1.0f);
  EXPECT_EQ(infinite.norm, kInfinity);
  EXPECT_EQ(infinite.gradient, (std::vector<float>{1.0f, kInfinity, 2.0f}));
  const auto nan = clip(context, {1.0f, kNan, 2.0f}, 1.0f);
  EXPECT_TRUE(std::isnan(nan.norm));
  EXPECT_EQ(nan.gradient[0], 1.0f);
  EXPECT_EQ(nan.gradient[2], 2.0f);
}

TEST(ClipGlobalNorm, NormMayBeUnwanted) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const std::vector<float> values = {3.0f, 4.0f};
  Buffer<float> gradient(context, std::span<const float>(values));
  Buffer<double> scratch(context, 1);
  ops::clip_global_norm(context, gradient.view(), 1.0f, scratch.view(), nullptr);
  EXPECT_NEAR(gradient.to_host()[1], 0.8, 1e-6);
}

class NormalizeCases : public testing::TestWithParam<NormalizeCase> {};
TEST_P(NormalizeCases, MatchesLongDouble) {
  EXPECT_OP(GetParam(), {{0, 0}, {0, 1}});
}
INSTANTIATE_TEST_SUITE_P(Shapes, NormalizeCases,
                         testing::Values(NormalizeCase{{1}}, NormalizeCase{{3, 5, 1}, 7},
                                         NormalizeCase{{784, 20, 40, 20}},
                                         NormalizeCase{{4096, 4097, 9001}, 1},
                                         NormalizeCase{{70001, 33, 4095}, 64}),
                         CaseName());

/// The gradient afterwards, and the written norm.
Clipped normalize(Context& context, const std::vector<float>& gradient,
                  const std::vector<ops::Range>& ranges) {
  const auto table = ops::range_spans(ranges, std::ssize(gradient));
  Buffer<float> buffer(context, std::span<const float>(gradient)), norm(context, 1);
  Buffer<ops::RangeSpan> spans(context, std::span<const ops::RangeSpan>(table));
  Buffer<double> scratch(context, std::ssize(table));
  ops::normalize_ranges(context, buffer.view(), std::as_const(spans).view(), scratch.view(), norm.data());
  return {buffer.to_host(), norm.to_host()[0]};
}

TEST(NormalizeRanges, EachByItsOwnNorm) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto normalized =
      normalize(context, {3.0f, -4.0f, 7.0f, 0.0f, 0.0f, -2e-7f}, {{0, 2}, {3, 2}, {5, 1}});
  const double expected[] = {0.6, -0.8, 7.0, 0.0, 0.0, -2.0 / 3.0};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(normalized.gradient[i], expected[i], 1e-6) << i;
  EXPECT_FLOAT_EQ(normalized.norm, 5.0f) << "the norm of the ranges before the division";
}

TEST(NormalizeRanges, NotANumberShowsInItsRangeAlone) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  for (const float bad : {kNan, kInfinity}) {
    const auto normalized = normalize(context, {3.0f, 4.0f, bad, 1.0f}, {{0, 2}, {2, 2}});
    EXPECT_NEAR(normalized.gradient[1], 0.8, 1e-6);
    EXPECT_TRUE(std::isnan(normalized.gradient[2]));
    EXPECT_FALSE(std::isfinite(normalized.norm));
  }
}

TEST(NormalizeRanges, NothingHasTheNormZero) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> norm(context, std::vector<float>{2.5f});
  ops::normalize_ranges(context, {}, {}, {}, norm.data());
  EXPECT_EQ(norm.to_host()[0], 0.0f);
  EXPECT_NO_THROW(ops::normalize_ranges(context, {}, {}, {}, nullptr));
}

TEST(Reduce, SameBitsWhateverTheThreads) {
  if (device().is_cuda()) GTEST_SKIP() << "threads are the CPU's";
  const std::vector<float> values = Random(9).normal(300007);
  Context one(device(), 1);
  const auto first = clip(one, values, 1.0f);
  const double sum = device_sum(one, values);
  const std::vector<ops::Range> ranges = {{0, 100001}, {100001, 5}, {100006, 200001}};
  const auto divided = normalize(one, values, ranges).gradient;
  for (const int threads : {2, 3, 7}) {
    Context context(device(), threads);
    const auto clipped = clip(context, values, 1.0f);
    EXPECT_EQ(clipped.norm, first.norm);
    EXPECT_EQ(clipped.gradient, first.gradient);
    EXPECT_EQ(device_sum(context, values), sum);
    EXPECT_EQ(normalize(context, values, ranges).gradient, divided);
  }
}

TEST(Reduce, WrongShapesAreRefused) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> values(context, 8200);
  Buffer<double> scratch(context, 2), sum(context, 1);
  const auto view = std::as_const(values).view();
  EXPECT_THROW(ops::reduce_sum(context, nullptr, view, false), ShapeError);
  EXPECT_THROW(ops::reduce_sum(context, sum.data(), {nullptr, 3}, false), ShapeError);
  EXPECT_EQ(ops::clip_scratch_size(8200), 3);
  EXPECT_THROW(ops::clip_global_norm(context, values.view(), 1.0f, scratch.view(), nullptr), ShapeError);
  EXPECT_THROW(ops::clip_global_norm(context, values.view().part(0, 8), -1.0f, scratch.view(), nullptr),
               ShapeError);
  EXPECT_THROW(ops::clip_global_norm(context, values.view().part(0, 8), kNan, scratch.view(), nullptr),
               ShapeError);
  Buffer<ops::RangeSpan> spans(context, 3);
  EXPECT_THROW(
      ops::normalize_ranges(context, values.view(), std::as_const(spans).view(), scratch.view(), nullptr),
      ShapeError);
  EXPECT_THROW(ops::normalize_ranges(context, {nullptr, 8}, {}, {}, nullptr), ShapeError);
  for (const ops::Range& bad : {ops::Range{-1, 3}, ops::Range{6, 3}, ops::Range{0, -1}}) {
    EXPECT_THROW(ops::range_spans(std::vector{bad}, 8), ShapeError) << bad.first;
  }
}

}  // namespace
}  // namespace elbo::test
