// Every plan of a product, on the device under test: against float64 from operands rounded as by the plan, so
// that only the rounding of fp32 sums differs; with misaligned operands; and with the same bits twice.

#include <gtest/gtest.h>

#include <limits>

#include "cases/linear.h"

namespace elbo::test {
namespace {

using ops::GemmEngine;
using ops::GemmKey;
using ops::GemmKind;
using ops::GemmPlan;

constexpr ops::GemmLimits kH200{132, 90, 227 * 1024, std::size_t{32} << 20};
constexpr GemmKind kKinds[] = {GemmKind::forward, GemmKind::backward_input, GemmKind::backward_params};
constexpr Precision kPrecisions[] = {Precision::fp32, Precision::tf32, Precision::bf16};

TEST(GemmPlan, EveryKeyHasCandidatesThatFit) {
  for (const auto kind : kKinds) {
    for (const auto precision : kPrecisions) {
      for (const std::int64_t m : {1, 3, 17, 128, 1024, 8192}) {
        for (const std::int64_t n : {1, 20, 40, 400, 784}) {
          for (const std::int64_t k : {0, 1, 20, 400, 784, 8192}) {
            const GemmKey key{m, n, k, kind, precision};
            const auto plans = ops::candidates(key, kH200);
            ASSERT_FALSE(plans.empty()) << key.name();
            EXPECT_EQ(plans.front(), ops::choose_gemm(key, kH200)) << key.name();
            for (const auto& plan : plans) {
              EXPECT_EQ(plan.precision, precision);
              EXPECT_LE(ops::workspace_bytes(plan, key), kH200.workspace_bytes) << plan.name();
              EXPECT_EQ(ops::find_candidate(key, kH200, plan.name()), plan) << plan.name();
              EXPECT_GT(ops::predicted_seconds(plan, key, kH200), 0.0) << plan.name();
              if (plan.splits > 1) {
                EXPECT_LT((plan.splits - 1) * ops::split_length(plan, k), k) << plan.name();
              }
            }
          }
        }
      }
    }
  }
}

TEST(GemmPlan, SmallGemmsFillTheMultiprocessors) {
  // With the largest tiles, 128×400 results would be 4 blocks.
  const GemmKey key{128, 400, 784, GemmKind::forward, Precision::tf32};
  const auto plan = ops::choose_gemm(key, kH200);
  const auto& tile = plan.shape();
  const std::int64_t blocks =
      (key.m + tile.rows - 1) / tile.rows * ((key.n + tile.cols - 1) / tile.cols) * plan.splits;
  EXPECT_GE(blocks, 50) << plan.name();
}

#if ELBO_HAS_CUDA

/// A product's three cases for one plan: m × n results of inner length k.
void expect_gemms(const GemmPlan& plan, std::int64_t m, std::int64_t n, std::int64_t k,
                  const Placement& placement) {
  const auto precision = plan.precision;
  EXPECT_OP(LinearForwardCase{{m, k, n}, Activation::tanh, true, true, precision, plan}, {placement});
  EXPECT_OP(LinearBackwardInputCase{{m, n, k}, Activation::relu, true, precision, plan}, {placement});
  EXPECT_OP(LinearBackwardParamsCase{{k, n, m}, true, true, precision, plan}, {placement});
}

class EveryPlan : public testing::TestWithParam<GemmPlan> {};

TEST_P(EveryPlan, RaggedShapesMatchReference) {
  if (!device().is_cuda()) GTEST_SKIP() << "plans are for CUDA";
  const GemmPlan plan = GetParam();
  expect_gemms(plan, 17, 33, 70, {0, 0});
  expect_gemms(plan, 33, 20, 36, {3, 1});
  expect_gemms(plan, 1, 1, 1, {0, 1});
}

TEST_P(EveryPlan, SeveralTilesMatchReference) {
  if (!device().is_cuda()) GTEST_SKIP() << "plans are for CUDA";
  const GemmPlan plan = GetParam();
  expect_gemms(plan, plan.shape().rows + 3, plan.shape().cols + 5, 68, {0, 0});
}

struct PlanName {
  template <class Info>
  std::string operator()(const Info& info) const {
    return info.param.name();
  }
};

INSTANTIATE_TEST_SUITE_P(Whole, EveryPlan, testing::ValuesIn(every_tile(1)), PlanName());
INSTANTIATE_TEST_SUITE_P(Split, EveryPlan, testing::ValuesIn(every_tile(3)), PlanName());

TEST(Gemm, NetworkWidthsMatchReferenceByTheChosenPlans) {
  if (!device().is_cuda()) GTEST_SKIP() << "plans are for CUDA";
  for (const auto precision : {Precision::tf32, Precision::bf16}) {
    EXPECT_OP(LinearForwardCase{{17, 784, 40}, Activation::relu, true, false, precision});
    EXPECT_OP(LinearBackwardInputCase{{17, 400, 784}, Activation::relu, false, precision});
    EXPECT_OP(LinearBackwardParamsCase{{128, 40, 20}, true, false, precision});
  }
}

/// Grids that may begin while the previous one ends, among uploads and kernels whose results they read.
TEST(Gemm, OverlappingLaunchesMatchReference) {
  if (!device().is_cuda()) GTEST_SKIP() << "plans are for CUDA";
  for (const int splits : {1, 3}) {
    GemmPlan plan{GemmEngine::tensor, Precision::tf32, 1, splits};
    plan.overlap = true;
    expect_gemms(plan, 17, 33, 270, {0, 0});
  }
}

TEST(Gemm, EmptyInnerDimensionGivesZeros) {
  if (!device().is_cuda()) GTEST_SKIP() << "plans are for CUDA";
  for (const auto& plan : every_tile(2)) {
    EXPECT_OP(LinearBackwardParamsCase{{0, 3, 17}, true, false, plan.precision, plan}, {{0, 0}});
  }
}

TEST(Gemm, NanReachesItsRowAlone) {
  ELBO_REQUIRE_DEVICE();
  if (!device().is_cuda()) GTEST_SKIP() << "plans are for CUDA";
  constexpr std::int64_t kRows = 3, kIn = 40, kOut = 5;
  const LinearShape shape{kRows, kIn, kOut};
  auto x = shape.x();
  x[kIn + 38] = std::numeric_limits<float>::quiet_NaN();
  for (const int splits : {1, 2}) {
    for (const auto& plan : every_tile(splits)) {
      Context context(device());
      Buffer<float> x_there(context, x), w(context, shape.w()), y(context, kRows * kOut);
      cuda::linear_forward(context, plan, y.matrix(kRows, kOut), {},
                           std::as_const(x_there).matrix(kRows, kIn), std::as_const(w).matrix(kOut, kIn), {},
                           Activation::relu);
      const auto values = y.to_host();
      for (std::int64_t i = 0; i < kRows * kOut; ++i)
        EXPECT_EQ(std::isnan(values[static_cast<std::size_t>(i)]), i / kOut == 1) << plan.name();
    }
  }
}

#endif

}  // namespace
}  // namespace elbo::test
