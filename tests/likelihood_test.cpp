// Likelihoods: the formulas by hand, and the ops against float64 on the device under test.

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
  return cases;
}

std::vector<LikelihoodMeanCase> mean_cases() {
  std::vector<LikelihoodMeanCase> cases;
  for (const auto& info : kLikelihoods) {
    for (std::int64_t values : {1, 17, 784}) cases.push_back({info.kind, 3, values});
  }
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

/// The op on one value.
struct Value {
  float nll;
  std::vector<float> gradient;
};
Value value_of(Context& context, LikelihoodKind kind, float x, const std::vector<float>& parameters,
               const LikelihoodConstants& constants = {}) {
  const auto width = static_cast<std::int64_t>(parameters.size());
  Buffer<float> p(context, parameters), data(context, std::vector<float>{x}), gradient(context, width),
      nll(context, 1);
  ops::likelihood(context, kind, constants, nll.view(), gradient.matrix(1, width), p.matrix(1, width),
                  data.matrix(1, 1), {}, {});
  return {nll.download()[0], gradient.download()};
}

TEST(Likelihood, BernoulliByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto bernoulli = [&](float x, float logit) {
    return value_of(context, LikelihoodKind::bernoulli, x, {logit});
  };
  EXPECT_FLOAT_EQ(bernoulli(1.0f, 0.0f).nll, 0.693147181f);  // log 2
  EXPECT_FLOAT_EQ(bernoulli(0.0f, 0.0f).nll, 0.693147181f);
  EXPECT_FLOAT_EQ(bernoulli(0.3f, 0.0f).nll, 0.693147181f);
  EXPECT_NEAR(bernoulli(1.0f, 2.0f).nll, 0.126928011f, 1e-7f);  // log(1 + e⁻²)
  EXPECT_FLOAT_EQ(bernoulli(0.0f, 2.0f).nll, 2.126928011f);     // log(1 + e²)
  EXPECT_FLOAT_EQ(bernoulli(0.25f, 2.0f).nll, 1.626928011f);    // a quarter of one, three of the other
  EXPECT_FLOAT_EQ(bernoulli(1.0f, -1.0f).nll, 1.313261688f);
  EXPECT_FLOAT_EQ(bernoulli(1.0f, 20.0f).nll, 2.061153620e-9f);  // e⁻²⁰ (1 − e⁻²⁰/2): nothing is lost
  EXPECT_FLOAT_EQ(bernoulli(0.0f, 100.0f).nll, 100.0f);
  EXPECT_FLOAT_EQ(bernoulli(1.0f, -100.0f).nll, 100.0f);
  EXPECT_NEAR(bernoulli(1.0f, 100.0f).nll, 0.0f, 1e-37f);
  EXPECT_NEAR(bernoulli(0.0f, -100.0f).nll, 0.0f, 1e-37f);
  EXPECT_FLOAT_EQ(bernoulli(0.0f, 0.0f).gradient[0], 0.5f);
  EXPECT_FLOAT_EQ(bernoulli(1.0f, 2.0f).gradient[0], -0.119202922f);  // σ(2) − 1
  EXPECT_FLOAT_EQ(bernoulli(0.0f, 100.0f).gradient[0], 1.0f);
  EXPECT_FLOAT_EQ(bernoulli(1.0f, -100.0f).gradient[0], -1.0f);
  EXPECT_FLOAT_EQ(bernoulli(1.0f, 20.0f).gradient[0], -2.061153618e-9f);
  EXPECT_FLOAT_EQ(bernoulli(0.0f, -20.0f).gradient[0], 2.061153618e-9f);
  EXPECT_NEAR(bernoulli(1.0f, 100.0f).gradient[0], 0.0f, 1e-37f);
}

TEST(Likelihood, GaussianByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto gaussian = [&](float x, float mean, float variance) {
    return value_of(context, LikelihoodKind::gaussian, x, {mean}, {variance, -10.0f, 10.0f});
  };
  EXPECT_FLOAT_EQ(gaussian(0.0f, 0.0f, 1.0f).nll, 0.918938533f);  // ½ log 2π
  EXPECT_FLOAT_EQ(gaussian(3.0f, 1.0f, 1.0f).nll, 2.918938533f);
  EXPECT_FLOAT_EQ(gaussian(3.0f, 1.0f, 4.0f).nll, 2.112085714f);  // ½ + log 2 + ½ log 2π
  EXPECT_FLOAT_EQ(gaussian(0.5f, 0.0f, 0.01f).nll, 11.116353440f);
  EXPECT_FLOAT_EQ(gaussian(3.0f, 1.0f, 4.0f).gradient[0], -0.5f);
  EXPECT_FLOAT_EQ(gaussian(0.0f, 1.0f, 0.01f).gradient[0], 100.0f);
}

TEST(Likelihood, GaussianLearnedByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto learned = [&](float x, float mean, float log_variance) {
    return value_of(context, LikelihoodKind::gaussian_learned, x, {mean, log_variance}, {1.0f, -2.0f, 3.0f});
  };
  EXPECT_FLOAT_EQ(learned(0.0f, 0.0f, 0.0f).nll, 0.918938533f);
  EXPECT_FLOAT_EQ(learned(3.0f, 1.0f, 1.386294361f).nll, 2.112085714f);  // σ² = 4, as above
  EXPECT_FLOAT_EQ(learned(2.0f, 1.0f, -2.0f).nll, 3.613466582f);         // ½ e² − 1 + ½ log 2π
  EXPECT_FLOAT_EQ(learned(2.0f, 1.0f, -50.0f).nll, 3.613466582f);        // clamped to the same
  EXPECT_FLOAT_EQ(learned(2.0f, 1.0f, 80.0f).nll, 2.443832068f);         // ½ e⁻³ + 1.5 + ½ log 2π
  EXPECT_FLOAT_EQ(learned(3.0f, 1.0f, 0.0f).gradient[0], -2.0f);
  EXPECT_FLOAT_EQ(learned(3.0f, 1.0f, 0.0f).gradient[1], -1.5f);  // ½ (1 − 4)
  EXPECT_FLOAT_EQ(learned(1.0f, 1.0f, 0.5f).gradient[1], 0.5f);
  // Outside the range the mean still learns, the log-variance does not.
  EXPECT_FLOAT_EQ(learned(2.0f, 1.0f, -50.0f).gradient[0], -7.389056099f);
  EXPECT_EQ(learned(2.0f, 1.0f, -50.0f).gradient[1], 0.0f);
  EXPECT_EQ(learned(2.0f, 1.0f, 80.0f).gradient[1], 0.0f);
  // At the bounds it does.
  EXPECT_FLOAT_EQ(learned(2.0f, 1.0f, -2.0f).gradient[1], -3.194528049f);  // ½ (1 − e²)
  EXPECT_FLOAT_EQ(learned(1.0f, 1.0f, 3.0f).gradient[1], 0.5f);
}

/// A formula's float64 instance against its own derivative, for each likelihood and parameter.
template <class Likelihood>
void expect_gradient() {
  const LikelihoodConstants constants{0.7f, -3.0f, 2.0f};
  const Likelihood likelihood(constants);
  constexpr int kParameters = Likelihood::kParameters;
  Random random(5);
  for (int trial = 0; trial < 200; ++trial) {
    const double x = Likelihood::kSupport == Support::unit_interval ? random.unit() : random.gaussian();
    std::vector<double> at;
    for (int p = 0; p < kParameters; ++p) at.push_back(0.8 * random.gaussian());
    const auto pack = [](std::span<const double> from, double(&to)[kParameters]) {
      std::copy(from.begin(), from.end(), to);
    };
    double parameters[kParameters], gradient[kParameters];
    pack(at, parameters);
    likelihood.dnll(x, parameters, gradient);
    const auto f = [&](std::span<const double> q) {
      double inner[kParameters];
      pack(q, inner);
      return likelihood.nll(x, inner);
    };
    // log1p_unit is a fit: 6e-9 off in value, which a difference magnifies
    EXPECT_TRUE(is_gradient<double>({gradient, kParameters}, f, at, {1e-6, 1e-6}, 1e-3)) << Likelihood::kName;
  }
}

TEST(Likelihood, EveryFormulasDerivativeIsRight) {
#define ELBO_USE(kind, Likelihood) expect_gradient<math::Likelihood>();
  ELBO_LIKELIHOODS(ELBO_USE)
#undef ELBO_USE
}

TEST(Likelihood, DensitiesIntegrateToOne) {
  for (const auto& info : kLikelihoods) {
    const std::vector<float> parameters = {0.4f, -0.5f};
    const std::vector<double> wide(parameters.begin(), parameters.begin() + info.parameters);
    const LikelihoodConstants constants{0.3f, -3.0f, 2.0f};
    double total = 0.0;
    if (info.support == Support::unit_interval) {
      for (double x : {0.0, 1.0}) total += std::exp(-reference_nll(info.kind, constants, x, wide));
    } else {
      for (double x = -12.0; x < 12.0; x += 1e-3) {
        total += 1e-3 * std::exp(-reference_nll(info.kind, constants, x, wide));
      }
    }
    EXPECT_NEAR(total, 1.0, 1e-9) << info.name;
  }
}

TEST(Likelihood, NanShowsUnlessMasked) {
  ELBO_REQUIRE_DEVICE();
  for (const auto& info : kLikelihoods) {
    SCOPED_TRACE(info.name);
    Context context(device());
    constexpr std::int64_t kRows = 3, kValues = 37;
    const std::int64_t width = info.parameters * kValues;
    std::vector<float> parameters(static_cast<std::size_t>(kRows * width), 0.25f);
    parameters[static_cast<std::size_t>(width + 36)] = kNan;  // row 1, the last value
    std::vector<float> x(kRows * kValues, 0.5f);
    x[2 * kValues + 5] = kNan;  // row 2
    std::vector<float> mask(x.size(), 1.0f);
    Buffer<float> p(context, parameters), data(context, x), nll(context, kRows),
        gradient(context, kRows * width);
    const auto run = [&](MatrixView<const float> mask_view) {
      ops::likelihood(context, info.kind, {}, nll.view(), gradient.matrix(kRows, width),
                      p.matrix(kRows, width), data.matrix(kRows, kValues), mask_view, {});
      return nll.download();
    };
    const auto unmasked = run({});
    EXPECT_TRUE(std::isfinite(unmasked[0]));
    EXPECT_TRUE(std::isnan(unmasked[1]));
    EXPECT_TRUE(std::isnan(unmasked[2]));
    const auto slopes = gradient.download();
    EXPECT_TRUE(std::isnan(slopes[static_cast<std::size_t>(width + 36)]));
    EXPECT_TRUE(std::isnan(slopes[static_cast<std::size_t>(2 * width + 5)]));

    mask[kValues + 36] = mask[2 * kValues + 5] = 0.0f;
    Buffer<float> device_mask(context, mask);
    const auto masked = run(std::as_const(device_mask).matrix(kRows, kValues));
    EXPECT_TRUE(std::isfinite(masked[1]));
    EXPECT_FLOAT_EQ(masked[1], unmasked[0] * 36.0f / 37.0f);
    EXPECT_FLOAT_EQ(masked[2], unmasked[0] * 36.0f / 37.0f);
    for (float slope : gradient.download()) EXPECT_TRUE(std::isfinite(slope));
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
  EXPECT_THROW(ops::likelihood_mean(context, kBernoulli, {}, matrix(2, 5), matrix(3, 5)), ShapeError);
  EXPECT_THROW(ops::likelihood_mean(context, kBernoulli, {}, matrix(2, 5), matrix(2, 6)), ShapeError);
}

TEST(Likelihood, NamesGoBothWays) {
  EXPECT_EQ(likelihood_named("gaussian-learned"), LikelihoodKind::gaussian_learned);
  EXPECT_EQ(likelihood_named("cauchy"), std::nullopt);
  for (const auto& info : kLikelihoods) {
    EXPECT_EQ(likelihood_named(info.name), info.kind);
    EXPECT_EQ(likelihood_name(info.kind), info.name);
    EXPECT_EQ(likelihood_parameters(info.kind), info.parameters);
    EXPECT_EQ(likelihood_support(info.kind), info.support);
  }
}

}  // namespace
}  // namespace elbo::test
