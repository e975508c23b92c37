#include "nn/norm.h"

#include "base/check.h"
#include "nn/layers.h"
#include "ops/norm.h"

namespace elbo::nn {

NormSlots::NormSlots(Builder& builder, Slot from, const std::string& name, Activation ends_with)
    : input(from), activation(ends_with) {
  const SlotInfo x = builder.info(from);
  channels = x.picture.is_picture() ? x.picture.channels : x.cols;
  gamma = builder.parameter({.parts = {{name + ".weight", channels}}, .value = 1.0f});
  beta = builder.parameter({.parts = {{name + ".bias", channels}}, .value = 0.0f});
  output = builder.output({.name = name, .rows = x.rows, .cols = x.cols, .picture = x.picture}, activation);
  saved = builder.info(output).saved;
  scratch = builder.activation({.name = name + ".scratch",
                                .rows = Rows::one,
                                .cols = ops::norm_scratch_size(channels),
                                .uses = kTraining});
  reader = builder.read(from, true);
}

Norm::Norm(Builder& builder, Slot input, const std::string& name, std::int64_t groups, Activation activation)
    : slots_(builder, input, name, activation) {
  ELBO_CHECK(groups > 0 && slots_.channels % groups == 0, ShapeError, name, " was to have ", groups,
             " groups of ", slots_.channels, " channels");
  const SlotInfo statistics{.name = name + ".mean", .rows = builder.info(input).rows, .cols = groups};
  mean_ = builder.activation(statistics);
  rstd_ = builder.activation({.name = name + ".rstd", .rows = statistics.rows, .cols = groups});
}

void Norm::forward(const Run& run, const Tape& tape) const {
  const NormSlots& s = slots_;
  ops::norm_forward(run.context, tape[s.output], tape[s.saved], tape[mean_], tape[rstd_], tape[s.input],
                    s.values(run, s.gamma), s.values(run, s.beta), kNormEpsilon, s.activation);
}

void Norm::backward_input(const Run& run, const Tape& tape) const {
  const NormSlots& s = slots_;
  ops::norm_backward_input(run.context, tape.gradient(s.input), tape.gradient(s.output), tape[s.input],
                           tape[mean_], tape[rstd_], s.values(run, s.gamma), tape.for_derivative(s.input),
                           tape.activation(s.input), tape.adds_to_gradient(s.reader));
}

void Norm::use_gradients(const Run& run, const Tape& tape, const GradientUse& use, Branch* branch) const {
  if (!use.parameters) return;
  const NormSlots& s = slots_;
  run_beside(branch, [&] {
    ops::norm_backward_params(run.context, s.gradient(run, s.gamma), s.gradient(run, s.beta),
                              tape.vector(s.scratch), tape.gradient(s.output), tape[s.input], tape[mean_],
                              tape[rstd_], use.accumulate);
  });
}

LayerMaker read_layer_norm(LayerWords&) {
  return [](LayerContext& context) {
    return context.add(
        std::make_unique<Norm>(context.builder, context.input, context.name, 1, context.activation));
  };
}

LayerMaker read_group_norm(LayerWords& words) {
  const std::int64_t groups = words.whole("number of groups", kMaxChannels);
  return [groups](LayerContext& context) {
    const SlotInfo& x = context.shape();
    const std::int64_t channels = x.picture.is_picture() ? x.picture.channels : x.cols;
    if (channels % groups != 0) {
      throw ConfigError(
          concat("its input has ", channels, " channels, which cannot be divided into ", groups, " groups."));
    }
    return context.add(
        std::make_unique<Norm>(context.builder, context.input, context.name, groups, context.activation));
  };
}

}  // namespace elbo::nn
