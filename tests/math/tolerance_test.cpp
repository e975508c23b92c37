// What the tolerance of products must allow, and what it must not.

#include "support/tolerance.h"

#include <gtest/gtest.h>

#include <vector>

#include "math/precision.h"
#include "support/random.h"

namespace elbo::test {
namespace {

/// A sum as tensor cores may make it: `at_once` products are added to it exactly, and what does not fit is
/// cut off.
float cut_off_sum(const std::vector<float>& a, const std::vector<float>& b, std::size_t at_once) {
  float sum = 0.0f;
  for (std::size_t i = 0; i < a.size(); i += at_once) {
    double exact = static_cast<double>(sum);
    for (std::size_t j = i; j < i + at_once; ++j)
      exact += static_cast<double>(a[j]) * static_cast<double>(b[j]);
    sum = static_cast<float>(exact);
    if (std::abs(static_cast<double>(sum)) > std::abs(exact)) sum = std::nextafter(sum, 0.0f);
  }
  return sum;
}

struct Chains {
  std::vector<float> sums;
  std::vector<double> exact, unrounded;
};

/// Chains of `terms` products of standard normals in tf32.
Chains chains_of(std::int64_t terms) {
  Chains chains;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    auto a = Random(2 * seed).normal(terms), b = Random(2 * seed + 1).normal(terms);
    double exact = 0.0, unrounded = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      unrounded += static_cast<double>(a[i]) * static_cast<double>(b[i]);
      a[i] = math::round_to_tf32(a[i]);
      b[i] = math::round_to_tf32(b[i]);
      exact += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    }
    chains.sums.push_back(cut_off_sum(a, b, 4));
    chains.exact.push_back(exact);
    chains.unrounded.push_back(unrounded);
  }
  return chains;
}

TEST(Tolerance, AllowsOneChainThatIsCutOff) {
  const Chains chains = chains_of(8192);
  const std::span<const float> sums = chains.sums;
  EXPECT_TRUE(near_all(sums, chains.exact, Tolerance::gemm_sum(Precision::tf32, 8192)));
  EXPECT_FALSE(near_all(sums, chains.exact, Tolerance::float_sum(8192)));
}

TEST(Tolerance, OfAProductTellsOperandsThatAreNotRounded) {
  const Chains chains = chains_of(784);
  const std::span<const float> sums = chains.sums;
  EXPECT_TRUE(near_all(sums, chains.exact, Tolerance::gemm_sum(Precision::tf32, 784)));
  EXPECT_FALSE(near_all(sums, chains.unrounded, Tolerance::gemm_sum(Precision::tf32, 784)));
}

TEST(Tolerance, OfAnFp32ProductIsThatOfASum) {
  EXPECT_EQ(Tolerance::gemm_sum(Precision::fp32, 784).absolute, Tolerance::float_sum(784).absolute);
}

}  // namespace
}  // namespace elbo::test
