#pragma once
// During its lifetime, results too small for a normal float (below 1.2e-38) become 0 in this thread.
//
// A moment of Adam whose gradient stays 0 decays into that range within a thousand steps and remains there
// (0.9 of the smallest number rounds to itself). Processors take a hundred cycles for each operation on such
// a number.

#include <cstdint>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace elbo::ops {

class FlushDenormals {
 public:
  FlushDenormals() : before_(control()) { set_control(before_ | kFlush); }
  ~FlushDenormals() { set_control(before_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
#if defined(__SSE__)
  using Word = std::uint32_t;
  static constexpr Word kFlush = 0x8040;  // flush results to zero, take operands as zero
  static Word control() {
    return _mm_getcsr();
  }
  static void set_control(Word word) {
    _mm_setcsr(word);
  }
#elif defined(__aarch64__)
  using Word = std::uint64_t;
  static constexpr Word kFlush = Word{1} << 24;
  static Word control() {
    Word word;
    asm volatile("mrs %0, fpcr" : "=r"(word));
    return word;
  }
  static void set_control(Word word) {
    asm volatile("msr fpcr, %0" : : "r"(word));
  }
#else
  using Word = std::uint32_t;
  static constexpr Word kFlush = 0;
  static Word control() {
    return 0;
  }
  static void set_control(Word) {}
#endif

  Word before_;
};

}  // namespace elbo::ops
