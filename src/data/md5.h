#pragma once
// MD5 (RFC 1321), the checksum that the data sets' publishers give. It detects damage in transfer, not
// forgery.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace elbo::data {

class Md5 {
 public:
  void update(std::string_view bytes);
  /// Ends the computation and returns the digest of all bytes as 32 hexadecimal digits.
  std::string finish();

 private:
  void block(const unsigned char* bytes);

  std::array<std::uint32_t, 4> state_{0x67452301u, 0xEFCDAB89u, 0x98BADCFEu, 0x10325476u};
  std::array<unsigned char, 64> pending_{};
  std::uint64_t length_ = 0;
};

}  // namespace elbo::data
