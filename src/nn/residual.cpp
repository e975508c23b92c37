#include "nn/residual.h"

#include "base/check.h"
#include "nn/layers.h"
#include "ops/add.h"

namespace elbo::nn {

void Residual::forward(const Run& run, const Tape& tape) const {
  for (const auto& block : blocks_) block->forward(run, tape);
  ops::add(run.context, tape[output()], tape[input_], {}, Activation::identity, true);
}

void Residual::backward_within(const Run& run, const Tape& tape) const {
  for (std::size_t i = blocks_.size() - 1; i > 0; --i) blocks_[i]->backward_input(run, tape);
}

void Residual::backward_input(const Run& run, const Tape& tape) const {
  backward_within(run, tape);
  blocks_.front()->backward_input(run, tape);
  ops::add(run.context, tape.gradient(input_), tape.gradient(output()), tape.for_derivative(input_),
           tape.activation(input_), tape.adds_to_gradient(skip_));
}

void Residual::use_gradients(const Run& run, const Tape& tape, const GradientUse& use, Branch* branch) const {
  if (!use.parameters) return;
  if (tape.gradient(input_).empty()) backward_within(run, tape);  // backward_input() was not called
  for (std::size_t i = blocks_.size(); i > 0; --i) blocks_[i - 1]->use_gradients(run, tape, use, branch);
}

namespace {

/// Appends a layer made from a text.
void add_layer(LayerContext& context, std::string_view text, const char* suffix, Activation activation,
               const std::string& name) {
  context.name = name + suffix;
  context.activation = activation;
  context.input = read_layer(text).make(context);
}

}  // namespace

LayerMaker read_residual(LayerWords& words) {
  const std::int64_t width = words.whole("width", kMaxWidth);
  return [width](LayerContext& context) {
    const SlotInfo x = context.shape();
    const Reader skip = context.builder.read(context.input, true);
    std::vector<std::unique_ptr<Block>> blocks;
    LayerContext within{context.builder, context.input, {}, {}, context.hidden, blocks};
    const bool pictures = x.picture.is_picture();
    if (pictures && width > kMaxChannels) {
      throw ConfigError(concat("on pictures its width is a number of channels, of which ", kMaxChannels,
                               " is the maximum, not ", width, "."));
    }
    add_layer(within, pictures ? concat("conv ", width, " k3") : concat(width), ".0", context.hidden,
              context.name);
    add_layer(within, pictures ? concat("conv ", x.picture.channels, " k1") : concat(x.cols), ".1",
              Activation::identity, context.name);
    return context.add(std::make_unique<Residual>(context.input, skip, std::move(blocks)));
  };
}

}  // namespace elbo::nn
