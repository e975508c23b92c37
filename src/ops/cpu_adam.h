#pragma once
// Adam on a part of the parameters, in the calling thread: the building block of ops::adam and
// ops::linear_adam.

#include "math/adam_step.h"
#include "runtime/view.h"

namespace elbo::ops::cpu {

/// Takes one step of ops::adam on a matrix of parameters; all matrices have the gradient's shape.
void adam_rows(MatrixView<float> values, MatrixView<const float> gradient, MatrixView<float> m,
               MatrixView<float> v, const math::AdamCoefficients& coefficients);

}  // namespace elbo::ops::cpu
