#pragma once
// All parameters of a model in one flat arena, with a name for each tensor in it.

#include <cstdint>
#include <string>
#include <vector>

#include "vae/config.h"
#include "runtime/buffer.h"

namespace elbo {

/// A named tensor inside the arena: what a checkpoint stores.
struct TensorInfo {
  std::string name;                 ///< as on disk, "encoder.hidden.0.weight"
  std::vector<std::int64_t> shape;  ///< [out, in] for a weight, [out] for a bias
  std::int64_t offset = 0;          ///< of its first value in the arena
  std::int64_t fan_in = 0;

  std::int64_t size() const;
};

/// Where one linear layer stands in the arena. Heads that read the same input (mean and log-variance) are
/// joined into one layer whose rows are theirs one after the other, so that one product serves both.
struct LayerInfo {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t weight_offset = 0;
  std::int64_t bias_offset = 0;
};

/// The arena's layout for a model: tensors in network order, every layer's weight and bias block 256-byte
/// aligned. The gaps between them stay zero.
struct ParameterLayout {
  std::vector<TensorInfo> tensors;
  std::vector<LayerInfo> encoder;  ///< hidden layers, then the head
  std::vector<LayerInfo> decoder;  ///< hidden layers, then the output
  /// log σ² of the gaussian likelihood that shares it: [1], behind all that has a gradient; −1: none.
  std::int64_t log_variance_offset = -1;
  std::int64_t size = 0;          ///< values in the arena, gaps included
  std::int64_t trained_size = 0;  ///< of these, what gradients move: the first
  std::int64_t count = 0;         ///< parameters proper

  explicit ParameterLayout(const ModelConfig& config);
};

/// A linear layer's parameters and their gradients as views into the arena.
struct LinearParameters {
  MatrixView<float> weight;
  VectorView<float> bias;
  MatrixView<float> weight_gradient;  ///< this and the rest are empty until prepare_training()
  VectorView<float> bias_gradient;
  MatrixView<float> weight_first_moment, weight_second_moment;
  VectorView<float> bias_first_moment, bias_second_moment;
};

/// Values, and for training gradients and Adam's moments, each one flat device array of layout().size floats.
class Parameters {
 public:
  /// Draws initial values from `seed`. Throws DeviceError.
  Parameters(Context& context, const ModelConfig& config, std::uint64_t seed);

  const ParameterLayout& layout() const noexcept { return layout_; }
  VectorView<float> values() noexcept { return values_.view(); }
  VectorView<float> gradient() noexcept { return gradient_.view(); }
  VectorView<float> first_moment() noexcept { return first_moment_.view(); }
  VectorView<float> second_moment() noexcept { return second_moment_.view(); }
  VectorView<float> average() noexcept { return average_.view(); }

  /// Allocates gradients and moments, all zero; does nothing when they are there.
  void prepare_training();
  bool ready_to_train() const noexcept { return gradient_.size() > 0; }
  /// Allocates the running average of the values and restarts it; does nothing when it is there.
  void prepare_average();
  bool averages() const noexcept { return average_.size() > 0; }
  /// average ← values, and values ← average, where there is one.
  void restart_average();
  void take_average();

  LinearParameters linear(const LayerInfo& layer);
  /// log σ² of the gaussian likelihood that shares it, in device memory; null without one.
  float* log_variance() noexcept;

 private:
  Context* context_;
  ParameterLayout layout_;
  Buffer<float> values_, gradient_, first_moment_, second_moment_, average_;
};

/// While one of these lives, values() holds the running average, where there is one, and gradient() the
/// values proper. Ops on the device; nothing waits.
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

}  // namespace elbo
