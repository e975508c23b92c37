#pragma once
// The checker's records of every byte of device memory: whether it has been written, and who last accessed
// its word.

#include <cstddef>
#include <cstdint>

#include "heap.h"

namespace elbo::emulation {

/// The last write or read of a word: interval, thread, the warp's interval (modulo 4096), the word's bytes,
/// and two flags. For a write, kFlag means that it was atomic. For a read, kFlag means that several blocks of
/// the launch have read the word, kSeveral that several unordered threads of the block have in this interval.
class Stamp {
 public:
  static constexpr std::uint64_t kFlag = 1;
  static constexpr std::uint64_t kSeveral = 2;

  Stamp() = default;
  explicit constexpr Stamp(std::uint64_t bits) : bits_(bits) {}
  static constexpr Stamp make(std::uint64_t interval, std::uint64_t thread, std::uint64_t warp_interval) {
    return Stamp(interval << 28 | thread << 18 | (warp_interval & 0xfff) << 6);
  }

  std::uint64_t interval() const { return bits_ >> 28; }
  unsigned thread() const { return bits_ >> 18 & 0x3ff; }
  unsigned warp_interval() const { return bits_ >> 6 & 0xfff; }
  unsigned bytes() const { return bits_ >> 2 & 0xf; }
  bool flag() const { return bits_ & kFlag; }
  bool several() const { return bits_ & kSeveral; }
  Stamp with_bytes(unsigned bytes) const { return Stamp(bits_ | std::uint64_t{bytes} << 2); }
  Stamp with(std::uint64_t flags) const { return Stamp(bits_ | flags); }

 private:
  std::uint64_t bits_;
};
static_assert(sizeof(Stamp) == 8);

struct Word {
  Stamp write;
  Stamp read;
};

struct Shadow {
  static constexpr std::size_t kWordsBytes = Heap::kSpan / 4 * sizeof(Word);
  static constexpr std::size_t kWrittenBytes = Heap::kSpan / 8;

  Word* words = nullptr;            ///< one per 4 bytes of the heap's span
  std::uint8_t* written = nullptr;  ///< one bit per byte of it
  Heap* heap = nullptr;

  /// Reserves the memory; returns false if there is none.
  bool prepare();
  bool ready() const { return heap != nullptr; }

  bool is_written(std::size_t offset) const { return written[offset / 8] >> (offset % 8) & 1; }
  /// Whether all of 4, 8 or 16 bytes, at a multiple of their number, have been written.
  template <std::size_t kBytes>
  bool are_written(std::size_t offset) const {
    if constexpr (kBytes == 4) return (written[offset / 8] >> (offset & 4) & 0xf) == 0xf;
    if constexpr (kBytes == 8) return written[offset / 8] == 0xff;
    if constexpr (kBytes == 16) return written[offset / 8] == 0xff && written[offset / 8 + 1] == 0xff;
    return false;
  }
  /// Sets or clears the bits of [offset, offset + bytes).
  void mark(std::size_t offset, std::size_t bytes, bool value);
};
extern Shadow shadow;

}  // namespace elbo::emulation
