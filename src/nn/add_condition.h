#pragma once
// A layer that also reads a condition.

#include <string>

#include "nn/linear.h"

namespace elbo::nn {

/// y = act(y + condition wᵀ + b), in place, on the output y [n·K, d] of a layer without activation. The
/// condition [n, c] is the same for an example's K samples. With a linear layer before it, this is the linear
/// layer of both inputs side by side. Parameters NAME.weight [d, c] and NAME.bias [d].
class AddCondition final : public Block {
 public:
  AddCondition(Builder& builder, Slot layer, Slot condition, const std::string& name, Activation activation);

  Slot output() const override { return layer_; }
  void forward(const Run& run, const Tape& tape) const override;
  void backward_input(const Run& run, const Tape& tape) const override;
  void use_gradients(const Run& run, const Tape& tape, const GradientUse& use, Branch* branch) const override;
  std::optional<Parameter> output_bias() const override;

 private:
  Slot layer_, saved_;
  Activation activation_;
  Linear linear_;
};

}  // namespace elbo::nn
