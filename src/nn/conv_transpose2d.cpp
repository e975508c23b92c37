#include "nn/conv_transpose2d.h"

#include <algorithm>

#include "base/check.h"
#include "nn/layers.h"

namespace elbo::nn {
namespace {

/// The convolution from pictures of the layer's output to pictures of its input.
ops::Conv2dShape shape_of(const PictureShape& input, std::int64_t channels, const FilterSizes& sizes,
                          std::int64_t more) {
  const auto extent = [&](std::int64_t of_input) {
    return (of_input - 1) * sizes.stride - 2 * sizes.padding + sizes.kernel + more;
  };
  const ops::Conv2dShape shape{.height = extent(input.height),
                               .width = extent(input.width),
                               .channels = channels,
                               .filters = input.channels,
                               .kernel = sizes.kernel,
                               .stride = sizes.stride,
                               .padding = sizes.padding};
  if (shape.valid() && shape.out_height() == input.height && shape.out_width() == input.width) return shape;
  throw ConfigError(concat("a padding of ", sizes.padding, " leaves nothing of pictures made from ",
                           input.height, " x ", input.width, "."));
}

}  // namespace

ConvTranspose2d::ConvTranspose2d(Builder& builder, Slot input, const std::string& name, std::int64_t channels,
                                 const FilterSizes& sizes, std::int64_t more, Activation activation)
    : activation_(activation), input_(input) {
  const SlotInfo x = builder.info(input);
  shape_ = shape_of(x.picture, channels, sizes, more);
  const std::int64_t pixels = shape_.kernel * shape_.kernel, fan_in = shape_.filters * pixels;
  weight_ =
      builder.parameter({.parts = {{name + ".weight", shape_.filters}},
                         .cols = shape_.patch(),
                         .fan_in = fan_in,
                         .fan_out = channels * pixels,
                         .filter = {.height = shape_.kernel, .width = shape_.kernel, .channels = channels}});
  bias_ = builder.parameter({.parts = {{name + ".bias", channels}}, .fan_in = fan_in});
  SlotInfo y{.name = name, .rows = x.rows, .cols = shape_.in()};
  y.picture = {.height = shape_.height, .width = shape_.width, .channels = channels};
  output_ = builder.output(std::move(y), activation);
  saved_ = builder.info(output_).saved;
  builder.read(input);
}

void ConvTranspose2d::forward(const Run& run, const Tape& tape) const {
  Parameters& p = run.parameters;
  ops::conv2d_transpose_forward(run.context, tape[output_], tape[saved_], tape[input_],
                                p.matrix(weight_, p.values()), p.vector(bias_, p.values()), shape_,
                                activation_);
}

void ConvTranspose2d::backward_input(const Run& run, const Tape& tape) const {
  ops::conv2d_transpose_backward_input(run.context, tape.gradient(input_), tape.gradient(output_),
                                       run.parameters.matrix(weight_, run.parameters.values()),
                                       tape.for_derivative(input_), shape_, tape.activation(input_));
}

void ConvTranspose2d::use_gradients(const Run& run, const Tape& tape, const GradientUse& use,
                                    Branch* branch) const {
  if (!use.parameters) return;
  run_beside(branch, [&] {
    Parameters& p = run.parameters;
    ops::conv2d_transpose_backward_params(run.context, p.matrix(weight_, p.gradient()),
                                          p.vector(bias_, p.gradient()), tape.gradient(output_), tape[input_],
                                          shape_, use.accumulate);
  });
}

LayerMaker read_deconv(LayerWords& words) {
  const FilterSizes sizes = FilterSizes::read(words);
  // The number that makes pictures `stride` times as large, if there is one.
  const std::int64_t usual = sizes.stride - sizes.kernel + 2 * sizes.padding;
  const std::int64_t more =
      words.option('o', std::clamp<std::int64_t>(usual, 0, sizes.stride - 1), 0, sizes.stride - 1);
  const std::int64_t channels = words.whole("number of channels", kMaxChannels);
  return [=](LayerContext& context) {
    context.picture();
    return context.add(std::make_unique<ConvTranspose2d>(context.builder, context.input, context.name,
                                                         channels, sizes, more, context.activation));
  };
}

}  // namespace elbo::nn
