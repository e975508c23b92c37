#pragma once
// Rows of noise computed on the host, for initial parameters and codes from the prior. Addresses are as in
// math/philox.h, at time 0.

#include <cstdint>
#include <span>

#include "math/step_state.h"

namespace elbo {

/// Standard normals: row[d] is the number at (seed, purpose, example, dimension first + d), `first` a
/// multiple of 4.
void fill_normal(std::span<float> row, std::uint64_t seed, NoisePurpose purpose, std::int64_t example,
                 std::int64_t first = 0);

/// As fill_normal, uniform in [0, 1).
void fill_uniform(std::span<float> row, std::uint64_t seed, NoisePurpose purpose, std::int64_t example,
                  std::int64_t first = 0);

}  // namespace elbo
