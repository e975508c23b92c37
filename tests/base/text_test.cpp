// Text joined from parts, split, and shown.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <sstream>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "support/foreign_locale.h"

namespace elbo {
namespace {

template <class Part>
std::string streamed(const Part& part) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out << part;
  return out.str();
}

enum Plain { two = 2 };

TEST(JoinedText, IsWhatAStreamWrites) {
  EXPECT_EQ(concat("a", std::string("b"), std::string_view("c"), 'd', 1, -2L, 3u, std::size_t{4}, true, two),
            "abcd1-23412");
  EXPECT_EQ(concat(), "");
  for (const auto value : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(),
                           std::int64_t{0}}) {
    EXPECT_EQ(concat(value), streamed(value));
  }
  EXPECT_EQ(concat(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(concat(std::uint8_t{'x'}, static_cast<signed char>('y')), "xy");
}

TEST(JoinedText, WritesRealNumbersAsAStreamDoes) {
  std::vector<double> values = {0.0,  -0.0,  1.0,  0.1,    100000.0, 999999.5,  1e6,         1e-4,
                                1e-5, 1e300, -2.5, 5e-324, INFINITY, -INFINITY, std::nan("")};
  std::mt19937_64 random(1);
  for (int i = 0; i < 10000; ++i) {
    values.push_back(std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 200) - 160));
  }
  for (const double value : values) {
    EXPECT_EQ(concat(value), streamed(value));
    EXPECT_EQ(concat(static_cast<float>(value)), streamed(static_cast<float>(value)));
  }
}

TEST(JoinedText, DoesNotDependOnTheProgramsLocale) {
  const test::ForeignLocale foreign;
  ASSERT_EQ((std::ostringstream() << 1234567 << ' ' << 0.5).str(), "1.234.567 0,5");
  EXPECT_EQ(concat(1234567, " ", 0.5, " ", 1234567.0f), "1234567 0.5 1.23457e+06");
}

TEST(SplitText, GivesWordsAndPieces) {
  using Views = std::vector<std::string_view>;
  EXPECT_EQ(data::words(" conv 32\tk4\n"), (Views{"conv", "32", "k4"}));
  EXPECT_EQ(data::words(""), Views{});
  EXPECT_EQ(data::words(" \n "), Views{});
  EXPECT_EQ(data::pieces("4x4x64", 'x'), (Views{"4", "4", "64"}));
  EXPECT_EQ(data::pieces("a\n\nb\n", '\n'), (Views{"a", "", "b"}));
  EXPECT_EQ(data::pieces("", '\n'), Views{});
}

}  // namespace
}  // namespace elbo
