// The KL estimated from samples and its weights, against float64.

#include "ops/sampled_kl.h"

#include <gtest/gtest.h>

#include "cases/sampled_kl.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

class SampledKlOp : public testing::TestWithParam<SampledKlCase> {};
TEST_P(SampledKlOp, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, SampledKlOp,
                         testing::Values(SampledKlCase{1, 1}, SampledKlCase{130, 1}, SampledKlCase{3, 50},
                                         SampledKlCase{129, 7}, SampledKlCase{130, 3, false}),
                         CaseName());

using Given = SampleWeightsCase::Given;
class SampleWeightsOp : public testing::TestWithParam<SampleWeightsCase> {};
TEST_P(SampleWeightsOp, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, SampleWeightsOp,
                         testing::Values(SampleWeightsCase{1, 1}, SampleWeightsCase{129, 3},
                                         SampleWeightsCase{65, 2, Given::per_row},
                                         SampleWeightsCase{5, 50, Given::per_sample}),
                         CaseName());

// The KL's estimate from few samples may be below 0; clamping it would make the ELBO too low.
TEST(SampledKl, MayBeBelowZero) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const std::vector<float> ratio = {0.5f, -1.0f}, excess = {-2.0f, 0.5f};
  Buffer<float> sums(context, std::span(ratio)), kl(context, 1);
  const Buffer<float> more(context, std::span(excess));
  ops::sampled_kl(context, kl.view(), sums.view(), more.view());
  EXPECT_EQ(sums.to_host(), (std::vector<float>{-1.5f, -0.5f}));
  EXPECT_EQ(kl.to_host()[0], -1.0f);
}

TEST(SampledKl, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> six(context, 6), four(context, 4);
  EXPECT_THROW(ops::sampled_kl(context, {}, six.view(), four.view()), ShapeError);
  EXPECT_THROW(ops::sampled_kl(context, four.view(), six.view(), six.view()), ShapeError);
  EXPECT_THROW(ops::sample_weights(context, six.view(), {}, 4, 1.0f), ShapeError);
  ops::KlWeight free;
  free.per_dimension = four.view();
  EXPECT_THROW(ops::sample_weights(context, six.view(), free, 2, 1.0f), ShapeError);
}

}  // namespace
}  // namespace elbo::test
