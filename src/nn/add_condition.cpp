#include "nn/add_condition.h"

#include <utility>

#include "base/check.h"
#include "ops/shift.h"

namespace elbo::nn {

AddCondition::AddCondition(Builder& builder, Slot layer, Slot condition, const std::string& name,
                           Activation activation)
    : linear_(builder, condition, {{name, builder.info(layer).cols}}, Activation::identity),
      output_(layer),
      added_(linear_.output()),
      activation_(activation) {
  ELBO_CHECK(!builder.info(layer).whole, ShapeError, name, " would change the input of ",
             builder.info(layer).name);
  if (builder.info(condition).rows > builder.info(layer).rows) {
    std::swap(output_, added_);
    builder.set_picture(output_, builder.info(layer).picture);
    builder.read(layer);
  }
  const SlotInfo& y = builder.info(output_);
  if (derivative_needs_input(activation)) {
    saved_ = builder.activation(
        {.name = name + ".saved", .rows = y.rows, .cols = y.cols, .uses = kTraining, .picture = y.picture});
  }
  if (activation != Activation::identity) builder.made_by(output_, activation, saved_);
}

void AddCondition::forward(const Run& run, const Tape& tape) const {
  linear_.forward(run, tape);
  ops::shift_forward(run.context, tape[output_], tape[saved_], tape[added_], activation_);
}

// The output's own gradient stays: it is that of the sum, too.
void AddCondition::backward_input(const Run& run, const Tape& tape) const {
  ops::shift_backward(run.context, tape.gradient(added_), tape.gradient(output_));
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
