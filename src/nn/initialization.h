#pragma once
// Initial values of parameters.

#include <cstdint>
#include <vector>

#include "elbo/choices.h"
#include "nn/parameter_layout.h"

namespace elbo::nn {

/// The values of the layout's tensor `index`, a pure function of the arguments. PyTorch's Linear draws weight
/// and bias from U(−1/√fan_in, 1/√fan_in); He et al. 2015, eq. 10 draws weights from N(0, 2/fan_in), Glorot &
/// Bengio 2010, eq. 16 from U(−√(6/(fan_in + fan_out)), …), and biases start at 0. A tensor with its own
/// value or deviation starts with those instead.
std::vector<float> initial_values(const TensorInfo& tensor, std::int64_t index, Initialization initialization,
                                  std::uint64_t seed);

}  // namespace elbo::nn
