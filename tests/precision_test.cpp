// The formats that operands of products are rounded to.

#include "elbo/precision.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "elbo/error.h"
#include "math/precision.h"
#include "runtime/context.h"
#include "support/random.h"

namespace elbo::test {
namespace {

/// Nearest by the definition, ties to even: `digits` significant bits, the first among them implied.
double rounded(float value, int digits) {
  if (value == 0.0f) return value;
  int exponent;
  const double scaled = std::ldexp(std::frexp(static_cast<double>(value), &exponent), digits);
  return std::ldexp(std::nearbyint(scaled), exponent - digits);
}

TEST(Rounding, IsToTheNearest) {
  for (float value : Random(3).normal(20000)) {
    value *= std::exp2(static_cast<float>(static_cast<int>(std::abs(value) * 1e4f) % 60 - 30));
    EXPECT_EQ(math::round_to_tf32(value), rounded(value, 11)) << value;
    EXPECT_EQ(math::round_to_bf16(value), rounded(value, 8)) << value;
  }
}

TEST(Rounding, TiesAndEnds) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(math::round_to_tf32(1.0f + 0x1p-11f), 1.0f);  // to even
  EXPECT_EQ(math::round_to_tf32(-1.0f - 0x1.8p-10f), -1.0f - 0x1p-9f);
  EXPECT_EQ(math::round_to_tf32(1.0f + 0x1.8p-12f), 1.0f);
  EXPECT_EQ(math::round_to_bf16(1.0f + 0x1p-8f), 1.0f);
  EXPECT_EQ(math::round_to_bf16(1.0f + 0x1.8p-7f), 1.0f + 0x1p-6f);
  for (const auto round : {math::round_to_tf32, math::round_to_bf16}) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(round(-0.0f)), 0x80000000u);
    EXPECT_EQ(round(infinity), infinity);
    EXPECT_EQ(round(-infinity), -infinity);
    EXPECT_EQ(round(std::numeric_limits<float>::max()), infinity);
    EXPECT_TRUE(std::isnan(round(std::numeric_limits<float>::quiet_NaN())));
    EXPECT_TRUE(std::isnan(round(std::bit_cast<float>(0x7f800001u)))) << "a NaN with its low bits alone";
    EXPECT_EQ(round(round(0.1f)), round(0.1f));
  }
}

TEST(Precision, NamesAreReadBack) {
  for (const auto precision : {Precision::fp32, Precision::tf32, Precision::bf16}) {
    EXPECT_EQ(parse_precision(precision_name(precision)), precision);
  }
  EXPECT_THROW(parse_precision("fp16"), ConfigError);
  EXPECT_THROW(parse_precision("auto"), ConfigError);
  EXPECT_EQ(default_training_precision(Device::cpu()), Precision::fp32);
  EXPECT_EQ(default_training_precision(Device::cuda(1)), Precision::tf32);
}

TEST(Precision, AScopePutsItBack) {
  Context context(Device::cpu());
  EXPECT_EQ(context.precision(), Precision::fp32);
  {
    const PrecisionScope scope(context, Precision::bf16);
    EXPECT_EQ(context.precision(), Precision::bf16);
  }
  EXPECT_EQ(context.precision(), Precision::fp32);
}

}  // namespace
}  // namespace elbo::test
