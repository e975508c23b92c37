#pragma once
// A stack of linear layers with activations between them, forward and backward.

#include <span>
#include <vector>

#include "nn/gradient_use.h"
#include "nn/parameters.h"
#include "ops/linear.h"
#include "runtime/arena.h"

namespace elbo {

/// What one layer leaves behind for the backward pass, [n, out] each.
struct LayerActivations {
  MatrixView<float> y;      ///< output
  MatrixView<float> saved;  ///< pre-activation where its derivative needs it, else empty
  MatrixView<float> dy;     ///< gradient in the pre-activation; empty without training

  /// What linear_backward_input computes act′ from.
  MatrixView<const float> for_derivative() const { return saved.empty() ? y : saved; }
};

/// Hidden layers with one activation, then a last layer without.
class Mlp {
 public:
  /// `parameters` must outlive this.
  Mlp(Parameters& parameters, std::span<const LayerInfo> layers, Activation activation);

  /// Takes a batch's activations of `rows` rows from the arena. Gradients only when `training`.
  std::vector<LayerActivations> plan(Arena& arena, std::int64_t rows, bool training) const;

  /// activations.back().y = network(x). x [n, in].
  void forward(Context& context, std::span<const LayerActivations> activations,
               MatrixView<const float> x) const;

  /// The same but for the last layer: activations[i].y for every i but the last.
  void forward_hidden(Context& context, std::span<const LayerActivations> activations,
                      MatrixView<const float> x) const;

  /// With the objective's gradient in the output standing in activations.back().dy, gives that of every
  /// layer's output in its dy, and uses those of all parameters but the first layer's.
  void backward(Context& context, std::span<const LayerActivations> activations,
                const GradientUse& use) const;
  /// Uses the gradient of the first layer's parameters, once backward() has given its dy. With `lane`, beside
  /// what follows.
  void use_first_gradient(Context& context, std::span<const LayerActivations> activations,
                          MatrixView<const float> x, const GradientUse& use, bool lane) const;

  LinearParameters layer(std::size_t index) const { return parameters_->linear(layers_[index]); }
  LinearParameters last_layer() const { return layer(layers_.size() - 1); }

 private:
  void forward_layers(Context& context, std::span<const LayerActivations> activations,
                      MatrixView<const float> x, std::size_t count) const;
  void use_gradient(Context& context, std::size_t index, MatrixView<const float> dy,
                    MatrixView<const float> x, const GradientUse& use, bool lane) const;

  Parameters* parameters_;
  std::vector<LayerInfo> layers_;
  Activation activation_;
};

}  // namespace elbo
