// math/divider.h against the processor's division.

#include "math/divider.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace elbo::test {
namespace {

TEST(Divider, IsDivision) {
  constexpr std::uint32_t kLargest = 0x7fffffff;
  for (const std::uint32_t divisor : {1u, 2u, 3u, 5u, 7u, 9u, 28u, 49u, 64u, 196u, 784u, 1152u, 65535u,
                                      65536u, 65537u, 1u << 30, kLargest - 1, kLargest}) {
    const math::Divider divider(divisor);
    std::vector<std::uint32_t> numbers = {0, 1, 2, kLargest, kLargest - 1};
    for (std::uint32_t i = 1; i <= 100; ++i) {
      const std::uint64_t multiple = std::uint64_t{divisor} * i;
      if (multiple <= kLargest) numbers.push_back(static_cast<std::uint32_t>(multiple));
      if (multiple <= kLargest) numbers.push_back(static_cast<std::uint32_t>(multiple - 1));
      numbers.push_back(kLargest / 101 * i);
    }
    for (const std::uint32_t n : numbers) {
      ASSERT_EQ(divider.divide(n), n / divisor) << n << " / " << divisor;
      std::uint32_t rest = n;
      ASSERT_EQ(divider.split(rest), n / divisor);
      ASSERT_EQ(rest, n % divisor);
    }
  }
}

}  // namespace
}  // namespace elbo::test
