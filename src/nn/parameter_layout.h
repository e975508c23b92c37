#pragma once
// A model's parameters and constants, and the place of each in its flat array.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace elbo::nn {

/// Names a parameter that was declared to a Builder.
struct Parameter {
  int index = -1;
};

/// Names whole numbers that were declared to a Builder: a table that a part's ops read, and nothing changes.
struct Constant {
  int index = -1;
};

/// What changes a parameter in training.
enum class Mover {
  optimizer,  ///< the optimizer, by the gradient
  part,       ///< the part that declared it, after each step
};

/// A tensor as files have it.
struct NamedRows {
  std::string name;  ///< "encoder.mean.weight"
  std::int64_t rows = 0;
};

/// The extents of a convolution's filters; height 0: none.
struct FilterShape {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;  ///< input channels, last in memory
};

/// A parameter: a matrix [Σ rows, cols], or a vector [Σ rows]. On disk it may be several tensors, whose rows
/// follow one another in memory: mean and log-variance read the same input by one product.
struct ParameterInfo {
  std::vector<NamedRows> parts;
  std::int64_t cols = 0;                ///< 0: a vector
  std::int64_t fan_in = 1;              ///< for its initial values
  std::int64_t fan_out = 0;             ///< for its initial values; 0: a tensor's rows
  std::optional<float> value = {};      ///< initial value; none: it is drawn
  std::optional<float> deviation = {};  ///< if set, it is drawn from a normal around `value`
  Mover mover = Mover::optimizer;
  /// Its layer takes Adam's step itself, with the gradient, if GradientUse says so. The optimizer moves other
  /// parameters after the backward pass.
  bool steps_with_gradient = false;
  FilterShape filter =
      {};  ///< set if its rows are filters of a convolution: cols is height · width · channels

  std::int64_t rows() const;
};

/// A named tensor inside the array: what a file stores.
struct TensorInfo {
  std::string name;                 ///< as on disk, "encoder.hidden.0.weight"
  std::vector<std::int64_t> shape;  ///< on disk: [out, in] for a weight, [out] for a bias
  std::int64_t offset = 0;          ///< index of its first value in the array
  std::int64_t fan_in = 0;
  std::int64_t fan_out = 0;
  std::optional<float> value;      ///< ParameterInfo::value
  std::optional<float> deviation;  ///< ParameterInfo::deviation

  FilterShape filter =
      {};  ///< height 0 except for [out, channels, height, width], whose channels are last in memory

  std::int64_t size() const;
};

/// Convert a tensor's values between the order of memory and the order of files.
std::vector<float> to_file_order(const TensorInfo& tensor, std::span<const float> values);
std::vector<float> to_memory_order(const TensorInfo& tensor, std::span<const float> values);

/// The place of a parameter in the array.
struct ParameterPlace {
  std::int64_t offset = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;  ///< 0: a vector

  std::int64_t size() const { return cols == 0 ? rows : rows * cols; }
};

/// Values [first, first + count) of the array.
struct ArrayRange {
  std::int64_t first = 0;
  std::int64_t count = 0;

  friend bool operator==(const ArrayRange&, const ArrayRange&) = default;
};

/// Parameters in the order of their declaration, each aligned to 256 bytes; the parameters that the optimizer
/// moves come first. The gaps stay zero.
struct ParameterLayout {
  std::vector<TensorInfo> tensors;     ///< in the order of declaration
  std::vector<ParameterPlace> places;  ///< by Parameter::index
  std::int64_t size = 0;               ///< values in the array, gaps included
  std::int64_t optimized_size = 0;     ///< the optimizer moves this many first values
  /// The parameters that do not take their step with the gradient, in as few ranges as possible.
  std::vector<ArrayRange> stepped_after;
  std::int64_t count = 0;                   ///< parameters, without gaps
  std::vector<std::int32_t> constants;      ///< all constants' values, one after the other
  std::vector<ArrayRange> constant_places;  ///< by Constant::index

  /// The number of values of the largest parameter.
  std::int64_t largest() const;

  ParameterLayout() = default;
  explicit ParameterLayout(const std::vector<ParameterInfo>& parameters,
                           const std::vector<std::vector<std::int32_t>>& tables = {});
};

}  // namespace elbo::nn
