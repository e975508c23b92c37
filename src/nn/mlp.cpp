#include "nn/mlp.h"

#include "ops/linear_adam.h"
#include "base/check.h"

namespace elbo {

Mlp::Mlp(Parameters& parameters, std::span<const LayerInfo> layers, Activation activation)
    : parameters_(&parameters), layers_(layers.begin(), layers.end()), activation_(activation) {}

std::vector<LayerActivations> Mlp::plan(Arena& arena, std::int64_t rows, bool training) const {
  std::vector<LayerActivations> planned;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const bool hidden = i + 1 < layers_.size();
    LayerActivations layer;
    layer.y = arena.matrix<float>(rows, layers_[i].out);
    if (training) {
      if (hidden && derivative_needs_input(activation_))
        layer.saved = arena.matrix<float>(rows, layers_[i].out);
      layer.dy = arena.matrix<float>(rows, layers_[i].out);
    }
    planned.push_back(layer);
  }
  return planned;
}

void Mlp::forward(Context& context, std::span<const LayerActivations> activations,
                  MatrixView<const float> x) const {
  forward_layers(context, activations, x, layers_.size());
}

void Mlp::forward_hidden(Context& context, std::span<const LayerActivations> activations,
                         MatrixView<const float> x) const {
  forward_layers(context, activations, x, layers_.size() - 1);
}

void Mlp::forward_layers(Context& context, std::span<const LayerActivations> activations,
                         MatrixView<const float> x, std::size_t count) const {
  for (std::size_t i = 0; i < count; ++i) {
    const LinearParameters p = layer(i);
    const Activation activation = i + 1 < layers_.size() ? activation_ : Activation::identity;
    ops::linear_forward(context, activations[i].y, activations[i].saved, x, p.weight, p.bias, activation);
    x = activations[i].y;
  }
}

void Mlp::backward(Context& context, std::span<const LayerActivations> activations,
                   const GradientUse& use) const {
  for (std::size_t i = layers_.size() - 1; i > 0; --i) {
    const LayerActivations& below = activations[i - 1];
    const MatrixView<const float> dy = activations[i].dy;
    ops::linear_backward_input(context, below.dy, dy, layer(i).weight, below.for_derivative(), activation_);
    use_gradient(context, i, dy, below.y, use, true);
  }
}

void Mlp::use_first_gradient(Context& context, std::span<const LayerActivations> activations,
                             MatrixView<const float> x, const GradientUse& use, bool lane) const {
  use_gradient(context, 0, activations[0].dy, x, use, lane);
}

void Mlp::use_gradient(Context& context, std::size_t index, MatrixView<const float> dy,
                       MatrixView<const float> x, const GradientUse& use, bool lane) const {
  if (!use.parameters) return;
  const LinearParameters p = layer(index);
  const auto work = [&] {
    if (use.adam) {
      const ops::AdamLayer adam = {p.weight, p.weight_first_moment, p.weight_second_moment,
                                   p.bias,   p.bias_first_moment,   p.bias_second_moment};
      ops::linear_adam(context, adam, p.weight_gradient, p.bias_gradient, dy, x, *use.adam, use.state);
    } else {
      ops::linear_backward_params(context, p.weight_gradient, p.bias_gradient, dy, x, use.accumulate);
    }
  };
  if (lane && !use.lanes.empty()) {
    use.lanes[index % use.lanes.size()].run(work);
  } else {
    work();
  }
}

}  // namespace elbo
