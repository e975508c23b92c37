#include "model/mlp.h"

#include "runtime/check.h"

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
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const LinearParameters p = parameters_->linear(layers_[i]);
    const Activation activation = i + 1 < layers_.size() ? activation_ : Activation::identity;
    ops::linear_forward(context, activations[i].y, activations[i].saved, x, p.weight, p.bias, activation);
    x = activations[i].y;
  }
}

void Mlp::backward(Context& context, std::span<const LayerActivations> activations, MatrixView<const float> x,
                   MatrixView<float> dx, bool accumulate) const {
  for (std::size_t i = layers_.size(); i-- > 0;) {
    const LinearParameters p = parameters_->linear(layers_[i]);
    const MatrixView<const float> dy = activations[i].dy;
    if (i > 0) {
      const LayerActivations& below = activations[i - 1];
      ops::linear_backward_input(context, below.dy, dy, p.weight, below.for_derivative(), activation_);
    } else if (!dx.empty()) {
      ops::linear_backward_input(context, dx, dy, p.weight, {}, Activation::identity);
    }
    ops::linear_backward_params(context, p.weight_gradient, p.bias_gradient, dy,
                                i > 0 ? activations[i - 1].y : x, accumulate);
  }
}

}  // namespace elbo
