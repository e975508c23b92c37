#pragma once
// cuRAND's words for curand_init(seed, subsequence, offset, &state); curand4(&state).

#include <array>
#include <cstdint>

namespace elbo::test {

std::array<std::uint32_t, 4> curand_words(std::uint64_t seed, std::uint64_t subsequence,
                                          std::uint64_t offset);

}  // namespace elbo::test
