#include "nn/clamp.h"

#include "ops/clamp.h"

namespace elbo::nn {

void Clamp::forward(const Run& run, const Tape& tape) const {
  ops::clamp(run.context, tape[part_], tape[part_], low_, high_);
}

void Clamp::backward_input(const Run& run, const Tape& tape) const {
  const MatrixView<float> gradient = tape.gradient(part_);
  ops::clamp_backward(run.context, gradient, gradient, tape[part_], low_, high_, false);
}

}  // namespace elbo::nn
