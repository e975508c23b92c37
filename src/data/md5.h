#pragma once
// MD5 (RFC 1321), by which the public mirrors' files are known. It finds damage in transfer; it is no defence
// against a forger.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace elbo::data {

class Md5 {
 public:
  void update(std::string_view bytes);
  /// The digest of all bytes so far as 32 hexadecimal digits. Ends the computation.
  std::string finish();

 private:
  void block(const unsigned char* bytes);

  std::array<std::uint32_t, 4> state_{0x67452301u, 0xEFCDAB89u, 0x98BADCFEu, 0x10325476u};
  std::array<unsigned char, 64> pending_{};
  std::uint64_t length_ = 0;
};

}  // namespace elbo::data
