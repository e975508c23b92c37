#include "nn/initialization.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "ops/host_noise.h"

namespace elbo::nn {
std::vector<float> initial_values(const TensorInfo& tensor, std::int64_t index, Initialization initialization,
                                  std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(tensor.size()), tensor.value.value_or(0.0f));
  const bool is_bias = tensor.shape.size() == 1;
  if (!tensor.deviation && (tensor.value || (initialization != Initialization::pytorch && is_bias))) {
    return values;
  }
  const std::int64_t cols = is_bias ? tensor.size() : tensor.size() / tensor.shape[0];
  const auto fan_in = static_cast<double>(tensor.fan_in);
  const auto fans = fan_in + static_cast<double>(tensor.fan_out);
  const auto bound = static_cast<float>(initialization == Initialization::glorot ? std::sqrt(6.0 / fans)
                                                                                 : 1.0 / std::sqrt(fan_in));
  const auto deviation = static_cast<float>(std::sqrt(2.0 / fan_in));
  for (std::int64_t r = 0; r < tensor.size() / cols; ++r) {
    const std::span<float> row(values.data() + r * cols, static_cast<std::size_t>(cols));
    const std::int64_t address = (index << 32) | r;  // a tensor's row takes the example's place
    if (tensor.deviation) {
      fill_normal(row, seed, NoisePurpose::initialize, address);
      for (float& value : row) value = tensor.value.value_or(0.0f) + *tensor.deviation * value;
    } else if (initialization == Initialization::he) {
      fill_normal(row, seed, NoisePurpose::initialize, address);
      for (float& value : row) value *= deviation;
    } else {
      fill_uniform(row, seed, NoisePurpose::initialize, address);
      for (float& value : row) value = bound * (2.0f * value - 1.0f);
    }
  }
  return values;
}

}  // namespace elbo::nn
