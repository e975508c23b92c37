#pragma once
// Which parameters a model has, and where each stands in one flat array.

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

/// Who changes a parameter in training.
enum class Mover {
  optimizer,  ///< by its gradient
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
  std::int64_t channels = 0;  ///< that it reads, last in memory
};

/// A parameter: a matrix [Σ rows, cols], or a vector [Σ rows]. It may be several tensors on disk whose rows
/// stand one after the other, as mean and log-variance do, which read the same input by one product.
struct ParameterInfo {
  std::vector<NamedRows> parts;
  std::int64_t cols = 0;                ///< 0: a vector
  std::int64_t fan_in = 1;              ///< for its initial values
  std::int64_t fan_out = 0;             ///< likewise; 0: a tensor's rows
  std::optional<float> value = {};      ///< that it begins with; none: it is drawn
  std::optional<float> deviation = {};  ///< where given, it is drawn from a normal around `value`
  Mover mover = Mover::optimizer;
  /// Its layer takes Adam's step itself, with the gradient, where GradientUse says so. The optimizer moves
  /// the others after the backward pass.
  bool steps_with_gradient = false;
  FilterShape filter =
      {};  ///< where its rows are filters of a convolution: cols is height · width · channels

  std::int64_t rows() const;
};

/// A named tensor inside the array: what a file stores.
struct TensorInfo {
  std::string name;                 ///< as on disk, "encoder.hidden.0.weight"
  std::vector<std::int64_t> shape;  ///< on disk: [out, in] for a weight, [out] for a bias
  std::int64_t offset = 0;          ///< of its first value in the array
  std::int64_t fan_in = 0;
  std::int64_t fan_out = 0;
  std::optional<float> value;      ///< ParameterInfo::value
  std::optional<float> deviation;  ///< ParameterInfo::deviation

  FilterShape filter =
      {};  ///< of height 0 but for [out, channels, height, width], whose channels are last in memory

  std::int64_t size() const;
};

/// Values of a tensor in the order of memory ↔ in that of files.
std::vector<float> to_file_order(const TensorInfo& tensor, std::span<const float> values);
std::vector<float> to_memory_order(const TensorInfo& tensor, std::span<const float> values);

/// Where a parameter stands.
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

/// Parameters in the order of their declaration, each 256-byte aligned, those that the optimizer moves before
/// the others. The gaps stay zero.
struct ParameterLayout {
  std::vector<TensorInfo> tensors;     ///< in the order of declaration
  std::vector<ParameterPlace> places;  ///< by Parameter::index
  std::int64_t size = 0;               ///< values in the array, gaps included
  std::int64_t optimized_size = 0;     ///< the first so many are those that the optimizer moves
  /// Those whose layers do not take the step with the gradient: as few ranges as cover them.
  std::vector<ArrayRange> stepped_after;
  std::int64_t count = 0;  ///< parameters proper

  ParameterLayout() = default;
  explicit ParameterLayout(const std::vector<ParameterInfo>& parameters);
};

}  // namespace elbo::nn
