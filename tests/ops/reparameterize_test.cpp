// Posterior samples, their divergence and gradient, and the noise in them, on the device under test.

#include "ops/reparameterize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cases/reparameterize.h"
#include "elbo/error.h"
#include "support/instruction_sets.h"
#include "support/normality.h"

namespace elbo::test {
namespace {

std::vector<ReparameterizeCase> cases() {
  std::vector<ReparameterizeCase> all;
  for (std::int64_t latent : {1, 2, 3, 4, 5, 17, 20, 64, 129}) all.push_back({3, latent});
  all.push_back({1, 1});
  all.push_back({128, 20});
  all.push_back({17, 20, 1, 0, true});
  all.push_back({5, 20, 4, 0, true});
  all.push_back({5, 7, 3, 0, true});  // samples begin anywhere in a block
  all.push_back({5, 7, 3, 2, true});
  all.push_back({3, 2, 5, 1});
  all.push_back({2, 301, 3, 1, true});  // longer than a chunk
  all.push_back({4, 33, 2, 0, false, false});
  for (std::int64_t latent : {1, 3, 20, 129}) all.push_back({3, latent, 4, 0, true, true, true});
  all.push_back({2, 301, 3, 1, true, true, true});
  all.push_back({1, 50, 37, 0, false, true, true});
  return all;
}

class ReparameterizeOp : public testing::TestWithParam<ReparameterizeCase> {};

TEST_P(ReparameterizeOp, ForwardMatchesReference) {
  EXPECT_OP(SampleCase{GetParam()});
}
TEST_P(ReparameterizeOp, BackwardMatchesReference) {
  EXPECT_OP(SampleGradientCase{GetParam()});
}

INSTANTIATE_TEST_SUITE_P(, ReparameterizeOp, testing::ValuesIn(cases()), CaseName());

/// A posterior on the device under test, and its results.
struct Posterior {
  Posterior(Context& context, std::int64_t rows, std::int64_t latent, const std::vector<float>& means,
            const std::vector<float>& log_variances)
      : context(context),
        rows(rows),
        latent(latent),
        mean(context, means),
        log_variance(context, log_variances) {}
  /// N(0, 1), so that z = ε.
  Posterior(Context& context, std::int64_t rows, std::int64_t latent)
      : Posterior(context, rows, latent, std::vector<float>(static_cast<std::size_t>(rows * latent)),
                  std::vector<float>(static_cast<std::size_t>(rows * latent))) {}

  std::vector<float> sample(const NoiseSource& noise, std::int64_t samples = 1) {
    Buffer<float> z(context, rows * samples * latent);
    kl = Buffer<float>(context, rows);
    log_ratio = Buffer<float>(context, rows * samples);
    ops::reparameterize(context, z.matrix(rows * samples, latent), kl.view(), log_ratio.view(),
                        std::as_const(mean).matrix(rows, latent),
                        std::as_const(log_variance).matrix(rows, latent), noise);
    return z.to_host();
  }

  Context& context;
  std::int64_t rows, latent;
  Buffer<float> mean, log_variance, kl, log_ratio;
};

TEST(ReparameterizeNoise, IsNormal) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  expect_normal(Posterior(context, 500, 17).sample({.seed = 2024}, 4));
}

TEST(ReparameterizeNoise, IsTheDocumentedOne) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const auto z = Posterior(context, 40, 23).sample({.seed = 5, .purpose = NoisePurpose::prior_sample}, 3);
  std::vector<double> expected;
  for (std::int64_t i = 0; i < 40; ++i) {
    for (std::int64_t d = 0; d < 3 * 23; ++d) {
      expected.push_back(reference_normal(5, NoisePurpose::prior_sample, i, 0, d));
    }
  }
  EXPECT_TRUE(near_all<float>(z, expected, {3e-6, 1e-6}, 23));
}

TEST(ReparameterizeNoise, ChangesWithEveryPartOfTheAddress) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Posterior posterior(context, 30, 20);
  const Buffer<std::uint64_t> time(context, std::vector<std::uint64_t>{1});
  std::vector<std::int64_t> shifted_rows(30);
  for (std::size_t i = 0; i < shifted_rows.size(); ++i) shifted_rows[i] = static_cast<std::int64_t>(i) + 30;
  const Buffer<std::int64_t> examples(context, shifted_rows);
  const NoiseSource base{.seed = 1};
  std::vector<NoiseSource> sources(6, base);
  sources[1].seed = 2;
  sources[2].seed = std::uint64_t{1} << 32 | 1;
  sources[3].purpose = NoisePurpose::importance;
  sources[4].time = time.data();
  sources[5].examples = examples.data();
  std::vector<std::vector<float>> draws;
  for (const auto& source : sources) draws.push_back(posterior.sample(source));
  NoiseSource later = base;
  later.first_sample = 1;
  draws.push_back(posterior.sample(later));
  for (std::size_t a = 0; a < draws.size(); ++a) {
    for (std::size_t b = a + 1; b < draws.size(); ++b) {
      double product = 0.0;
      for (std::size_t i = 0; i < draws[a].size(); ++i)
        product += static_cast<double>(draws[a][i]) * draws[b][i];
      EXPECT_LT(std::abs(product) / std::sqrt(static_cast<double>(draws[a].size())), 4.0)
          << a << " and " << b;
    }
  }
}

TEST(ReparameterizeNoise, DoesNotDependOnHowTheBatchIsSplit) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  constexpr std::int64_t kRows = 21, kLatent = 19, kFirst = 8;
  Random random(3);
  const auto mean = random.normal(kRows * kLatent), log_variance = random.normal(kRows * kLatent);
  std::vector<std::int64_t> numbers = random.indices(kRows, 1000);
  const auto part = [&](const auto& values, std::int64_t first, std::int64_t last) {
    return std::vector(values.begin() + first, values.begin() + last);
  };
  const auto run = [&](std::int64_t first, std::int64_t last) {
    const Buffer<std::int64_t> examples(context, part(numbers, first, last));
    Posterior posterior(context, last - first, kLatent, part(mean, first * kLatent, last * kLatent),
                        part(log_variance, first * kLatent, last * kLatent));
    auto all = posterior.sample({.seed = 8, .examples = examples.data()}, 2);
    for (const auto* sums : {&posterior.kl, &posterior.log_ratio}) {
      const auto values = sums->to_host();
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  };
  const auto whole = run(0, kRows), upper = run(0, kFirst), lower = run(kFirst, kRows);
  const auto same = [&](std::int64_t at_whole, const std::vector<float>& from, std::int64_t at,
                        std::int64_t count) {
    EXPECT_TRUE(std::equal(whole.begin() + at_whole, whole.begin() + at_whole + count, from.begin() + at));
  };
  constexpr std::int64_t kRest = kRows - kFirst, kZ = 2 * kLatent;
  same(0, upper, 0, kFirst * kZ);
  same(kFirst * kZ, lower, 0, kRest * kZ);
  same(kRows * kZ, upper, kFirst * kZ, kFirst);  // kl
  same(kRows * kZ + kFirst, lower, kRest * kZ, kRest);
  same(kRows * (kZ + 1), upper, kFirst * (kZ + 1), 2 * kFirst);  // log_ratio
  same(kRows * (kZ + 1) + 2 * kFirst, lower, kRest * (kZ + 1), 2 * kRest);
}

TEST(ReparameterizeNoise, DoesNotDependOnHowTheSamplesAreSplit) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  for (std::int64_t latent : {2, 20}) {
    Posterior posterior(context, 1, latent);
    auto parts = posterior.sample({.seed = 4, .first_sample = 10}, 3);
    const auto rest = posterior.sample({.seed = 4, .first_sample = 13}, 4);
    parts.insert(parts.end(), rest.begin(), rest.end());
    EXPECT_EQ(posterior.sample({.seed = 4, .first_sample = 10}, 7), parts);
  }
}

TEST(ReparameterizeNoise, DoesNotDependOnTheThreads) {
  if (device().is_cuda()) GTEST_SKIP() << "a test of the CPU's bodies";
  Context one(Device::cpu(), 1), two(Device::cpu(), 2), three(Device::cpu(), 3);
  const auto draw = [](Context& context) { return Posterior(context, 400, 21).sample({.seed = 4}, 2); };
  const auto expected = draw(one);
  EXPECT_EQ(draw(two), expected);
  EXPECT_EQ(draw(three), expected);
}

TEST(ReparameterizeKl, ByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Posterior standard(context, 1, 20);
  standard.sample({});
  EXPECT_EQ(standard.kl.to_host()[0], 0.0f);
  Posterior shifted(context, 1, 2, {3.0f, -1.0f}, {0.0f, 0.0f});  // ½ (9 + 1)
  shifted.sample({});
  EXPECT_FLOAT_EQ(shifted.kl.to_host()[0], 5.0f);
  Posterior wide(context, 1, 1, {0.0f}, {1.386294361f});  // ½ (4 − log 4 − 1)
  wide.sample({});
  EXPECT_FLOAT_EQ(wide.kl.to_host()[0], 0.806852819f);
}

TEST(ReparameterizeKl, IsTheMeanOfTheLogRatio) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  constexpr std::int64_t kSamples = 5000, kLatent = 3;
  Posterior posterior(context, 1, kLatent, {0.5f, -1.0f, 0.0f}, {-1.0f, 0.3f, 0.6f});
  posterior.sample({.seed = 6}, kSamples);
  double mean = 0.0, squares = 0.0;
  for (double ratio : posterior.log_ratio.to_host()) {
    mean += ratio / kSamples;
    squares += ratio * ratio / kSamples;
  }
  const double standard_error = std::sqrt((squares - mean * mean) / kSamples);
  EXPECT_NEAR(mean, posterior.kl.to_host()[0], 4.0 * standard_error);
  EXPECT_LT(standard_error, 0.04);
}

TEST(Reparameterize, NanStaysInItsRow) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  constexpr std::int64_t kLatent = 20;
  std::vector<float> mean(3 * kLatent, 0.1f), log_variance(3 * kLatent, 0.1f);
  mean[kLatent + 19] = std::numeric_limits<float>::quiet_NaN();
  log_variance[2 * kLatent] = std::numeric_limits<float>::quiet_NaN();
  Posterior posterior(context, 3, kLatent, mean, log_variance);
  const auto z = posterior.sample({});
  const auto kl = posterior.kl.to_host(), ratio = posterior.log_ratio.to_host();
  for (std::size_t i = 0; i < z.size(); ++i) {
    EXPECT_EQ(std::isnan(z[i]), i == kLatent + 19 || i == 2 * kLatent) << i;
  }
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(std::isnan(kl[i]), i > 0);
    EXPECT_EQ(std::isnan(ratio[i]), i > 0);
  }
}

TEST(Reparameterize, EveryInstructionSetAgreesWithTheReference) {
  if (device().is_cuda()) GTEST_SKIP() << "a test of the CPU's bodies";
  for_each_instruction_set([] {
    for (const auto& shape : {ReparameterizeCase{5, 7, 3, 2, true}, ReparameterizeCase{3, 37}}) {
      expect_op(SampleCase{shape});
      expect_op(SampleGradientCase{shape});
    }
  });
}

TEST(Reparameterize, WrongShapesAreRefused) {
  Context context(Device::cpu());
  std::vector<float> memory(1000);
  const auto matrix = [&](std::int64_t rows, std::int64_t cols) {
    return MatrixView<float>(memory.data(), rows, cols);
  };
  const auto vector = [&](std::int64_t size) { return VectorView<float>(memory.data(), size); };
  const NoiseSource noise;
  const auto forward = [&](MatrixView<float> z, VectorView<float> kl, VectorView<float> ratio,
                           MatrixView<float> mean, MatrixView<float> log_variance,
                           const NoiseSource& source) {
    ops::reparameterize(context, z, kl, ratio, mean, log_variance, source);
  };
  EXPECT_NO_THROW(forward(matrix(6, 5), vector(3), vector(6), matrix(3, 5), matrix(3, 5), noise));
  EXPECT_THROW(forward(matrix(6, 4), {}, {}, matrix(3, 5), matrix(3, 5), noise), ShapeError);
  EXPECT_THROW(forward(matrix(7, 5), {}, {}, matrix(3, 5), matrix(3, 5), noise), ShapeError);
  EXPECT_THROW(forward(matrix(6, 5), {}, {}, matrix(3, 5), matrix(3, 4), noise), ShapeError);
  EXPECT_THROW(forward(matrix(6, 5), vector(6), {}, matrix(3, 5), matrix(3, 5), noise), ShapeError);
  EXPECT_THROW(forward(matrix(6, 5), {}, vector(3), matrix(3, 5), matrix(3, 5), noise), ShapeError);
  EXPECT_THROW(forward(matrix(6, 5), {}, {}, matrix(3, 5), matrix(3, 5), {.first_sample = -1}), ShapeError);
  EXPECT_THROW(
      forward(matrix(6, 5), {}, {}, matrix(3, 5), matrix(3, 5), {.first_sample = std::int64_t{1} << 24}),
      ShapeError);
  const auto backward = [&](std::int64_t gradient_cols, std::int64_t per_row, std::int64_t per_dimension) {
    ops::KlWeight weight;
    if (per_row) weight.per_row = vector(per_row);
    if (per_dimension) weight.per_dimension = vector(per_dimension);
    ops::reparameterize_backward(context, matrix(3, gradient_cols), {memory.data() + 500, 3, 5}, matrix(6, 5),
                                 {memory.data() + 100, 3, 5}, {memory.data() + 200, 3, 5}, weight, 3.0f,
                                 noise);
  };
  EXPECT_NO_THROW(backward(5, 3, 5));
  EXPECT_THROW(backward(4, 0, 0), ShapeError);
  EXPECT_THROW(backward(5, 6, 0), ShapeError);
  EXPECT_THROW(backward(5, 0, 4), ShapeError);
}

}  // namespace
}  // namespace elbo::test
