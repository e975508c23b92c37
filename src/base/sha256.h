#pragma once
// SHA-256 (FIPS 180-4). No library that elbo links offers it: libcurl keeps its own, whichever it has, to
// itself.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace elbo {

class Sha256 {
 public:
  void update(std::string_view bytes);
  /// Ends the computation and returns the digest of all bytes as 64 hexadecimal digits.
  std::string finish();

 private:
  void block(const unsigned char* bytes);

  std::array<std::uint32_t, 8> state_{0x6A09E667u, 0xBB67AE85u, 0x3C6EF372u, 0xA54FF53Au,
                                      0x510E527Fu, 0x9B05688Cu, 0x1F83D9ABu, 0x5BE0CD19u};
  std::array<unsigned char, 64> pending_{};
  std::uint64_t length_ = 0;
};

}  // namespace elbo
