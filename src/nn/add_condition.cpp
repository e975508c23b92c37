#include "nn/add_condition.h"

#include "base/check.h"
#include "ops/shift.h"

namespace elbo::nn {

AddCondition::AddCondition(Builder& builder, Slot layer, Slot condition, const std::string& name,
                           Activation activation)
    : layer_(layer),  // in its own memory, as it is changed in place
      activation_(activation),
      linear_(builder, condition, {{name, builder.info(layer).cols}}, Activation::identity) {
  ELBO_CHECK(!builder.info(layer).whole, ShapeError, name, " would change the input of ",
             builder.info(layer).name);
  if (derivative_needs_input(activation)) {
    const SlotInfo& y = builder.info(layer);
    saved_ = builder.activation(
        {.name = name + ".saved", .rows = y.rows, .cols = y.cols, .uses = kTraining, .picture = y.picture});
  }
  if (activation != Activation::identity) builder.made_by(layer, activation, saved_);
}

void AddCondition::forward(const Run& run, const Tape& tape) const {
  linear_.forward(run, tape);
  ops::shift_forward(run.context, tape[layer_], tape[saved_], tape[linear_.output()], activation_);
}

// The layer's own gradient stays: it is that of the sum, too.
void AddCondition::backward_input(const Run& run, const Tape& tape) const {
  ops::shift_backward(run.context, tape.gradient(linear_.output()), tape.gradient(layer_));
}

void AddCondition::use_gradients(const Run& run, const Tape& tape, const GradientUse& use,
                                 Branch* branch) const {
  linear_.use_gradients(run, tape, use, branch);
}

std::optional<Parameter> AddCondition::output_bias() const {
  if (activation_ != Activation::identity) return std::nullopt;
  return linear_.output_bias();
}

}  // namespace elbo::nn
