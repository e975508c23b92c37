#include "nn/dropout.h"

#include "base/check.h"
#include "nn/layers.h"
#include "ops/add.h"
#include "ops/dropout.h"

namespace elbo::nn {
namespace {

bool drops(const Tape& tape) {
  return (tape.uses() & kLearning) != 0;
}

}  // namespace

Dropout::Dropout(Builder& builder, Slot input, const std::string& name, float rate)
    : rate_(rate), rows_(builder.info(input).rows), stream_(builder.noise_stream()), input_(input) {
  output_ = builder.part(input, name, 0, builder.info(input).cols, kLearning);
  builder.needs_gradient(output_);
  builder.made_by(output_, Activation::identity);
  reader_ = builder.read(input, true);
}

std::int64_t Dropout::samples(const Tape& tape) const {
  if (rows_ == Rows::examples) return 1;
  return rows_ == Rows::classes ? tape.classes() : tape.classes() * tape.samples();
}

NoiseSource Dropout::noise(const Run& run) const {
  NoiseSource noise = run.noise;
  noise.purpose = NoisePurpose::dropout;
  noise.stream = stream_;
  return noise;
}

void Dropout::forward(const Run& run, const Tape& tape) const {
  if (!drops(tape)) return;  // the output shares the input's memory
  ops::dropout(run.context, tape[output_], tape[input_], {}, Activation::identity, samples(tape), rate_,
               noise(run), false);
}

void Dropout::backward_input(const Run& run, const Tape& tape) const {
  const MatrixView<float> dx = tape.gradient(input_);
  const MatrixView<const float> dy = tape.gradient(output_), saved = tape.for_derivative(input_);
  const bool adds = tape.adds_to_gradient(reader_);
  if (drops(tape)) {
    ops::dropout(run.context, dx, dy, saved, tape.activation(input_), samples(tape), rate_, noise(run), adds);
  } else {
    ops::add(run.context, dx, dy, saved, tape.activation(input_), adds);
  }
}

LayerMaker read_dropout(LayerWords& words) {
  const auto rate = static_cast<float>(words.number("rate", 0.0, 1.0));
  if (rate >= 1.0f) throw ConfigError("its rate must be below 1 in fp32, too: nothing would be left.");
  return [rate](LayerContext& context) {
    return context.add(std::make_unique<Dropout>(context.builder, context.input, context.name, rate));
  };
}

}  // namespace elbo::nn
