// Rows of noise on the CPU, a register of Philox blocks at a time. Included like ops/simd.h, once per
// instruction set.
#include <cstdint>

#include "math/philox.h"

#if defined(ELBO_OPS_NOISE_CHUNK_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELBO_OPS_NOISE_CHUNK_H
#undef ELBO_OPS_NOISE_CHUNK_H
#else
#define ELBO_OPS_NOISE_CHUNK_H
#endif

#include "ops/noise_row.h"
#include "ops/simd.h"

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {

/// Transforms for NoiseChunk::fill, from words to standard normals or to uniform numbers in [0, 1).
struct Normals {
  HWY_INLINE void operator()(const math::HWY_NAMESPACE::PhiloxWords<math::HWY_NAMESPACE::Words>& words,
                             math::HWY_NAMESPACE::Floats (&n)[4]) const {
    math::HWY_NAMESPACE::normals(words, n);
  }
};
struct Uniforms {
  HWY_INLINE void operator()(const math::HWY_NAMESPACE::PhiloxWords<math::HWY_NAMESPACE::Words>& words,
                             math::HWY_NAMESPACE::Floats (&n)[4]) const {
    for (int w = 0; w < 4; ++w) n[w] = math::HWY_NAMESPACE::uniform(words.word[w]);
  }
};

/// Room for the noise of up to kSize dimensions. They may begin and end within blocks of four; whole
/// registers of blocks are written.
struct NoiseChunk {
  using Floats = math::HWY_NAMESPACE::Floats;
  using Words = math::HWY_NAMESPACE::Words;
  static constexpr std::int64_t kSize = 256;  // a multiple of every register's lanes

  float values[kSize + 4 + 4 * Floats::kLanes];

  /// Computes the numbers of dimensions [first, first + count), count ≤ kSize; transform(words, n) turns four
  /// registers of words into four of numbers.
  template <class Transform>
  HWY_INLINE const float* fill(const NoiseRow& noise, std::int64_t first, std::int64_t count,
                               Transform transform) {
    const std::uint64_t block = math::noise_block(noise.time, first);
    const auto low = static_cast<std::uint32_t>(block), high = static_cast<std::uint32_t>(block >> 32);
    const std::int64_t blocks = (first % 4 + count + 3) / 4;
    for (std::int64_t b = 0; b < blocks; b += Floats::kLanes) {
      // The time is above bit 24 and a row has fewer than 2²⁴ blocks, so word 0 never carries.
      const Words word0 = Words::counting_from(low + static_cast<std::uint32_t>(b));
      const auto words = math::HWY_NAMESPACE::philox4x32<Words>(
          {{word0, Words(high), Words(static_cast<std::uint32_t>(noise.subsequence)),
            Words(static_cast<std::uint32_t>(noise.subsequence >> 32))}},
          static_cast<std::uint32_t>(noise.seed), static_cast<std::uint32_t>(noise.seed >> 32));
      Floats n[4];
      transform(words, n);
      Floats::store_interleaved(n, values + 4 * b);
    }
    return values + first % 4;
  }
};

}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // per-target guard
