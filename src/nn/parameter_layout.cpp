#include "nn/parameter_layout.h"

#include <functional>
#include <numeric>

namespace elbo::nn {
namespace {

constexpr std::int64_t kAlignment = 64;  // floats: 256 bytes

std::int64_t align(std::int64_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

std::int64_t ParameterInfo::rows() const {
  std::int64_t rows = 0;
  for (const NamedRows& part : parts) rows += part.rows;
  return rows;
}

std::int64_t TensorInfo::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

ParameterLayout::ParameterLayout(const std::vector<ParameterInfo>& parameters) : places(parameters.size()) {
  for (const Mover mover : {Mover::optimizer, Mover::part}) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (parameters[i].mover != mover) continue;
      places[i] = {size, parameters[i].rows(), parameters[i].cols};
      size = align(size + places[i].size());
      count += places[i].size();
    }
    if (mover == Mover::optimizer) optimized_size = size;
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    std::int64_t offset = places[i].offset;
    for (const NamedRows& part : parameters[i].parts) {
      TensorInfo tensor{
          part.name, {part.rows}, offset, parameters[i].fan_in, parameters[i].value, parameters[i].deviation};
      if (parameters[i].cols > 0) tensor.shape.push_back(parameters[i].cols);
      offset += tensor.size();
      tensors.push_back(std::move(tensor));
    }
  }
}

}  // namespace elbo::nn
