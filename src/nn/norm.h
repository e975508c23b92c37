#pragma once
// Normalisation layers.

#include <string>

#include "nn/block.h"

namespace elbo::nn {

/// ε of all normalisation layers, as in PyTorch.
inline constexpr float kNormEpsilon = 1e-5f;

/// The declarations of every normalisation layer: γ = NAME.weight and β = NAME.bias, one value per channel
/// (per column of rows that are not pictures), its output, and memory for the gradients.
struct NormSlots {
  NormSlots(Builder& builder, Slot input, const std::string& name, Activation activation);

  Slot input, output, saved, scratch;
  std::int64_t channels;
  Activation activation;
  Parameter gamma, beta;
  Reader reader;

  VectorView<float> values(const Run& run, Parameter parameter) const {
    return run.parameters.vector(parameter, run.parameters.values());
  }
  VectorView<float> gradient(const Run& run, Parameter parameter) const {
    return run.parameters.vector(parameter, run.parameters.gradient());
  }
};

/// Layer normalisation (Ba et al. 2016) with one group, group normalisation (Wu & He 2018) with several: y =
/// act(γ x̂ + β), with x̂ from each example's own statistics.
class Norm final : public Block {
 public:
  /// Throws ShapeError if the channels cannot be divided into `groups` groups.
  Norm(Builder& builder, Slot input, const std::string& name, std::int64_t groups, Activation activation);

  Slot output() const override { return slots_.output; }
  void forward(const Run& run, const Tape& tape) const override;
  void backward_input(const Run& run, const Tape& tape) const override;
  void use_gradients(const Run& run, const Tape& tape, const GradientUse& use, Branch* branch) const override;

 private:
  NormSlots slots_;
  Slot mean_, rstd_;  ///< [n, groups]
};

}  // namespace elbo::nn
