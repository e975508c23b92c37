// Likelihoods of a table's columns.

#include "ops/mixed_likelihood.h"

#include <gtest/gtest.h>

#include "cases/mixed_likelihood.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

class MixedLikelihoodOp : public testing::TestWithParam<MixedLikelihoodCase> {};
TEST_P(MixedLikelihoodOp, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, MixedLikelihoodOp,
                         testing::Values(MixedLikelihoodCase{{1, 1, 1}}, MixedLikelihoodCase{{3, 7, 1}, true},
                                         MixedLikelihoodCase{{5, 17, 3, 9}, true, true},
                                         MixedLikelihoodCase{{64, 33, 1, 12}},
                                         MixedLikelihoodCase{{17, 14, 2}, false, true, true},
                                         MixedLikelihoodCase{{9, 70, 1, 40}, true, false, true},
                                         MixedLikelihoodCase{{4, 20, 5}, true, false, false, false}),
                         CaseName());

class MixedLikelihoodMeanOp : public testing::TestWithParam<MixedLikelihoodMeanCase> {};
TEST_P(MixedLikelihoodMeanOp, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, MixedLikelihoodMeanOp,
                         testing::Values(MixedLikelihoodMeanCase{{1, 1, 1}},
                                         MixedLikelihoodMeanCase{{3, 7, 2}},
                                         MixedLikelihoodMeanCase{{65, 33, 1, 12}}),
                         CaseName());

// A Gaussian with mean 1 and σ² = 1 at 3, two classes of equal logits, a fair coin: 2.918938533 + 2 log 2.
TEST(MixedLikelihood, ByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto number = [](LikelihoodKind kind) { return static_cast<std::int32_t>(kind); };
  const Buffer<std::int32_t> columns(context,
                                     std::vector<std::int32_t>{number(LikelihoodKind::gaussian_learned), 0, 2,
                                                               number(LikelihoodKind::categorical), 2, 2,
                                                               number(LikelihoodKind::bernoulli), 4, 2});
  const Buffer<float> x(context, std::vector<float>{3, 1, 0}),
      parameters(context, std::vector<float>{1, 0, 0.5f, 0.5f, 0});
  Buffer<float> nll(context, 1), gradient(context, 5), mean(context, 3);
  const ops::ColumnLikelihoods likelihoods{columns.view(), {}};
  ops::mixed_likelihood(context, likelihoods, nll.view(), gradient.matrix(1, 5), parameters.matrix(1, 5),
                        x.matrix(1, 3), {}, {});
  EXPECT_FLOAT_EQ(nll.to_host()[0], 4.305232894f);
  EXPECT_EQ(gradient.to_host(), (std::vector<float>{-2, -1.5f, 0.5f, -0.5f, 0.5f}));
  ops::mixed_likelihood_mean(context, likelihoods, mean.matrix(1, 3), parameters.matrix(1, 5));
  EXPECT_EQ(mean.to_host(), (std::vector<float>{1, 0, 0.5f}));
}

TEST(MixedLikelihood, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> x(context, 6), parameters(context, 12), nll(context, 4);
  const Buffer<std::int32_t> columns(context, std::vector<std::int32_t>(9));
  const auto call = [&](std::int64_t numbers, std::int64_t rows, std::int64_t costs, std::int64_t mask_rows) {
    ops::mixed_likelihood(context, {columns.view().part(0, numbers), {}}, nll.view().part(0, costs), {},
                          parameters.matrix(rows, 3), x.matrix(2, 3), x.matrix(mask_rows, 3), {});
  };
  EXPECT_THROW(call(6, 2, 2, 2), ShapeError);
  EXPECT_THROW(call(9, 3, 3, 2), ShapeError);
  EXPECT_THROW(call(9, 2, 1, 2), ShapeError);
  EXPECT_THROW(call(9, 2, 2, 1), ShapeError);
}

}  // namespace
}  // namespace elbo::test
