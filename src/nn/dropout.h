#pragma once
// Dropout as a layer.

#include <string>

#include "nn/block.h"

namespace elbo::nn {

/// Inverted dropout (Srivastava et al. 2014) in training steps. In every other pass its output is its input.
/// Each layer has its own stream of noise, so that layers drop independently.
class Dropout final : public Block {
 public:
  /// `rate`, in [0, 1), is the fraction of dropped values.
  Dropout(Builder& builder, Slot input, const std::string& name, float rate);

  Slot output() const override { return output_; }
  void forward(const Run& run, const Tape& tape) const override;
  void backward_input(const Run& run, const Tape& tape) const override;
  void use_gradients(const Run&, const Tape&, const GradientUse&, Branch*) const override {}

 private:
  NoiseSource noise(const Run& run) const;
  /// The number of an example's rows.
  std::int64_t samples(const Tape& tape) const;

  float rate_;
  Rows rows_;
  std::int64_t stream_;  ///< its stream of noise
  Slot input_, output_;
  Reader reader_;
};

}  // namespace elbo::nn
