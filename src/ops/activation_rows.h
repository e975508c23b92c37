#pragma once
// Vectorised activations over rows of floats on the CPU, applied after a matrix product.

#include <cstdint>

#include "math/activation_kind.h"

namespace elbo::ops {

/// y_j ← act(y_j + b_j) for j < size. `bias` may be null. `saved`, if not null, receives y_j + b_j, which the
/// derivatives of gelu and silu need; it must not overlap y.
void apply_bias_activation(float* y, const float* bias, float* saved, std::int64_t size,
                           Activation activation);

/// d_j ← d_j · act′(saved_j) for j < size, with `saved` as activation_derivative in math/activations.h takes
/// it (ignored for the identity; may then be null). `d` may be `saved`.
void multiply_by_derivative(float* d, const float* saved, std::int64_t size, Activation activation);

}  // namespace elbo::ops
