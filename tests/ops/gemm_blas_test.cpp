// Products by cuBLASLt, in tf32 and in bf16: against float64 from rounded operands (on a GPU in tf32, within
// the library's rounding). If it has no algorithm, as its replacement for operands that are not aligned,
// elbo's kernels compute the product.

#include <gtest/gtest.h>

#include <limits>

#include "cases/linear.h"

#define ELBO_REQUIRE_CUDA() \
  ELBO_REQUIRE_DEVICE();    \
  if (!device().is_cuda()) GTEST_SKIP() << "cuBLASLt is CUDA's"

namespace elbo::test {
namespace {

using ops::GemmEngine;
using ops::GemmPlan;

class GemmByBlas : public testing::TestWithParam<Precision> {
 protected:
  GemmPlan plan(int rank) const { return {GemmEngine::blas, GetParam(), rank, 1}; }
};

TEST_P(GemmByBlas, MatchesReference) {
  ELBO_REQUIRE_CUDA();
  for (const LinearShape& shape : {LinearShape{24, 64, 40}, LinearShape{17, 36, 20}, LinearShape{5, 4, 8}}) {
    for (const int rank : {0, 1}) {
      const auto with = plan(rank);
      for (const auto activation : {Activation::relu, Activation::identity}) {
        EXPECT_OP(LinearForwardCase{shape, activation, true, false, GetParam(), with});
        EXPECT_OP(LinearBackwardInputCase{shape, activation, false, GetParam(), with});
      }
      EXPECT_OP(LinearForwardCase{shape, Activation::identity, false, false, GetParam(), with});
      EXPECT_OP(LinearForwardCase{shape, Activation::gelu, true, true, GetParam(), with});
      EXPECT_OP(LinearBackwardInputCase{shape, Activation::relu, true, GetParam(), with});
      EXPECT_OP(LinearBackwardParamsCase{shape, true, false, GetParam(), with});
      EXPECT_OP(LinearBackwardParamsCase{shape, true, true, GetParam(), with});
    }
  }
}

/// A layer's output under a plan.
std::vector<float> output(const GemmPlan& plan, Activation activation, const std::vector<float>& x) {
  const LinearShape shape{24, 64, 40};
  Context context(device());
  const Buffer<float> from(context, std::span(x)), w(context, shape.w()), b(context, shape.b());
  Buffer<float> y(context, shape.n * shape.out);
  const std::optional<GemmPlan> with = plan;
  ELBO_RUN_PLANNED(with, context, linear_forward, y.matrix(shape.n, shape.out), {},
                   from.matrix(shape.n, shape.in), w.matrix(shape.out, shape.in), b.view(), activation);
  return y.to_host();
}

// The replacement's second algorithm adds from the other end, which shows that the library ran the requested
// algorithm.
TEST_P(GemmByBlas, TheLibraryComputesItByTheAlgorithmAskedFor) {
  ELBO_REQUIRE_CUDA();
  if (cuda_support() != CudaSupport::emulated) GTEST_SKIP() << "algorithms of the replacement";
  const auto x = LinearShape{24, 64, 40}.x();
  const auto first = output(plan(0), Activation::identity, x),
             second = output(plan(1), Activation::identity, x);
  EXPECT_NE(first, second);
  EXPECT_EQ(output(plan(3), Activation::identity, x), second) << "beyond the last algorithm";
}

TEST_P(GemmByBlas, NanStaysNan) {
  ELBO_REQUIRE_CUDA();
  auto x = LinearShape{24, 64, 40}.x();
  x[64] = std::numeric_limits<float>::quiet_NaN();  // row 1
  for (const auto activation : {Activation::identity, Activation::relu}) {
    const auto y = output(plan(0), activation, x);
    for (std::size_t j = 0; j < 40; ++j) {
      EXPECT_TRUE(std::isfinite(y[j]));
      EXPECT_TRUE(std::isnan(y[40 + j]));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, GemmByBlas, testing::Values(Precision::tf32, Precision::bf16),
                         [](const auto& each) { return std::string(precision_name(each.param)); });

TEST(GemmPlanOfBlas, IsACandidateWhereTheWorkspaceHoldsIt) {
  const ops::GemmKey key{4096, 4096, 4096, ops::GemmKind::forward, Precision::bf16};
  const auto has_blas = [&](std::size_t workspace) {
    for (const auto& plan : ops::candidates(key, {132, 90, 227 * 1024, workspace})) {
      if (plan.engine == GemmEngine::blas) return true;
    }
    return false;
  };
  EXPECT_TRUE(has_blas(std::size_t{96} << 20));
  EXPECT_FALSE(has_blas(std::size_t{32} << 20));
}

}  // namespace
}  // namespace elbo::test
