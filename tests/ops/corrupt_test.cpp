// Corrupted inputs against float64, and their statistics.

#include "ops/corrupt.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cases/corrupt.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

std::vector<CorruptCase> corrupt_cases() {
  std::vector<CorruptCase> all;
  for (const auto kind : {ops::Corruption::gaussian, ops::Corruption::masking}) {
    all.push_back({1, 1, kind});
    all.push_back({3, 17, kind, true, true});
    all.push_back({17, 3, kind, false, true});
    all.push_back({5, 784, kind});
    all.push_back({2, 301, kind, true});  // longer than a chunk
  }
  return all;
}

class CorruptOp : public testing::TestWithParam<CorruptCase> {};
TEST_P(CorruptOp, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, CorruptOp, testing::ValuesIn(corrupt_cases()), CaseName());

/// 100,000 ones, corrupted.
std::vector<float> corrupted_ones(ops::Corruption kind, float amount) {
  Context context(device());
  const std::vector<float> ones(100000, 1.0f);
  const Buffer<float> x(context, std::span<const float>(ones));
  Buffer<float> corrupted(context, x.size());
  ops::corrupt(context, corrupted.matrix(1000, 100), x.matrix(1000, 100), {}, kind, amount, {.seed = 3});
  return corrupted.to_host();
}

TEST(CorruptStatistics, AsManyAreDroppedAsWasSaid) {
  ELBO_REQUIRE_DEVICE();
  const auto values = corrupted_ones(ops::Corruption::masking, 0.25f);
  const auto zeros = std::count(values.begin(), values.end(), 0.0f);
  EXPECT_NEAR(static_cast<double>(zeros), 25000.0, 5 * 137.0);
  EXPECT_EQ(std::count(values.begin(), values.end(), 1.0f), 100000 - zeros);
  EXPECT_EQ(corrupted_ones(ops::Corruption::masking, 0.0f), std::vector<float>(100000, 1.0f));
  EXPECT_EQ(corrupted_ones(ops::Corruption::masking, 1.0f), std::vector<float>(100000, 0.0f));
}

TEST(CorruptStatistics, TheNoiseDeviatesAsWasSaid) {
  ELBO_REQUIRE_DEVICE();
  double sum = 0.0, squares = 0.0;
  for (const double value : corrupted_ones(ops::Corruption::gaussian, 0.5f)) {
    sum += value - 1.0;
    squares += (value - 1.0) * (value - 1.0);
  }
  EXPECT_NEAR(sum / 100000, 0.0, 5 * 0.5 / 316.0);
  EXPECT_NEAR(squares / 100000, 0.25, 5 * 0.25 * 1.42 / 316.0);
}

TEST(Corrupt, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> six(context, 6), other(context, 6);
  const auto call = [&](std::int64_t rows, std::int64_t mask_rows, ops::Corruption kind, float amount) {
    ops::corrupt(context, other.matrix(rows, 2), six.matrix(3, 2), six.matrix(mask_rows, 2), kind, amount,
                 {});
  };
  EXPECT_THROW(call(2, 3, ops::Corruption::gaussian, 0.1f), ShapeError);
  EXPECT_THROW(call(3, 2, ops::Corruption::gaussian, 0.1f), ShapeError);
  EXPECT_THROW(call(3, 3, ops::Corruption::none, 0.1f), ShapeError);
  EXPECT_THROW(call(3, 3, ops::Corruption::gaussian, -0.1f), ShapeError);
}

}  // namespace
}  // namespace elbo::test
