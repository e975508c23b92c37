#pragma once
// Activations over rows of floats on the CPU, vectorised: what follows a matrix product.

#include <cstdint>

#include "math/activation_kind.h"

namespace elbo::ops {

/// y_j ← act(y_j + b_j) for j < size. `bias` may be null. `saved`, where not null, receives y_j + b_j, what
/// the derivative of gelu and silu needs; it may not overlap y.
void apply_bias_activation(float* y, const float* bias, float* saved, std::int64_t size,
                           Activation activation);

/// d_j ← d_j · act′(saved_j) for j < size, with `saved` as activation_derivative in math/activations.h wants
/// it (ignored, and may be null, for identity). `d` may be `saved`.
void multiply_by_derivative(float* d, const float* saved, std::int64_t size, Activation activation);

}  // namespace elbo::ops
