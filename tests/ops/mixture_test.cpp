// A mixture of Gaussians and its gradients against float64, and values computed by hand.

#include "ops/mixture.h"

#include <gtest/gtest.h>

#include <limits>

#include "cases/mixture.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

template <class Case>
Case made(MixtureCase shape) {
  Case made;
  static_cast<MixtureCase&>(made) = shape;
  return made;
}

std::vector<MixtureCase> shapes() {
  return {{1, 1, 1},          {3, 2, 2},
          {5, 17, 3, false},  {4, 40, 9, false, true, true},
          {2, 3, 257},        {37, 3, 5, true, true, true, false},
          {2, 270, 4, false}, {6, 4, 6, true, false, false, false}};
}

class MixtureOp : public testing::TestWithParam<MixtureCase> {};
TEST_P(MixtureOp, IsPrepared) {
  EXPECT_OP(made<MixturePrepareCase>(GetParam()));
}
TEST_P(MixtureOp, ExcessMatchesFloat64) {
  EXPECT_OP(made<MixtureExcessCase>(GetParam()));
}
TEST_P(MixtureOp, GradientInCodesMatchesFloat64) {
  EXPECT_OP(made<MixtureCodesCase>(GetParam()));
}
TEST_P(MixtureOp, GradientInComponentsMatchesFloat64) {
  EXPECT_OP(made<MixtureComponentsCase>(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(, MixtureOp, testing::ValuesIn(shapes()), CaseName());

/// A prepared mixture on the device, and its results for a code.
class SmallMixture {
 public:
  SmallMixture(const std::vector<float>& mean, const std::vector<float>& log_variance,
               const std::vector<float>& logits, std::int64_t latent)
      : components_(static_cast<std::int64_t>(logits.size())),
        latent_(latent),
        mean_(context_, std::span(mean)),
        log_variance_(context_, std::span(log_variance)),
        logits_(context_, std::span(logits)),
        precision_(context_, components_ * latent),
        log_weight_(context_, components_),
        log_scale_(context_, components_) {
    ops::mixture_prepare(context_, precision_.matrix(components_, latent), log_weight_.view(),
                         log_scale_.view(), log_variance_.matrix(components_, latent), logits_.view());
  }
  struct Code {
    float excess;
    std::vector<float> responsibilities;
  };
  Code at(const std::vector<float>& z) {
    const Buffer<float> code(context_, std::span(z));
    Buffer<float> excess(context_, 1), shares(context_, components_);
    ops::mixture_excess(context_, excess.view(), shares.matrix(1, components_), code.matrix(1, latent_),
                        {mean_.matrix(components_, latent_), precision_.matrix(components_, latent_),
                         log_weight_.view(), log_scale_.view()});
    return {excess.to_host()[0], shares.to_host()};
  }

 private:
  Context context_{device()};
  std::int64_t components_, latent_;
  Buffer<float> mean_, log_variance_, logits_, precision_, log_weight_, log_scale_;
};

// p(z) = ¼ N(z; 1, 4) + ¾ N(z; −1, 1) at z = 1: ¼ · 0.19947114 + ¾ · 0.05399097 = 0.09036101, where
// N(1; 0, 1) = 0.24197072: the excess is log(0.24197072 / 0.09036101).
TEST(Mixture, TwoComponentsByHand) {
  ELBO_REQUIRE_DEVICE();
  SmallMixture mixture({1.0f, -1.0f}, {std::log(4.0f), 0.0f}, {0.0f, std::log(3.0f)}, 1);
  const auto code = mixture.at({1.0f});
  EXPECT_NEAR(code.excess, 0.98501, 2e-5);
  EXPECT_NEAR(code.responsibilities[0], 0.551873, 2e-5);
  EXPECT_NEAR(code.responsibilities[1], 0.448127, 2e-5);
}

TEST(Mixture, OfTheStandardNormalItselfCostsNothing) {
  ELBO_REQUIRE_DEVICE();
  SmallMixture mixture({0.0f, 0.0f, 0.0f, 0.0f}, {0.0f, 0.0f, 0.0f, 0.0f}, {0.3f, -1.0f}, 2);
  EXPECT_NEAR(mixture.at({1.5f, -2.0f}).excess, 0.0, 1e-6);
}

// Log-densities of −2·10⁵ and less: densities underflow, their logarithms do not.
TEST(Mixture, FarFromAllComponentsTheNearestCounts) {
  ELBO_REQUIRE_DEVICE();
  SmallMixture mixture({0.0f, 1000.0f}, {-6.0f, -6.0f}, {0.0f, 0.0f}, 1);
  const auto code = mixture.at({32.0f});
  EXPECT_TRUE(std::isfinite(code.excess));
  const double expected = -512.0 + 512.0 * std::exp(6.0) - 3.0 + std::log(2.0);
  EXPECT_NEAR(code.excess / expected, 1.0, 1e-5);
  EXPECT_EQ(code.responsibilities, (std::vector<float>{1.0f, 0.0f}));
}

TEST(Mixture, NotANumberStaysOne) {
  ELBO_REQUIRE_DEVICE();
  SmallMixture mixture({0.0f, 1.0f}, {0.0f, 0.0f}, {0.0f, 0.0f}, 1);
  EXPECT_TRUE(std::isnan(mixture.at({std::numeric_limits<float>::quiet_NaN()}).excess));
}

TEST(Mixture, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> six(context, 6), two(context, 2), three(context, 3);
  const ops::Mixture mixture = {six.matrix(3, 2), six.matrix(3, 2), three.view(), three.view()};
  EXPECT_THROW(ops::mixture_excess(context, two.view(), {}, three.matrix(1, 3), mixture), ShapeError);
  EXPECT_THROW(ops::mixture_excess(context, two.view(), {}, two.matrix(1, 2), mixture), ShapeError);
  EXPECT_THROW(
      ops::mixture_prepare(context, six.matrix(3, 2), two.view(), three.view(), six.matrix(3, 2), {}),
      ShapeError);
  EXPECT_THROW(ops::mixture_backward_codes(context, two.matrix(1, 2), two.matrix(1, 2), mixture,
                                           two.matrix(1, 2), {}, 1.0f),
               ShapeError);
  EXPECT_THROW(
      ops::mixture_backward_components(context, {six.matrix(3, 2), six.matrix(3, 2), {}}, two.matrix(1, 2),
                                       mixture, three.matrix(1, 3), two.view(), false),
      ShapeError);
}

}  // namespace
}  // namespace elbo::test
