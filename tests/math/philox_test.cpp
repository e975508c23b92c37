// math/philox.h: the words, their addresses, and the transforms.

#include "math/philox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <vector>

#include "support/normality.h"
#include "support/random.h"
#ifdef ELBO_HAS_CURAND_HEADER
#include "reference/curand_words.h"
#endif

namespace elbo {
namespace {

using Words = math::PhiloxWords<std::uint32_t>;

void expect_words(const Words& actual, const Words& expected) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(actual.word[i], expected.word[i]) << "word " << i;
}

/// The known answers published with Random123 by Salmon et al. (kat_vectors).
TEST(Philox, KnownAnswers) {
  expect_words(math::philox4x32<std::uint32_t>({{0, 0, 0, 0}}, 0, 0),
               {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  constexpr std::uint32_t kOnes = 0xffffffff;
  expect_words(math::philox4x32<std::uint32_t>({{kOnes, kOnes, kOnes, kOnes}}, kOnes, kOnes),
               {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  expect_words(math::philox4x32<std::uint32_t>({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822,
                                               0x299f31d0),
               {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

TEST(Philox, WordsAreCurands) {
#ifdef ELBO_HAS_CURAND_HEADER
  test::Random random(7);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t seed = random.bits();
    const auto purpose = static_cast<NoisePurpose>(1 + random.below(7));
    const std::int64_t example = random.below(i % 2 ? 60000 : std::int64_t{1} << 40);
    const auto time = static_cast<std::uint64_t>(random.below(i % 3 ? 100000 : std::int64_t{1} << 38));
    const std::int64_t dimension = random.below(math::kNoiseDimensions);
    const std::uint64_t subsequence = math::noise_subsequence(purpose, example);
    const std::uint64_t block = math::noise_block(time, dimension);
    const auto expected = test::curand_words(seed, subsequence, 4 * block);
    expect_words(math::noise_words(seed, subsequence, block),
                 {{expected[0], expected[1], expected[2], expected[3]}});
  }
#else
  GTEST_SKIP() << "curand_kernel.h was not found when this was built: no CUDA toolkit on this machine";
#endif
}

TEST(Philox, AddressesAreAsDocumented) {
  EXPECT_EQ(math::noise_subsequence(NoisePurpose::reparameterize, 5), 0x0100000000000005u);
  EXPECT_EQ(math::noise_subsequence(NoisePurpose::likelihood_sample, 59999), 0x070000000000ea5fu);
  EXPECT_EQ(math::noise_block(0, 0), 0u);
  EXPECT_EQ(math::noise_block(0, 7), 1u);
  EXPECT_EQ(math::noise_block(3, 8), 0x3000002u);
  EXPECT_EQ(math::noise_block(1, math::kNoiseDimensions - 1), 0x1ffffffu);
}

TEST(Philox, NoTwoAddressesShareWords) {
  std::set<std::uint64_t> seen;
  std::size_t count = 0;
  for (std::uint64_t seed : {0, 1}) {
    for (int purpose = 1; purpose <= 7; ++purpose) {
      for (std::int64_t example = 0; example < 10; ++example) {
        for (std::uint64_t time = 0; time < 10; ++time) {
          for (std::int64_t dimension = 0; dimension < 40; dimension += 4, ++count) {
            const Words words =
                math::noise_words(seed, math::noise_subsequence(static_cast<NoisePurpose>(purpose), example),
                                  math::noise_block(time, dimension));
            seen.insert(std::uint64_t{words.word[0]} << 32 | words.word[1]);
          }
        }
      }
    }
  }
  EXPECT_EQ(seen.size(), count);  // 14,000 draws of 64 bits: a chance collision has probability 5e-12
}

TEST(Philox, UniformIsHalfOpenAndEven) {
  EXPECT_EQ(math::uniform(0), 0.0f);
  EXPECT_EQ(math::uniform(0x80000000u), 0.5f);
  EXPECT_EQ(math::uniform(0xffffffffu), 1.0f - 0x1p-24f);
  constexpr int kBlocks = 50000;
  double sum = 0.0, squares = 0.0;
  for (int i = 0; i < kBlocks; ++i) {
    for (std::uint32_t word : math::noise_words(3, 9, static_cast<std::uint64_t>(i)).word) {
      const double u = math::uniform(word) - 0.5;
      sum += u;
      squares += u * u;
    }
  }
  constexpr double kCount = 4.0 * kBlocks;
  EXPECT_NEAR(sum / kCount, 0.0, 4.0 * std::sqrt(1.0 / 12.0 / kCount));
  EXPECT_NEAR(squares / kCount, 1.0 / 12.0, 4.0 * std::sqrt(1.0 / 180.0 / kCount));
}

TEST(Philox, NormalsOfExtremeWordsAreFinite) {
  // The radius is √(−2 log u) with u = 2⁻³² and 1, the angle −½, 0, ¼ of a turn.
  const auto farthest = math::normals(0u, 0u);
  EXPECT_NEAR(farthest.first, std::sqrt(64.0 * std::numbers::ln2), 1e-5);
  EXPECT_EQ(farthest.second, 0.0f);
  const auto nearest = math::normals(0xffffffffu, 0x12345678u);
  EXPECT_EQ(nearest.first, 0.0f);
  EXPECT_EQ(nearest.second, 0.0f);
  const auto back = math::normals(0u, 0x80000000u);
  EXPECT_NEAR(back.first, -std::sqrt(64.0 * std::numbers::ln2), 1e-5);
  EXPECT_NEAR(back.second, 0.0, 1e-6);
  const auto up = math::normals(0u, 0x40000000u);
  EXPECT_NEAR(up.first, 0.0, 1e-6);
  EXPECT_NEAR(up.second, std::sqrt(64.0 * std::numbers::ln2), 1e-5);
}

TEST(Philox, NormalsFollowBoxAndMuller) {
  test::Random random(11);
  for (int i = 0; i < 20000; ++i) {
    const auto a = static_cast<std::uint32_t>(random.bits()), b = static_cast<std::uint32_t>(random.bits());
    const auto pair = math::normals(a, b);
    const auto u = static_cast<float>((a >> 1) * 0x1p-31 + 0x1p-32);  // rounded as the formula says
    const double radius = std::sqrt(-2.0 * std::log(static_cast<double>(u)));
    const double angle = 2.0 * std::numbers::pi * static_cast<std::int32_t>(b) * 0x1p-32;
    ASSERT_NEAR(pair.first, radius * std::cos(angle), 2e-6);
    ASSERT_NEAR(pair.second, radius * std::sin(angle), 2e-6);
  }
}

TEST(Philox, NormalsAreNormalAndPairsIndependent) {
  constexpr int kBlocks = 100000;
  std::vector<float> normals;
  double product = 0.0, squares_product = 0.0;
  for (int i = 0; i < kBlocks; ++i) {
    float n[4];
    math::normals(math::noise_words(42, 1, static_cast<std::uint64_t>(i)), n);
    normals.insert(normals.end(), n, n + 4);
    product += static_cast<double>(n[0]) * n[1] + static_cast<double>(n[1]) * n[2];
    squares_product += (n[0] * n[0] - 1.0) * (n[1] * n[1] - 1.0);
  }
  test::expect_normal(normals);
  EXPECT_NEAR(product / (2.0 * kBlocks), 0.0, 4.0 / std::sqrt(2.0 * kBlocks));
  EXPECT_NEAR(squares_product / kBlocks, 0.0, 4.0 * 2.0 / std::sqrt(1.0 * kBlocks));
}

}  // namespace
}  // namespace elbo
