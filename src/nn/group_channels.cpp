#include "nn/group_channels.h"

#include "base/check.h"

namespace elbo::nn {

GroupChannels::GroupChannels(Builder& builder, Slot input, const std::string& name, std::int64_t groups)
    : input_(input) {
  const SlotInfo x = builder.info(input);
  ELBO_CHECK(groups > 0 && x.picture.is_picture() && x.picture.channels % groups == 0, ShapeError, name,
             " makes ", groups, " groups of ", x.picture.channels, " channels");
  ELBO_CHECK(x.activation == Activation::identity, ShapeError, name, " would need a derivative");
  axes_ = {x.picture.height * x.picture.width, groups, x.picture.channels / groups};
  output_ = builder.activation({.name = name, .rows = x.rows, .cols = x.cols});
  builder.needs_gradient(output_);
  builder.read(input);
}

void GroupChannels::forward(const Run& run, const Tape& tape) const {
  ops::swap_axes(run.context, tape[output_], tape[input_], axes_);
}

void GroupChannels::backward_input(const Run& run, const Tape& tape) const {
  ops::swap_axes(run.context, tape.gradient(input_), tape.gradient(output_), axes_.swapped());
}

}  // namespace elbo::nn
