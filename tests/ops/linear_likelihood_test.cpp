// The last layer with its likelihood, against float64 on the device under test.

#include "ops/linear_likelihood.h"

#include <gtest/gtest.h>

#include "cases/linear_likelihood.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

std::vector<LinearLikelihoodCase> cases() {
  std::vector<LinearLikelihoodCase> cases;
  for (const auto& info : kLikelihoods) {
    if (!ops::linear_likelihood_takes(info.kind)) continue;
    for (const auto& shape : awkward_shapes()) cases.push_back({info.kind, shape});
    cases.push_back({info.kind, {5, 17, 33}, 4, true, true});
    cases.push_back({info.kind, {3, 20, 130}, 3, false, true});
    cases.push_back({info.kind, {33, 128, 784}});
    cases.push_back({info.kind, {5, 17, 33}, 4, true, true, true});
    cases.push_back({info.kind, {3, 20, 130}, 1, false, false, true});
  }
  cases.push_back({LikelihoodKind::bernoulli, {128, 400, 784}});
  return cases;
}

class LinearLikelihood : public testing::TestWithParam<LinearLikelihoodCase> {};

TEST_P(LinearLikelihood, MatchesReference) {
  EXPECT_OP(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Shapes, LinearLikelihood, testing::ValuesIn(cases()), CaseName());

// The plan that runs decides the number of a row's partial sums: one per 128 columns for cuBLAS, one per tile
// if cuBLAS does not take the operands (its replacement takes aligned ones only).
TEST(LinearLikelihoodOp, MatchesReferenceByEveryKindOfPlan) {
  ELBO_REQUIRE_DEVICE();
  if (!device().is_cuda()) GTEST_SKIP() << "plans are for CUDA";
  using ops::GemmEngine;
  for (const LinearShape& shape :
       {LinearShape{17, 64, 300}, LinearShape{5, 17, 300}, LinearShape{33, 20, 40}}) {
    for (const ops::GemmPlan& plan : {ops::GemmPlan{GemmEngine::blas, Precision::fp32},
                                      {GemmEngine::blas, Precision::tf32},
                                      {GemmEngine::blas, Precision::bf16},
                                      {GemmEngine::scalar, Precision::fp32, 0, 2},
                                      {GemmEngine::tensor, Precision::tf32, 1, 2},
                                      {GemmEngine::tensor, Precision::bf16, 2, 1}}) {
      EXPECT_OP(LinearLikelihoodCase{LikelihoodKind::bernoulli, shape, 1, true, true, true, plan});
      EXPECT_OP(LinearLikelihoodCase{LikelihoodKind::gaussian, shape, 3, false, false, false, plan});
    }
  }
}

TEST(LinearLikelihoodOp, SaysWhichLikelihoodsItTakes) {
  for (const auto& info : kLikelihoods) {
    const bool plain = likelihood_parameters(info.kind, {}) == 1 && info.support != Support::counts;
    EXPECT_EQ(ops::linear_likelihood_takes(info.kind), plain && info.kind != LikelihoodKind::gaussian_shared)
        << info.name;
  }
}

TEST(LinearLikelihoodOp, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> memory(context, 64);
  const auto matrix = [&](std::int64_t rows, std::int64_t cols) { return memory.matrix(rows, cols); };
  const auto call = [&](LikelihoodKind kind, std::int64_t parts, std::int64_t h_cols, std::int64_t x_rows,
                        std::int64_t x_cols, std::int64_t mask_rows = 0) {
    ops::linear_likelihood(context, kind, {}, matrix(4, parts), matrix(4, 3), matrix(4, h_cols), matrix(3, 2),
                           memory.view().part(0, 3), matrix(x_rows, x_cols),
                           mask_rows ? matrix(mask_rows, x_cols) : MatrixView<float>(), {});
  };
  EXPECT_THROW(call(LikelihoodKind::gaussian_learned, 1, 2, 4, 3), ShapeError);
  EXPECT_THROW(call(LikelihoodKind::bernoulli, 2, 2, 4, 3), ShapeError);
  EXPECT_THROW(call(LikelihoodKind::bernoulli, 1, 3, 4, 3), ShapeError);
  EXPECT_THROW(call(LikelihoodKind::bernoulli, 1, 2, 3, 3), ShapeError);
  EXPECT_THROW(call(LikelihoodKind::bernoulli, 1, 2, 4, 2), ShapeError);
  EXPECT_THROW(call(LikelihoodKind::bernoulli, 1, 2, 4, 3, 5), ShapeError);
}

}  // namespace
}  // namespace elbo::test
