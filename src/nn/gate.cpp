#include "nn/gate.h"

#include <algorithm>

#include "base/check.h"
#include "nn/layers.h"
#include "nn/linear.h"
#include "ops/gated.h"

namespace elbo::nn {
namespace {

/// A slot's rows, divided into one row per pixel.
MatrixView<float> of_pixels(const MatrixView<float>& rows, std::int64_t pixels) {
  return {rows.data, rows.rows * pixels, rows.cols / pixels};
}

}  // namespace

Gate::Gate(Builder& builder, Slot input, const std::string& name) : input_(input) {
  const SlotInfo x = builder.info(input);
  pixels_ = x.picture.is_picture() ? x.picture.height * x.picture.width : 1;
  ELBO_CHECK(x.cols / pixels_ % 2 == 0, ShapeError, name, " has no gate for each of ", x.cols / pixels_,
             " values");
  SlotInfo y{.name = name, .rows = x.rows, .cols = x.cols / 2, .picture = x.picture};
  if (y.picture.is_picture()) y.picture.channels /= 2;
  output_ = builder.activation(std::move(y));
  builder.needs_gradient(output_);
  builder.read(input);
}

void Gate::forward(const Run& run, const Tape& tape) const {
  ops::gated_forward(run.context, of_pixels(tape[output_], pixels_), of_pixels(tape[input_], pixels_));
}

void Gate::backward_input(const Run& run, const Tape& tape) const {
  ops::gated_backward(run.context, of_pixels(tape.gradient(input_), pixels_),
                      of_pixels(tape.gradient(output_), pixels_), of_pixels(tape[input_], pixels_));
}

LayerMaker read_gated(LayerWords& words) {
  const std::int64_t width = words.whole("width", kMaxWidth / 2);
  return [width](LayerContext& context) {
    const std::vector<NamedRows> halves = {{context.name + ".value", width}, {context.name + ".gate", width}};
    const Slot both =
        context.add(std::make_unique<Linear>(context.builder, context.input, halves, Activation::identity));
    return context.add(std::make_unique<Gate>(context.builder, both, context.name));
  };
}

}  // namespace elbo::nn
