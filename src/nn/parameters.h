#pragma once
// The parameters and constants of a model on one device.

#include "nn/initialization.h"
#include "nn/parameter_layout.h"
#include "runtime/buffer.h"

namespace elbo::nn {

/// Values, and for training gradients and Adam's moments, each one flat device array of layout().size floats.
class Parameters {
 public:
  /// Draws initial values from `seed`. Throws DeviceError.
  Parameters(Context& context, ParameterLayout layout, Initialization initialization, std::uint64_t seed);

  const ParameterLayout& layout() const noexcept { return layout_; }
  VectorView<float> values() noexcept { return values_.view(); }
  VectorView<float> gradient() noexcept { return gradient_.view(); }
  VectorView<float> first_moment() noexcept { return first_moment_.view(); }
  VectorView<float> second_moment() noexcept { return second_moment_.view(); }
  VectorView<float> average() noexcept { return average_.view(); }

  /// Allocates gradients and moments, all zero; does nothing if they exist.
  void prepare_training();
  bool ready_to_train() const noexcept { return gradient_.size() > 0; }
  /// Allocates and starts the running average of the values; does nothing if it exists.
  void prepare_average();
  bool averages() const noexcept { return average_.size() > 0; }
  /// average ← values, and values ← average; nothing happens without an average.
  void restart_average();
  void take_average();

  VectorView<const std::int32_t> constant(Constant constant) const {
    const ArrayRange& place = layout_.constant_places[static_cast<std::size_t>(constant.index)];
    return constants_.view().part(place.first, place.count);
  }
  /// A parameter's piece of one of the arrays above, [rows, cols] or [rows].
  MatrixView<float> matrix(Parameter parameter, VectorView<float> array) const {
    const ParameterPlace& place = at(parameter);
    return {array.data + place.offset, place.rows, place.cols};
  }
  VectorView<float> vector(Parameter parameter, VectorView<float> array) const {
    const ParameterPlace& place = at(parameter);
    return {array.data + place.offset, place.rows};
  }

 private:
  const ParameterPlace& at(Parameter parameter) const {
    return layout_.places[static_cast<std::size_t>(parameter.index)];
  }

  Context* context_;
  ParameterLayout layout_;
  Buffer<float> values_, gradient_, first_moment_, second_moment_, average_;
  Buffer<std::int32_t> constants_;
};

/// During its lifetime values() holds the running average, if there is one, and gradient() holds the actual
/// values. It uses ops on the device and does not wait.
class AverageInPlace {
 public:
  explicit AverageInPlace(Context& context, Parameters& parameters);
  ~AverageInPlace();
  AverageInPlace(const AverageInPlace&) = delete;
  AverageInPlace& operator=(const AverageInPlace&) = delete;

 private:
  Context& context_;
  Parameters& parameters_;
};

}  // namespace elbo::nn
