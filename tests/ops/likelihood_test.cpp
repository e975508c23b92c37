// The likelihood ops against float64 on the device under test; likelihood_formulas_test.cpp tests their
// formulas.

#include "ops/likelihood.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cases/likelihood.h"
#include "elbo/error.h"
#include "support/instruction_sets.h"

namespace elbo::test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<LikelihoodCase> likelihood_cases() {
  std::vector<LikelihoodCase> cases;
  for (const auto& info : kLikelihoods) {
    const LikelihoodKind kind = info.kind;
    for (std::int64_t values : {1, 3, 4, 17, 128, 129, 1025}) cases.push_back({kind, 3, values});
    cases.push_back({kind, 1, 1});
    cases.push_back({kind, 17, 784});
    cases.push_back({kind, 5, 33, 4, true, true});
    cases.push_back({kind, 3, 130, 3, true, true, true});
    cases.push_back({kind, 4, 20, 1, false, false, true});
    cases.push_back({kind, 4, 20, 2, true, true, false, false, true});
    cases.push_back({kind, 4, 20, 2, true, false, false, true, false});
  }
  constexpr auto kCategorical = LikelihoodKind::categorical;
  for (const std::int32_t classes : {2, 17, kMaxClasses}) {
    cases.push_back({.kind = kCategorical, .examples = 2, .values = 3, .classes = classes});
  }
  cases.push_back({.kind = kCategorical,
                   .examples = 3,
                   .values = 37,
                   .samples = 2,
                   .masked = true,
                   .weighted = true,
                   .in_place = true,
                   .classes = 11});
  return cases;
}

std::vector<LikelihoodMeanCase> mean_cases() {
  std::vector<LikelihoodMeanCase> cases;
  for (const auto& info : kLikelihoods) {
    for (std::int64_t values : {1, 17, 784}) cases.push_back({info.kind, 3, values});
  }
  cases.push_back({LikelihoodKind::categorical, 5, 19, 100});
  return cases;
}

class LikelihoodOp : public testing::TestWithParam<LikelihoodCase> {};
class LikelihoodMeanOp : public testing::TestWithParam<LikelihoodMeanCase> {};

TEST_P(LikelihoodOp, MatchesReference) {
  EXPECT_OP(GetParam());
}
TEST_P(LikelihoodMeanOp, MatchesReference) {
  EXPECT_OP(GetParam());
}

INSTANTIATE_TEST_SUITE_P(, LikelihoodOp, testing::ValuesIn(likelihood_cases()), CaseName());
INSTANTIATE_TEST_SUITE_P(, LikelihoodMeanOp, testing::ValuesIn(mean_cases()), CaseName());

TEST(Likelihood, NanShowsUnlessMasked) {
  ELBO_REQUIRE_DEVICE();
  for (const auto& info : kLikelihoods) {
    SCOPED_TRACE(info.name);
    Context context(device());
    constexpr std::int64_t kRows = 3, kValues = 37;
    const std::int64_t width = likelihood_parameters(info.kind, {}) * kValues;
    std::vector<float> parameters(static_cast<std::size_t>(kRows * width), 0.25f);
    parameters[static_cast<std::size_t>(width + 36)] = kNan;  // row 1, the last value
    std::vector<float> x(kRows * kValues, info.support == Support::classes ? 1.0f : 0.5f);
    x[2 * kValues + 5] = kNan;  // row 2
    std::vector<float> mask(x.size(), 1.0f);
    Buffer<float> p(context, parameters), data(context, x), nll(context, kRows),
        gradient(context, kRows * width);
    const auto run = [&](MatrixView<const float> mask_view) {
      ops::likelihood(context, info.kind, {}, nll.view(), gradient.matrix(kRows, width),
                      p.matrix(kRows, width), data.matrix(kRows, kValues), mask_view, {});
      return nll.to_host();
    };
    const auto unmasked = run({});
    EXPECT_TRUE(std::isfinite(unmasked[0]));
    EXPECT_TRUE(std::isnan(unmasked[1]));
    EXPECT_TRUE(std::isnan(unmasked[2]));
    const auto slopes = gradient.to_host();
    EXPECT_TRUE(std::isnan(slopes[static_cast<std::size_t>(width + 36)]));
    EXPECT_TRUE(std::isnan(slopes[static_cast<std::size_t>(2 * width + 5)]));

    mask[kValues + 36] = mask[2 * kValues + 5] = 0.0f;
    Buffer<float> device_mask(context, mask);
    const auto masked = run(std::as_const(device_mask).matrix(kRows, kValues));
    EXPECT_TRUE(std::isfinite(masked[1]));
    EXPECT_FLOAT_EQ(masked[1], unmasked[0] * 36.0f / 37.0f);
    EXPECT_FLOAT_EQ(masked[2], unmasked[0] * 36.0f / 37.0f);
    for (float slope : gradient.to_host()) EXPECT_TRUE(std::isfinite(slope));
  }
}

TEST(Likelihood, EveryInstructionSetAgreesWithTheReference) {
  if (device().is_cuda()) GTEST_SKIP() << "a test of the CPU's bodies";
  for_each_instruction_set([] {
    for (const auto& info : kLikelihoods) {
      expect_op(LikelihoodCase{info.kind, 3, 37, 2, true, true});
      expect_op(LikelihoodMeanCase{info.kind, 3, 37});
    }
  });
}

TEST(Likelihood, WrongShapesAreRefused) {
  Context context(Device::cpu());
  std::vector<float> memory(1000);
  const auto matrix = [&](std::int64_t rows, std::int64_t cols) {
    return MatrixView<float>(memory.data(), rows, cols);
  };
  const auto call = [&](LikelihoodKind kind, std::int64_t nll, MatrixView<float> gradient,
                        MatrixView<float> parameters, MatrixView<float> x, MatrixView<float> mask,
                        std::int64_t weights, LikelihoodConstants constants = {}) {
    ops::likelihood(context, kind, constants, {memory.data(), nll}, gradient, parameters, x, mask,
                    {1.0f, {weights ? memory.data() : nullptr, weights}});
  };
  constexpr auto kBernoulli = LikelihoodKind::bernoulli;
  EXPECT_NO_THROW(call(kBernoulli, 6, {}, matrix(6, 5), matrix(3, 5), matrix(3, 5), 6));
  EXPECT_THROW(call(kBernoulli, 6, {}, matrix(6, 4), matrix(3, 5), {}, 0), ShapeError);
  EXPECT_THROW(call(LikelihoodKind::gaussian_learned, 6, {}, matrix(6, 5), matrix(3, 5), {}, 0), ShapeError);
  EXPECT_THROW(call(kBernoulli, 7, {}, matrix(7, 5), matrix(3, 5), {}, 0), ShapeError);
  EXPECT_THROW(call(kBernoulli, 3, {}, matrix(6, 5), matrix(3, 5), {}, 0), ShapeError);
  EXPECT_THROW(call(kBernoulli, 6, matrix(3, 5), matrix(6, 5), matrix(3, 5), {}, 0), ShapeError);
  EXPECT_THROW(call(kBernoulli, 6, {}, matrix(6, 5), matrix(3, 5), matrix(6, 5), 0), ShapeError);
  EXPECT_THROW(call(kBernoulli, 6, {}, matrix(6, 5), matrix(3, 5), {}, 3), ShapeError);
  EXPECT_THROW(call(LikelihoodKind::gaussian, 6, {}, matrix(6, 5), matrix(3, 5), {}, 0, {0.0f, -1.0f, 1.0f}),
               ShapeError);
  constexpr auto kCategorical = LikelihoodKind::categorical;
  const auto classes = [](std::int32_t count) {
    LikelihoodConstants constants;
    constants.classes = count;
    return constants;
  };
  EXPECT_NO_THROW(call(kCategorical, 6, {}, matrix(6, 15), matrix(3, 5), {}, 0, classes(3)));
  EXPECT_THROW(call(kCategorical, 6, {}, matrix(6, 15), matrix(3, 5), {}, 0, classes(4)), ShapeError);
  EXPECT_THROW(call(kCategorical, 6, {}, matrix(6, 5), matrix(3, 5), {}, 0, classes(1)), ShapeError);
  EXPECT_THROW(ops::likelihood_mean(context, kBernoulli, {}, matrix(2, 5), matrix(3, 5)), ShapeError);
  EXPECT_THROW(ops::likelihood_mean(context, kBernoulli, {}, matrix(2, 5), matrix(2, 6)), ShapeError);
}

TEST(Likelihood, NamesGoBothWays) {
  EXPECT_EQ(likelihood_named("gaussian-learned"), LikelihoodKind::gaussian_learned);
  EXPECT_EQ(likelihood_named("cauchy"), std::nullopt);
  for (const auto& info : kLikelihoods) {
    EXPECT_EQ(likelihood_named(info.name), info.kind);
    EXPECT_EQ(likelihood_name(info.kind), info.name);
    EXPECT_EQ(likelihood_heads(info.kind), info.parameters);
    EXPECT_EQ(likelihood_support(info.kind), info.support);
  }
}

}  // namespace
}  // namespace elbo::test
