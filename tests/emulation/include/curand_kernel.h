#pragma once
// Replaces cuRAND's device API: Philox4x32-10 (Salmon et al. 2011), with the same numbers as the toolkit.

#include <cstdint>

#include "emulation/types.h"

struct curandStatePhilox4_32_10 {
  uint4 counter;
  uint4 output;
  uint2 key;
  unsigned used;  ///< number of words of `output` already used
};
using curandStatePhilox4_32_10_t = curandStatePhilox4_32_10;

namespace elbo::emulation {

/// The ten rounds: counter and key to four words.
inline uint4 philox(uint4 counter, uint2 key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xD2511F53u} * counter.x;
    const std::uint64_t second = std::uint64_t{0xCD9E8D57u} * counter.z;
    counter = {static_cast<unsigned>(second >> 32) ^ counter.y ^ key.x, static_cast<unsigned>(second),
               static_cast<unsigned>(first >> 32) ^ counter.w ^ key.y, static_cast<unsigned>(first)};
    key.x += 0x9E3779B9u;
    key.y += 0xBB67AE85u;
  }
  return counter;
}

/// Adds `blocks` to the 128-bit counter.
inline void advance(uint4& counter, std::uint64_t blocks) {
  const std::uint64_t low = (std::uint64_t{counter.y} << 32) | counter.x;
  const std::uint64_t sum = low + blocks;
  counter.x = static_cast<unsigned>(sum);
  counter.y = static_cast<unsigned>(sum >> 32);
  if (sum < low && ++counter.z == 0) ++counter.w;
}

}  // namespace elbo::emulation

/// The stream of `seed`: `subsequence` is the counter's upper half, `offset` counts words within it.
inline void curand_init(unsigned long long seed, unsigned long long subsequence, unsigned long long offset,
                        curandStatePhilox4_32_10_t* state) {
  state->key = {static_cast<unsigned>(seed), static_cast<unsigned>(seed >> 32)};
  state->counter = {0, 0, static_cast<unsigned>(subsequence), static_cast<unsigned>(subsequence >> 32)};
  state->used = static_cast<unsigned>(offset % 4);
  elbo::emulation::advance(state->counter, offset / 4);
  state->output = elbo::emulation::philox(state->counter, state->key);
}

/// The next word.
inline unsigned curand(curandStatePhilox4_32_10_t* state) {
  const unsigned words[4] = {state->output.x, state->output.y, state->output.z, state->output.w};
  const unsigned word = words[state->used];
  if (++state->used == 4) {
    state->used = 0;
    elbo::emulation::advance(state->counter, 1);
    state->output = elbo::emulation::philox(state->counter, state->key);
  }
  return word;
}

/// The next four words.
inline uint4 curand4(curandStatePhilox4_32_10_t* state) {
  return {curand(state), curand(state), curand(state), curand(state)};
}
