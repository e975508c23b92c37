#include "nn/batch_norm.h"

#include "nn/layers.h"
#include "ops/add.h"
#include "ops/batch_norm.h"

namespace elbo::nn {
namespace {

/// The share of each batch in the running statistics, as in PyTorch.
constexpr float kMomentum = 0.1f;

MatrixView<float> one_row(const VectorView<float>& values) {
  return {values.data, 1, values.size};
}

}  // namespace

BatchNorm::BatchNorm(Builder& builder, Slot input, const std::string& name, Activation activation)
    : slots_(builder, input, name, activation) {
  running_mean_ = builder.parameter(
      {.parts = {{name + ".running_mean", slots_.channels}}, .value = 0.0f, .mover = Mover::part});
  running_variance_ = builder.parameter(
      {.parts = {{name + ".running_var", slots_.channels}}, .value = 1.0f, .mover = Mover::part});
  statistics_ =
      builder.activation({.name = name + ".statistics", .rows = Rows::one, .cols = 2 * slots_.channels});
  sums_ = builder.activation(
      {.name = name + ".sums", .rows = Rows::one, .cols = 2 * slots_.channels, .uses = kTraining});
}

bool BatchNorm::by_batch(const Tape& tape) const {
  const MatrixView<const float> x = tape[slots_.input];
  return (tape.uses() & kLearning) != 0 && x.rows * x.cols > slots_.channels;
}

void BatchNorm::forward(const Run& run, const Tape& tape) const {
  const NormSlots& s = slots_;
  const VectorView<float> mean = half(tape, statistics_, false), rstd = half(tape, statistics_, true);
  const ops::RunningStatistics running = {s.values(run, running_mean_), s.values(run, running_variance_)};
  if (by_batch(tape)) {
    ops::batch_norm_statistics(run.context, mean, rstd, running, tape.vector(s.scratch), tape[s.input],
                               kNormEpsilon, kMomentum);
  } else {
    ops::batch_norm_running(run.context, mean, rstd, running.mean, running.variance, kNormEpsilon);
  }
  ops::batch_norm_forward(run.context, tape[s.output], tape[s.saved], tape[s.input], mean, rstd,
                          s.values(run, s.gamma), s.values(run, s.beta), s.activation);
}

void BatchNorm::add_up(const Run& run, const Tape& tape) const {
  const NormSlots& s = slots_;
  ops::norm_backward_params(run.context, half(tape, sums_, false), half(tape, sums_, true),
                            tape.vector(s.scratch), tape.gradient(s.output), tape[s.input],
                            one_row(half(tape, statistics_, false)), one_row(half(tape, statistics_, true)),
                            false);
}

void BatchNorm::backward_input(const Run& run, const Tape& tape) const {
  const NormSlots& s = slots_;
  VectorView<float> dgamma, dbeta;
  if (by_batch(tape)) {
    add_up(run, tape);
    dgamma = half(tape, sums_, false);
    dbeta = half(tape, sums_, true);
  }
  ops::batch_norm_backward_input(run.context, tape.gradient(s.input), tape.gradient(s.output), tape[s.input],
                                 half(tape, statistics_, false), half(tape, statistics_, true),
                                 s.values(run, s.gamma), dgamma, dbeta, tape.for_derivative(s.input),
                                 tape.activation(s.input), tape.adds_to_gradient(s.reader));
}

void BatchNorm::use_gradients(const Run& run, const Tape& tape, const GradientUse& use,
                              Branch* branch) const {
  if (!use.parameters) return;
  const bool added_up = by_batch(tape) && !tape.gradient(slots_.input).empty();
  run_beside(branch, [&] {
    if (!added_up) add_up(run, tape);
    for (const bool second : {false, true}) {
      const VectorView<float> to = slots_.gradient(run, second ? slots_.beta : slots_.gamma);
      ops::add(run.context, one_row(to), one_row(half(tape, sums_, second)), {}, Activation::identity,
               use.accumulate);
    }
  });
}

LayerMaker read_batch_norm(LayerWords&) {
  return [](LayerContext& context) {
    return context.add(
        std::make_unique<BatchNorm>(context.builder, context.input, context.name, context.activation));
  };
}

}  // namespace elbo::nn
