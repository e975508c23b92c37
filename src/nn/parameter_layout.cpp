#include "nn/parameter_layout.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace elbo::nn {
namespace {

constexpr std::int64_t kAlignment = 64;  // floats: 256 bytes

std::int64_t align(std::int64_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

/// Appends a range, or extends the last range if the new one starts at its end.
void append(std::vector<ArrayRange>& ranges, ArrayRange range) {
  if (!ranges.empty() && ranges.back().first + ranges.back().count == range.first) {
    ranges.back().count += range.count;
  } else {
    ranges.push_back(range);
  }
}

/// Calls f(place in the file, place in memory) for each value of a convolution's weight.
template <class F>
void for_each_filter_value(const TensorInfo& tensor, F f) {
  const auto pixels = static_cast<std::size_t>(tensor.filter.height * tensor.filter.width);
  const auto channels = static_cast<std::size_t>(tensor.filter.channels);
  if (pixels == 0) return;
  const std::size_t filter = pixels * channels;
  for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.size()); ++i) {
    const std::size_t pixel = i % filter / channels, channel = i % channels;
    f(i / filter * filter + channel * pixels + pixel, i);
  }
}

/// The parameter's own fan-out, or the number of rows of a tensor whose rows are outputs.
std::int64_t fan_out_of(const ParameterInfo& parameter, const NamedRows& part) {
  if (parameter.fan_out > 0) return parameter.fan_out;
  return part.rows * std::max<std::int64_t>(parameter.filter.height * parameter.filter.width, 1);
}

TensorInfo tensor_of(const ParameterInfo& parameter, const NamedRows& part, std::int64_t offset) {
  TensorInfo tensor{.name = part.name,
                    .shape = {part.rows},
                    .offset = offset,
                    .fan_in = parameter.fan_in,
                    .fan_out = fan_out_of(parameter, part),
                    .value = parameter.value,
                    .deviation = parameter.deviation,
                    .filter = parameter.filter};
  if (const FilterShape& filter = parameter.filter; filter.height > 0) {
    tensor.shape.insert(tensor.shape.end(), {filter.channels, filter.height, filter.width});
  } else if (parameter.cols > 0) {
    tensor.shape.push_back(parameter.cols);
  }
  return tensor;
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

std::vector<float> to_file_order(const TensorInfo& tensor, std::span<const float> values) {
  std::vector<float> ordered(values.begin(), values.end());
  for_each_filter_value(tensor,
                        [&](std::size_t file, std::size_t memory) { ordered[file] = values[memory]; });
  return ordered;
}

std::vector<float> to_memory_order(const TensorInfo& tensor, std::span<const float> values) {
  std::vector<float> ordered(values.begin(), values.end());
  for_each_filter_value(tensor,
                        [&](std::size_t file, std::size_t memory) { ordered[memory] = values[file]; });
  return ordered;
}

std::int64_t ParameterLayout::largest() const {
  std::int64_t values = 0;
  for (const ParameterPlace& place : places) values = std::max(values, place.rows * place.cols);
  return values;
}

ParameterLayout::ParameterLayout(const std::vector<ParameterInfo>& parameters,
                                 const std::vector<std::vector<std::int32_t>>& tables)
    : places(parameters.size()) {
  for (const auto& table : tables) {
    constant_places.push_back({std::ssize(constants), std::ssize(table)});
    constants.insert(constants.end(), table.begin(), table.end());
  }
  for (const Mover mover : {Mover::optimizer, Mover::part}) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (parameters[i].mover != mover) continue;
      places[i] = {size, parameters[i].rows(), parameters[i].cols};
      const std::int64_t end = align(size + places[i].size());
      if (mover == Mover::optimizer && !parameters[i].steps_with_gradient) {
        append(stepped_after, {size, end - size});
      }
      size = end;
      count += places[i].size();
    }
    if (mover == Mover::optimizer) optimized_size = size;
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    std::int64_t offset = places[i].offset;
    for (const NamedRows& part : parameters[i].parts) {
      TensorInfo tensor = tensor_of(parameters[i], part, offset);
      offset += tensor.size();
      tensors.push_back(std::move(tensor));
    }
  }
}

}  // namespace elbo::nn
