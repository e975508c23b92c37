// The tests' own tools find mistakes.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/gradient_check.h"
#include "support/op_case.h"

namespace elbo::test {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Tolerance, BoundsAbsoluteAndRelativeError) {
  const Tolerance tolerance{0.5, 0.01};
  EXPECT_TRUE(tolerance.holds(101.4, 100.0));
  EXPECT_FALSE(tolerance.holds(101.6, 100.0));
  EXPECT_TRUE(Tolerance::exact().holds(2.0, 2.0));
  EXPECT_FALSE(Tolerance::exact().holds(2.0, std::nextafter(2.0, 3.0)));
}

TEST(Tolerance, NanFailsAndInfinityMatchesOnlyItself) {
  const Tolerance wide{1e30, 1e30};
  EXPECT_FALSE(wide.holds(kNan, 1.0));
  EXPECT_FALSE(wide.holds(1.0, kNan));
  EXPECT_FALSE(wide.holds(kNan, kNan));
  EXPECT_FALSE(wide.holds(1.0, kInfinity));
  EXPECT_FALSE(wide.holds(kInfinity, 1.0));
  EXPECT_TRUE(wide.holds(-kInfinity, -kInfinity));
}

TEST(Tolerance, FailureNamesFirstAndWorst) {
  const std::vector<float> actual = {1, 2.5f, 3, 4, 5, std::nanf("")};
  const std::vector<double> expected = {1, 2, 3, 4, 5, 6};
  const auto result = near_all<float>(actual, expected, {}, 3);
  ASSERT_FALSE(result);
  const std::string message = result.message();
  EXPECT_NE(message.find("2 of 6"), std::string::npos) << message;
  EXPECT_NE(message.find("first [0, 1]: expected 2, actual 2.5"), std::string::npos) << message;
  EXPECT_NE(message.find("worst [1, 2]: expected 6, actual nan"), std::string::npos) << message;
}

TEST(GuardedBuffer, SeesWritesBesideTheValues) {
  Context context(Device::cpu());
  for (const std::int64_t offset : {-1, 5, 7, 5 * 3 + 2 * 2}) {  // before, twice between rows, after
    GuardedBuffer<float> buffer(context, 3, 5, {2, 1});
    buffer.upload(std::vector<float>(15, 1.0f));
    EXPECT_TRUE(buffer.intact());
    float* first = buffer.matrix().data;
    if (offset == 7) {
      first[7] = 2.0f;  // the second row's first value
      EXPECT_TRUE(buffer.intact());
      EXPECT_EQ(buffer.to_host()[5], 2.0f);
      continue;
    }
    first[offset] = 0.0f;
    EXPECT_FALSE(buffer.intact()) << offset;
  }
}

TEST(GuardedBuffer, StartsOffTheGridWhenAsked) {
  Context context(Device::cpu());
  GuardedBuffer<float> aligned(context, 2, 3), misaligned(context, 2, 3, {0, 1});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(aligned.matrix().data) % 256, 0u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(misaligned.matrix().data) % 256, sizeof(float));
  EXPECT_TRUE(std::isnan(aligned.to_host()[0]));
}

TEST(GradientCheck, TellsRightFromWrong) {
  const auto f = [](std::span<const double> x) { return std::sin(x[0]) * x[1]; };
  const std::vector<double> x = {0.3, -2.0};
  const std::vector<double> right = {std::cos(0.3) * -2.0, std::sin(0.3)};
  const std::vector<double> wrong = {std::cos(0.3) * -2.0, std::sin(0.3) * 1.001};
  EXPECT_TRUE(is_gradient<double>(right, f, x));
  EXPECT_FALSE(is_gradient<double>(wrong, f, x));
}

TEST(Random, IsTheSameEverywhere) {
  Random random(7);
  EXPECT_EQ(random.bits(), 7191089600892374487ull);
  const auto values = Random(7).normal(10000, 1.0, 2.0);
  double sum = 0, squares = 0;
  for (float value : values) {
    sum += value;
    squares += (value - 1.0) * (value - 1.0);
  }
  EXPECT_NEAR(sum / 10000, 1.0, 0.08);
  EXPECT_NEAR(squares / 10000, 4.0, 0.25);
}

}  // namespace
}  // namespace elbo::test
