#include "data/sources/lzf.h"

#include <algorithm>

namespace elbo::data {
namespace {

constexpr std::size_t kLiteralCodes = 32;  // smaller codes copy that many bytes and one more
constexpr std::size_t kLongLength = 7;     // of a reference, whose next byte adds to it
constexpr std::size_t kShortest = 2;       // a reference's length is stored less this

}  // namespace

std::size_t unpack_lzf(std::span<const std::uint8_t> packed, std::span<std::uint8_t> out) noexcept {
  std::size_t at = 0, done = 0;
  while (at < packed.size()) {
    const std::size_t code = packed[at++];
    if (code < kLiteralCodes) {
      const std::size_t length = code + 1;
      if (length > packed.size() - at || length > out.size() - done) return 0;
      std::copy_n(packed.begin() + static_cast<std::ptrdiff_t>(at), length,
                  out.begin() + static_cast<std::ptrdiff_t>(done));
      at += length;
      done += length;
      continue;
    }
    std::size_t length = code >> 5;
    if (length == kLongLength) {
      if (at == packed.size()) return 0;
      length += packed[at++];
    }
    length += kShortest;
    if (at == packed.size()) return 0;
    const std::size_t back = ((code & 31) << 8 | packed[at++]) + 1;
    if (back > done || length > out.size() - done) return 0;
    for (const std::size_t end = done + length; done < end; ++done)
      out[done] = out[done - back];  // may overlap
  }
  return done;
}

}  // namespace elbo::data
