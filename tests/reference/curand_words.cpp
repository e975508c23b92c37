// cuRAND's own Philox, compiled as host code: the toolkit's header with its qualifiers defined away. Includes
// neither the emulation's replacement nor anything of elbo.

#define QUALIFIERS static inline
#define __device__
#define __host__
#define __forceinline__ inline
#include <curand_kernel.h>

#include "reference/curand_words.h"

namespace elbo::test {

std::array<std::uint32_t, 4> curand_words(std::uint64_t seed, std::uint64_t subsequence,
                                          std::uint64_t offset) {
  curandStatePhilox4_32_10_t state;
  curand_init(seed, subsequence, offset, &state);
  const uint4 words = curand4(&state);
  return {words.x, words.y, words.z, words.w};
}

}  // namespace elbo::test
