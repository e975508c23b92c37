#include "nn/conv2d.h"

#include "base/check.h"
#include "nn/gate.h"
#include "nn/layers.h"

namespace elbo::nn {
namespace {

ops::Conv2dShape shape_of(const PictureShape& picture, std::int64_t filters, const FilterSizes& sizes) {
  const ops::Conv2dShape shape{.height = picture.height,
                               .width = picture.width,
                               .channels = picture.channels,
                               .filters = filters,
                               .kernel = sizes.kernel,
                               .stride = sizes.stride,
                               .padding = sizes.padding};
  if (shape.valid()) return shape;
  throw ConfigError(concat("its kernel of ", sizes.kernel, " x ", sizes.kernel,
                           " does not fit into pictures of ", picture.height, " x ", picture.width,
                           " with a padding of ", sizes.padding, "."));
}

}  // namespace

FilterSizes FilterSizes::read(LayerWords& words) {
  FilterSizes sizes;
  sizes.kernel = words.option('k', 3, 1, kMaxKernel);
  sizes.stride = words.option('s', 1, 1, kMaxKernel);
  sizes.padding = words.option('p', (sizes.kernel - 1) / 2, 0, sizes.kernel - 1);
  return sizes;
}

Conv2d::Conv2d(Builder& builder, Slot input, const std::vector<NamedRows>& heads, const FilterSizes& sizes,
               Activation activation)
    : activation_(activation), input_(input) {
  const SlotInfo x = builder.info(input);
  ParameterInfo weight, bias;
  for (const NamedRows& head : heads) {
    weight.parts.push_back({head.name + ".weight", head.rows});
    bias.parts.push_back({head.name + ".bias", head.rows});
  }
  shape_ = shape_of(x.picture, weight.rows(), sizes);
  weight.cols = weight.fan_in = bias.fan_in = shape_.patch();
  weight.filter = {.height = shape_.kernel, .width = shape_.kernel, .channels = shape_.channels};
  weight_ = builder.parameter(std::move(weight));
  bias_ = builder.parameter(std::move(bias));
  SlotInfo y{.name = heads.front().name, .rows = x.rows, .cols = shape_.out()};
  y.picture = {.height = shape_.out_height(), .width = shape_.out_width(), .channels = shape_.filters};
  output_ = builder.output(std::move(y), activation);
  saved_ = builder.info(output_).saved;
  builder.read(input);
}

void Conv2d::forward(const Run& run, const Tape& tape) const {
  Parameters& p = run.parameters;
  ops::conv2d_forward(run.context, tape[output_], tape[saved_], tape[input_], p.matrix(weight_, p.values()),
                      p.vector(bias_, p.values()), shape_, activation_);
}

void Conv2d::backward_input(const Run& run, const Tape& tape) const {
  ops::conv2d_backward_input(run.context, tape.gradient(input_), tape.gradient(output_),
                             run.parameters.matrix(weight_, run.parameters.values()),
                             tape.for_derivative(input_), shape_, tape.activation(input_));
}

void Conv2d::use_gradients(const Run& run, const Tape& tape, const GradientUse& use, Branch* branch) const {
  if (!use.parameters) return;
  run_beside(branch, [&] {
    Parameters& p = run.parameters;
    ops::conv2d_backward_params(run.context, p.matrix(weight_, p.gradient()), p.vector(bias_, p.gradient()),
                                tape.gradient(output_), tape[input_], shape_, use.accumulate);
  });
}

LayerMaker read_conv(LayerWords& words) {
  const FilterSizes sizes = FilterSizes::read(words);
  const std::int64_t channels = words.whole("number of channels", kMaxChannels);
  return [=](LayerContext& context) {
    context.picture();
    const std::vector<NamedRows> layer = {{context.name, channels}};
    return context.add(
        std::make_unique<Conv2d>(context.builder, context.input, layer, sizes, context.activation));
  };
}

LayerMaker read_gated_conv(LayerWords& words) {
  const FilterSizes sizes = FilterSizes::read(words);
  const std::int64_t channels = words.whole("number of channels", kMaxChannels / 2);
  return [=](LayerContext& context) {
    context.picture();
    const std::vector<NamedRows> halves = {{context.name + ".value", channels},
                                           {context.name + ".gate", channels}};
    const Slot both = context.add(
        std::make_unique<Conv2d>(context.builder, context.input, halves, sizes, Activation::identity));
    return context.add(std::make_unique<Gate>(context.builder, both, context.name));
  };
}

}  // namespace elbo::nn
