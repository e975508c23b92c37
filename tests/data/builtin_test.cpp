// Built-in data: the same bytes everywhere, with the documented distribution.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <set>

#include "data/sources/digit_strokes.h"
#include "data/sources/digits.h"
#include "data/sources/random.h"
#include "data/sources/synthetic.h"
#include "support/data.h"
#include "support/threads.h"
#include "elbo/dataset.h"

namespace elbo {
namespace {

/// FNV-1a over bytes, independent of anything in the library.
std::uint64_t fingerprint(const void* data, std::size_t bytes, std::uint64_t hash = 0xcbf29ce484222325u) {
  const auto* next = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i < bytes; ++i) hash = (hash ^ next[i]) * 0x100000001b3u;
  return hash;
}

template <class T>
std::uint64_t fingerprint(const std::vector<T>& values) {
  return fingerprint(values.data(), values.size() * sizeof(T));
}

TEST(DataBuiltin, RandomIsTheDocumentedSequence) {
  data::Random random(42, data::Stream::uniform, 7);
  data::Random same(42, data::Stream::uniform, 7);
  data::Random other_index(42, data::Stream::uniform, 8);
  data::Random other_stream(42, data::Stream::gaussian, 7);
  data::Random other_seed(43, data::Stream::uniform, 7);
  const auto first = random.next();
  EXPECT_EQ(first, 410317461395899534u);  // computed independently, from the definition
  EXPECT_EQ(first, same.next());
  const std::set<std::uint64_t> distinct{first, other_index.next(), other_stream.next(), other_seed.next()};
  EXPECT_EQ(distinct.size(), 4u);
}

TEST(DataBuiltin, BelowIsUniform) {
  data::Random random(1, data::Stream::split, 0);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts.at(random.below(7));
  // Chi-squared with 6 degrees of freedom exceeds 22.5 with probability 0.001.
  double chi = 0.0;
  for (const int count : counts) chi += (count - 10000.0) * (count - 10000.0) / 10000.0;
  EXPECT_LT(chi, 22.5);
}

TEST(DataBuiltin, NormalHasTheMomentsAndTailsOfANormal) {
  constexpr int kCount = 400000;
  double sum = 0.0, squares = 0.0, fourths = 0.0;
  int beyond_two = 0, below_minus_one = 0;
  data::Random random(3, data::Stream::gaussian, 0);
  for (int i = 0; i < kCount; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
    beyond_two += std::fabs(x) > 2.0;
    below_minus_one += x < -1.0;
  }
  // Each bound is four standard errors.
  const double root = std::sqrt(kCount);
  EXPECT_NEAR(sum / kCount, 0.0, 4.0 / root);
  EXPECT_NEAR(squares / kCount, 1.0, 4.0 * std::sqrt(2.0) / root);
  EXPECT_NEAR(fourths / kCount, 3.0, 4.0 * std::sqrt(96.0) / root);
  EXPECT_NEAR(beyond_two / double{kCount}, std::erfc(std::sqrt(2.0)), 4.0 * 0.21 / root);
  EXPECT_NEAR(below_minus_one / double{kCount}, 0.5 * std::erfc(std::sqrt(0.5)), 4.0 * 0.37 / root);
}

TEST(DataBuiltin, Gaussian2dHasItsMomentsAndFactors) {
  const Dataset data = data::gaussian2d(5, 100000);
  EXPECT_EQ(data.dims(), 2);
  double mean[2] = {}, covariance[3] = {};
  for (std::int64_t i = 0; i < data.train.count; ++i) {
    const double x = data.train.value(i, 0) - 1.0, y = data.train.value(i, 1) + 0.5;
    mean[0] += x, mean[1] += y;
    covariance[0] += x * x, covariance[1] += x * y, covariance[2] += y * y;
    const auto factors = data.train.factors.row(i);
    EXPECT_NEAR(x, factors[0], 1e-6);
    EXPECT_NEAR(y, 0.4 * factors[0] + 0.3 * factors[1], 1e-6);
  }
  const auto n = static_cast<double>(data.train.count);
  EXPECT_NEAR(mean[0] / n, 0.0, 0.013);
  EXPECT_NEAR(mean[1] / n, 0.0, 0.007);
  EXPECT_NEAR(covariance[0] / n, 1.0, 0.018);
  EXPECT_NEAR(covariance[1] / n, 0.4, 0.009);
  EXPECT_NEAR(covariance[2] / n, 0.25, 0.005);
}

TEST(DataBuiltin, DefaultSizes) {
  const Dataset gaussian = load_dataset("gaussian2d", {.seed = 1});
  EXPECT_EQ(gaussian.train.count, 1000);
  EXPECT_EQ(gaussian.test.count, 1000);
  EXPECT_FALSE(gaussian.picture.is_picture());
  EXPECT_NE(gaussian.train.floats, gaussian.test.floats);
  const Dataset uniform = load_dataset("uniform10", {.seed = 1});
  EXPECT_EQ(uniform.train.count, 10000);
  EXPECT_EQ(uniform.test.count, 2000);
  EXPECT_EQ(uniform.dims(), 10);
  for (const float value : uniform.train.floats) {
    EXPECT_GE(value, 0.0f);
    EXPECT_LT(value, 1.0f);
  }
}

TEST(DataBuiltin, DigitsAreWholePicturesWithLabelsAndFactors) {
  const Dataset data = data::digits(1, 500, 60);
  EXPECT_EQ(data.picture, (PictureShape{28, 28, 1}));
  EXPECT_EQ(data.train.bytes.size(), 500u * 784u);
  EXPECT_EQ(data.test.count, 60);
  EXPECT_EQ(data.factor_names.size(), static_cast<std::size_t>(data.train.factors.cols));
  std::array<int, 10> seen{};
  for (std::int64_t i = 0; i < data.train.count; ++i) {
    const int label = data.train.labels[static_cast<std::size_t>(i)];
    ++seen.at(static_cast<std::size_t>(label));
    double ink = 0.0;
    for (std::int64_t j = 0; j < 784; ++j) ink += data.train.value(i, j);
    EXPECT_GT(ink, 8.0) << "example " << i;
    EXPECT_LT(ink, 300.0) << "example " << i;
    const auto factors = data.train.factors.row(i);
    EXPECT_LT(static_cast<std::size_t>(factors[0]), data::digit_styles(label).size());
    EXPECT_GE(factors[1], 14.5f);
    EXPECT_LE(factors[1], 20.0f);
  }
  for (const int count : seen) EXPECT_GT(count, 20);
  EXPECT_NE(std::memcmp(data.train.bytes.data(), data.test.bytes.data(), 784), 0);
}

TEST(DataBuiltin, ThickerDigitsHaveMoreInk) {
  const Dataset data = data::digits(2, 2000, 1);
  double ink[2] = {}, count[2] = {};
  for (std::int64_t i = 0; i < data.train.count; ++i) {
    const bool thick = data.train.factors.row(i)[5] > 2.45f;
    for (std::int64_t j = 0; j < 784; ++j) ink[thick] += data.train.value(i, j);
    count[thick] += 1.0;
  }
  EXPECT_GT(ink[1] / count[1], 1.25 * ink[0] / count[0]);
}

// The golden values hold on every machine; changing them changes the data "digits".
TEST(DataBuiltin, GoldenBytes) {
  const Dataset digits = data::digits(1, 300, 50);
  EXPECT_EQ(fingerprint(digits.train.bytes), 1987663322717849648u);
  EXPECT_EQ(fingerprint(digits.test.bytes), 10493478309544854970u);
  EXPECT_EQ(fingerprint(digits.train.labels), 12511767092771075502u);
  EXPECT_EQ(fingerprint(digits.train.factors.values), 8367637981794757914u);
  EXPECT_EQ(fingerprint(data::gaussian2d(1).train.floats), 12113631465806331176u);
  EXPECT_EQ(fingerprint(data::uniform10(1).train.floats), 15301145535874274873u);
}

TEST(DataBuiltin, DigitsDoNotDependOnTheThreadCountOrOnHowManyAreDrawn) {
  const test::Threads alone(1);
  const Dataset one = data::digits(9, 64, 8);
  const test::Threads team(3);
  const Dataset three = data::digits(9, 200, 8);
  EXPECT_EQ(one.train.bytes, three.train.slice(0, 64).bytes);
  EXPECT_EQ(one.test.bytes, three.test.bytes);
  EXPECT_NE(one.train.bytes, data::digits(10, 64, 8).train.bytes);
}

}  // namespace
}  // namespace elbo
