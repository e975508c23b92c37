#pragma once
// A layer that also reads a condition.

#include <string>

#include "nn/linear.h"

namespace elbo::nn {

/// out = act(y + condition wᵀ + b), where y [m, d] is the output of a layer without activation, and each row
/// of the one with fewer rows is added to several neighbouring rows of the other. An example's condition [n,
/// c] is the same for its K samples: out is then in y's memory. A condition of classes [n·C, c] has more rows
/// than an example's y [n, d], and out [n·C, d] is in its memory. With a linear layer before it, this is the
/// linear layer of both inputs side by side. Parameters NAME.weight [d, c] and NAME.bias [d].
class AddCondition final : public Block {
 public:
  AddCondition(Builder& builder, Slot layer, Slot condition, const std::string& name, Activation activation);

  Slot output() const override { return output_; }
  void forward(const Run& run, const Tape& tape) const override;
  void backward_input(const Run& run, const Tape& tape) const override;
  void use_gradients(const Run& run, const Tape& tape, const GradientUse& use, Branch* branch) const override;
  std::optional<Parameter> output_bias() const override;

 private:
  Linear linear_;
  Slot output_;  ///< the one with more rows, which is changed in place
  Slot added_;   ///< the other
  Slot saved_;
  Activation activation_;
};

}  // namespace elbo::nn
