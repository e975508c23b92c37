// LZF by hand-packed bytes.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "data/sources/lzf.h"

namespace elbo::data {
namespace {

std::string unpacked(const std::vector<std::uint8_t>& packed, std::size_t room) {
  std::vector<std::uint8_t> out(room);
  const auto done = unpack_lzf(packed, out);
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(done)};
}

TEST(DataLzf, LiteralsAndReferences) {
  EXPECT_EQ(unpacked({2, 'a', 'b', 'c'}, 3), "abc");
  EXPECT_EQ(unpacked({1, 'a', 'b', 1 << 5, 1}, 5), "ababa");
  EXPECT_EQ(unpacked({0, 'a', 7 << 5, 255, 0}, 265), std::string(265, 'a'));
  EXPECT_EQ(unpacked({0, 'a'}, 9), "a");
  // 'x' and 256 times 'a', then a reference 257 bytes back: the high bits of its distance are in the code.
  const std::string far = unpacked({1, 'x', 'a', 7 << 5, 246, 0, 1 << 5 | 1, 0}, 300);
  EXPECT_EQ(far, "x" + std::string(256, 'a') + "xaa");
}

TEST(DataLzf, DamagedDataIsRefused) {
  EXPECT_EQ(unpacked({}, 4), "");
  EXPECT_EQ(unpacked({2, 'a', 'b'}, 4), "") << "literals that are cut off";
  EXPECT_EQ(unpacked({2, 'a', 'b', 'c'}, 2), "") << "literals that do not fit";
  EXPECT_EQ(unpacked({0, 'a', 1 << 5, 1}, 9), "") << "a reference before the beginning";
  EXPECT_EQ(unpacked({0, 'a', 1 << 5, 0}, 3), "") << "a reference that does not fit";
  EXPECT_EQ(unpacked({0, 'a', 1 << 5}, 9), "") << "a reference without its distance";
  EXPECT_EQ(unpacked({0, 'a', 7 << 5}, 9), "") << "a reference without its length";
}

}  // namespace
}  // namespace elbo::data
