// Codes relative to a prior of each example against float64, and a KL computed by hand.

#include "ops/conditional_prior.h"

#include <gtest/gtest.h>

#include <cmath>

#include "cases/conditional_prior.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

template <class Case>
Case made(ConditionalPriorCase shape) {
  Case made;
  static_cast<ConditionalPriorCase&>(made) = shape;
  return made;
}

class ConditionalPriorOp : public testing::TestWithParam<ConditionalPriorCase> {};
TEST_P(ConditionalPriorOp, RelativeMomentsMatchFloat64) {
  EXPECT_OP(made<RelativeMomentsCase>(GetParam()));
}
TEST_P(ConditionalPriorOp, GradientsMatchFloat64) {
  EXPECT_OP(made<RelativeMomentsBackwardCase>(GetParam()));
}
TEST_P(ConditionalPriorOp, CodesArePlaced) {
  EXPECT_OP(made<PlaceCodesCase>(GetParam()));
}
TEST_P(ConditionalPriorOp, GradientsInCodesAreScaled) {
  EXPECT_OP(made<PlaceCodesBackwardCase>(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(, ConditionalPriorOp,
                         testing::Values(ConditionalPriorCase{1, 1, 1}, ConditionalPriorCase{5, 1, 17},
                                         ConditionalPriorCase{3, 4, 2, PriorWeights::dimensions_and_rows},
                                         ConditionalPriorCase{7, 3, 33, PriorWeights::samples},
                                         ConditionalPriorCase{300, 1, 20, PriorWeights::dimensions_and_rows},
                                         ConditionalPriorCase{2, 50, 40, PriorWeights::samples}),
                         CaseName());

/// Tensors of a posterior and a prior of one example and one dimension.
class OneDimension {
 public:
  OneDimension(const std::vector<float>& posterior, const std::vector<float>& prior)
      : posterior_(context_, std::span(posterior)), prior_(context_, std::span(prior)) {
    ops::relative_moments(context_, {column(relative_, 0), column(relative_, 1)},
                          {column(posterior_, 0), column(posterior_, 1)},
                          {column(prior_, 0), column(prior_, 1)});
  }

  std::vector<float> relative() { return relative_.to_host(); }
  /// The codes `u`, placed.
  std::vector<float> placed(const std::vector<float>& u) {
    const auto rows = static_cast<std::int64_t>(u.size());
    Buffer<float> codes(context_, std::span(u)), z(context_, rows);
    ops::place_codes(context_, z.matrix(rows, 1), codes.matrix(rows, 1),
                     {column(prior_, 0), column(prior_, 1)});
    return z.to_host();
  }
  float kl() {
    Buffer<float> z(context_, 1), kl(context_, 1);
    ops::reparameterize(context_, z.matrix(1, 1), kl.view(), {}, column(relative_, 0), column(relative_, 1),
                        {.seed = 1});
    return kl.to_host()[0];
  }

 private:
  static MatrixView<float> column(Buffer<float>& of, std::int64_t at) { return {of.data() + at, 1, 1}; }

  Context context_{device()};
  Buffer<float> posterior_, prior_;  ///< mean and log-variance
  Buffer<float> relative_{context_, 2};
};

// KL(N(3, 1) ‖ N(1, 4)) = ½ (log 4 + (1 + 2²)/4 − 1) = ½ (1.3862944 + 0.25) = 0.8181472.
TEST(ConditionalPriorMoments, AKlByHand) {
  ELBO_REQUIRE_DEVICE();
  OneDimension one({3.0f, 0.0f}, {1.0f, std::log(4.0f)});
  EXPECT_NEAR(one.relative()[0], 1.0, 1e-6);
  EXPECT_NEAR(one.kl(), 0.8181472, 1e-6);
  EXPECT_NEAR(one.placed({-0.5f})[0], 0.0, 1e-6);
}

// KL(N(0, ¼) ‖ N(½, ¼)) = ½ · (½)²/¼ = ½.
TEST(ConditionalPriorMoments, AKlOfMeansAlone) {
  ELBO_REQUIRE_DEVICE();
  EXPECT_NEAR(OneDimension({0.0f, std::log(0.25f)}, {0.5f, std::log(0.25f)}).kl(), 0.5, 1e-6);
}

TEST(ConditionalPriorMoments, TheStandardNormalChangesNoBit) {
  ELBO_REQUIRE_DEVICE();
  const std::vector<float> values = {0.3721f, -1.2345f};
  OneDimension one(values, {0.0f, 0.0f});
  EXPECT_EQ(one.relative(), values);
  EXPECT_EQ(one.placed(values), values);
}

TEST(ConditionalPriorOps, RefuseWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> six(context, 6), other(context, 6), four(context, 4);
  const ops::Moments<float> out_of_three = {six.matrix(3, 2), other.matrix(3, 2)},
                            out_of_two = {six.matrix(2, 2), other.matrix(2, 2)};
  const ops::Moments<const float> three = {six.matrix(3, 2), other.matrix(3, 2)},
                                  two = {six.matrix(2, 2), other.matrix(2, 2)};
  EXPECT_THROW(ops::relative_moments(context, out_of_three, three, two), ShapeError);
  EXPECT_THROW(ops::relative_moments(context, out_of_two, three, three), ShapeError);
  EXPECT_THROW(ops::place_codes(context, four.matrix(2, 2), four.matrix(2, 2), three), ShapeError);
  EXPECT_THROW(ops::place_codes(context, four.matrix(4, 1), four.matrix(4, 1), two), ShapeError);
  EXPECT_THROW(ops::place_codes_backward(context, four.matrix(2, 2), six.matrix(3, 2)), ShapeError);
  const auto backward = [&](const ops::Moments<float>& dprior, const ops::KlWeight& weight) {
    ops::relative_moments_backward(context, four.matrix(2, 2), dprior, two, other.matrix(2, 2),
                                   six.matrix(2, 2), weight, 1.0f);
  };
  EXPECT_THROW(backward(out_of_three, {}), ShapeError);
  ops::KlWeight weight;
  weight.per_sample = six.view();
  EXPECT_THROW(backward(out_of_two, weight), ShapeError);
}

}  // namespace
}  // namespace elbo::test
