#pragma once
// Built-in data whose distribution is known exactly.

#include <cstdint>

#include "elbo/dataset.h"

namespace elbo::data {

inline constexpr std::int64_t kGaussianCount = 1000;
inline constexpr std::int64_t kUniformCount = 10000;

/// x = μ + L ε with ε ~ N(0, I₂): mean (1, −0.5), deviations 1 and 0.5, correlation 0.8, so that
/// log |Σ| = log 0.09 and the entropy is log(2πe) + ½ log 0.09 = 1.634 nats. Factors: ε. `count` training
/// examples and as many test examples.
Dataset gaussian2d(std::uint64_t seed, std::int64_t count = kGaussianCount);

/// Ten independent uniform numbers in [0, 1) per example (entropy 0 nats). There are a fifth as many test
/// examples.
Dataset uniform10(std::uint64_t seed, std::int64_t count = kUniformCount);

}  // namespace elbo::data
