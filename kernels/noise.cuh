#pragma once
// Random numbers by address (math/philox.h), drawn by cuRAND's Philox in the kernel that uses them.

#include <curand_kernel.h>

#include "math/philox.h"
#include "platform.cuh"

namespace elbo::cuda {

/// The four words at one address, the same as math::noise_words.
__device__ inline math::PhiloxWords<std::uint32_t> curand_words(std::uint64_t seed, std::uint64_t subsequence,
                                                                std::uint64_t block) {
  curandStatePhilox4_32_10_t state;
  curand_init(seed, subsequence, 4 * block, &state);
  const uint4 words = curand4(&state);
  return {{words.x, words.y, words.z, words.w}};
}

/// One example's noise at the source's time.
class NoiseRow {
 public:
  __device__ NoiseRow(const NoiseSource& noise, std::int64_t row)
      : seed_(noise.seed),
        subsequence_(math::noise_subsequence(noise.purpose, noise.example(row), noise.stream)),
        time_(noise.time ? *noise.time : 0) {}

  /// Uniform numbers in [0, 1) of the dimensions [first, first + 4), where `first` is a multiple of 4.
  __device__ void uniforms(std::int64_t first, float (&n)[4]) const {
    const auto words = curand_words(seed_, subsequence_, math::noise_block(time_, first));
    for (int j = 0; j < 4; ++j) n[j] = math::uniform(words.word[j]);
  }
  /// Standard normals of the dimensions [first, first + 4).
  __device__ void normals(std::int64_t first, float (&n)[4]) const {
    block_normals(first, n);
    const int shift = static_cast<int>(first % 4);
    if (shift == 0) return;
    float next[4];
    block_normals(first + 4, next);
    const float all[8] = {n[0], n[1], n[2], n[3], next[0], next[1], next[2], next[3]};
    for (int j = 0; j < 4; ++j) n[j] = shift == 1 ? all[j + 1] : shift == 2 ? all[j + 2] : all[j + 3];
  }

 private:
  /// The normals of the block of four that contains `dimension`.
  __device__ void block_normals(std::int64_t dimension, float (&n)[4]) const {
    math::normals(curand_words(seed_, subsequence_, math::noise_block(time_, dimension)), n);
  }

  std::uint64_t seed_;
  std::uint64_t subsequence_;
  std::uint64_t time_;
};

}  // namespace elbo::cuda
