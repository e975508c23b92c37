#pragma once
// Initial values of parameters.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "nn/parameter_layout.h"

namespace elbo::nn {

enum class Initialization { pytorch, he, glorot };

/// "pytorch", "he", "glorot", in the order of the enumerators.
std::vector<std::string_view> initialization_names();
/// The initialization called `name`, or nothing.
std::optional<Initialization> initialization_named(std::string_view name);

/// The values of the layout's tensor `index`, a pure function of the arguments. PyTorch's Linear draws weight
/// and bias from U(−1/√fan_in, 1/√fan_in); He et al. 2015, eq. 10 draws weights from N(0, 2/fan_in), Glorot &
/// Bengio 2010, eq. 16 from U(−√(6/(fan_in + fan_out)), …), and biases start at 0. A tensor with its own
/// value or deviation starts with those instead.
std::vector<float> initial_values(const TensorInfo& tensor, std::int64_t index, Initialization initialization,
                                  std::uint64_t seed);

}  // namespace elbo::nn
