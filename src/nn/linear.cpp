#include "nn/linear.h"

#include "nn/layers.h"
#include "ops/linear.h"
#include "ops/linear_adam.h"

namespace elbo::nn {

Linear::Linear(Builder& builder, Slot input, const std::vector<NamedRows>& heads, Activation activation,
               std::optional<float> value)
    : activation_(activation), input_(input) {
  const SlotInfo x = builder.info(input);
  ParameterInfo weight{
      .parts = {}, .cols = x.cols, .fan_in = x.cols, .value = value, .steps_with_gradient = true};
  ParameterInfo bias = weight;
  bias.cols = 0;
  for (const NamedRows& head : heads) {
    weight.parts.push_back({head.name + ".weight", head.rows});
    bias.parts.push_back({head.name + ".bias", head.rows});
  }
  const std::int64_t width = weight.rows();
  weight_ = builder.parameter(std::move(weight));
  bias_ = builder.parameter(std::move(bias));
  output_ = builder.output({.name = heads.front().name, .rows = x.rows, .cols = width}, activation);
  saved_ = builder.info(output_).saved;
  builder.read(input);
}

void Linear::forward(const Run& run, const Tape& tape) const {
  Parameters& p = run.parameters;
  ops::linear_forward(run.context, tape[output_], tape[saved_], tape[input_], p.matrix(weight_, p.values()),
                      p.vector(bias_, p.values()), activation_);
}

void Linear::backward_input(const Run& run, const Tape& tape) const {
  ops::linear_backward_input(run.context, tape.gradient(input_), tape.gradient(output_),
                             run.parameters.matrix(weight_, run.parameters.values()),
                             tape.for_derivative(input_), tape.activation(input_));
}

void Linear::use_gradients(const Run& run, const Tape& tape, const GradientUse& use, Branch* branch) const {
  if (!use.parameters) return;
  Parameters& p = run.parameters;
  run_beside(branch, [&] {
    const MatrixView<float> weight_gradient = p.matrix(weight_, p.gradient());
    const VectorView<float> bias_gradient = p.vector(bias_, p.gradient());
    const MatrixView<const float> dy = tape.gradient(output_), x = tape[input_];
    if (use.adam) {
      const ops::AdamLayer layer = {p.matrix(weight_, p.values()),        p.matrix(weight_, p.first_moment()),
                                    p.matrix(weight_, p.second_moment()), p.vector(bias_, p.values()),
                                    p.vector(bias_, p.first_moment()),    p.vector(bias_, p.second_moment())};
      ops::linear_adam(run.context, layer, weight_gradient, bias_gradient, dy, x, *use.adam, use.state);
    } else {
      ops::linear_backward_params(run.context, weight_gradient, bias_gradient, dy, x, use.accumulate);
    }
  });
}

std::optional<OutputGemm> Linear::output_gemm(const Run& run, const Tape& tape) const {
  if (!output_is_gemm()) return std::nullopt;
  Parameters& p = run.parameters;
  return OutputGemm{tape[input_], p.matrix(weight_, p.values()), p.vector(bias_, p.values())};
}

std::optional<InputGradientGemm> Linear::input_gradient_gemm(const Run& run, const Tape& tape) const {
  if (tape.activation(input_) != Activation::identity) return std::nullopt;
  return InputGradientGemm{tape.gradient(output_), run.parameters.matrix(weight_, run.parameters.values())};
}

std::optional<Parameter> Linear::output_bias() const {
  if (!output_is_gemm()) return std::nullopt;
  return bias_;
}

LayerMaker read_linear(LayerWords& words) {
  const std::int64_t width = words.whole("width", kMaxWidth);
  return [width](LayerContext& context) {
    const std::vector<NamedRows> layer = {{context.name, width}};
    return context.add(std::make_unique<Linear>(context.builder, context.input, layer, context.activation));
  };
}

}  // namespace elbo::nn
