#include "data/md5.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace elbo::data {
namespace {

/// The additive constants: the integer part of 2³² |sin(i + 1)|.
const std::array<std::uint32_t, 64> kSines = [] {
  std::array<std::uint32_t, 64> sines{};
  for (std::size_t i = 0; i < sines.size(); ++i) {
    sines[i] = static_cast<std::uint32_t>(std::fabs(std::sin(static_cast<double>(i + 1))) * 0x1p32);
  }
  return sines;
}();

/// Rotations of the four rounds, each repeated four times.
constexpr int kShifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

std::uint32_t little_endian(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
         std::uint32_t{bytes[3]} << 24;
}

}  // namespace

void Md5::block(const unsigned char* bytes) {
  auto [a, b, c, d] = state_;
  for (std::uint32_t i = 0; i < 64; ++i) {
    const std::uint32_t round = i / 16;
    std::uint32_t mixed = 0, word = 0;
    switch (round) {
      case 0:
        mixed = (b & c) | (~b & d), word = i;
        break;
      case 1:
        mixed = (d & b) | (~d & c), word = 5 * i + 1;
        break;
      case 2:
        mixed = b ^ c ^ d, word = 3 * i + 5;
        break;
      default:
        mixed = c ^ (b | ~d), word = 7 * i;
    }
    const std::uint32_t sum = a + mixed + kSines[i] + little_endian(bytes + 4 * (word % 16));
    a = d, d = c, c = b;
    b += std::rotl(sum, kShifts[round][i % 4]);
  }
  state_[0] += a, state_[1] += b, state_[2] += c, state_[3] += d;
}

void Md5::update(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t used = length_ % pending_.size();
    const std::size_t taken = std::min(pending_.size() - used, bytes.size());
    std::memcpy(pending_.data() + used, bytes.data(), taken);
    length_ += taken;
    bytes.remove_prefix(taken);
    if (length_ % pending_.size() == 0) block(pending_.data());
  }
}

std::string Md5::finish() {
  const std::uint64_t bits = 8 * length_;
  update(std::string_view("\x80", 1));
  while (length_ % pending_.size() != 56) update(std::string_view("\0", 1));
  std::array<char, 8> size{};
  for (std::size_t i = 0; i < size.size(); ++i) size[i] = static_cast<char>(bits >> (8 * i));
  update(std::string_view(size.data(), size.size()));
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digest;
  for (const std::uint32_t word : state_) {
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t byte = word >> (8 * i) & 0xFF;
      digest += kDigits[byte >> 4];
      digest += kDigits[byte & 15];
    }
  }
  return digest;
}

}  // namespace elbo::data
