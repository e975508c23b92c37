#pragma once
// Keeps columns of a layer's output within bounds.

#include "nn/block.h"

namespace elbo::nn {

/// Changes a part of its input in place: values outside [low, high] move to the nearer bound, and their
/// gradient is 0 ("hardtanh").
class Clamp final : public Block {
 public:
  Clamp(Slot output, Slot part, float low, float high)
      : output_(output), part_(part), low_(low), high_(high) {}

  Slot output() const override { return output_; }
  void forward(const Run& run, const Tape& tape) const override;
  void backward_input(const Run& run, const Tape& tape) const override;
  void use_gradients(const Run&, const Tape&, const GradientUse&, Branch*) const override {}

 private:
  Slot output_, part_;
  float low_, high_;
};

}  // namespace elbo::nn
