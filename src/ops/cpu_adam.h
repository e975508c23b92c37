#pragma once
// Adam on a part of the parameters, in the calling thread: what ops::adam and ops::linear_adam are made of.

#include "math/adam_step.h"
#include "runtime/view.h"

namespace elbo::ops::cpu {

/// One step of ops::adam on a matrix of parameters; all have the gradient's shape.
void adam_rows(MatrixView<float> values, MatrixView<const float> gradient, MatrixView<float> m,
               MatrixView<float> v, const math::AdamCoefficients& coefficients);

}  // namespace elbo::ops::cpu
