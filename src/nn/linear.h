#pragma once
// A linear layer with an activation.

#include <optional>
#include <string>
#include <vector>

#include "nn/block.h"

namespace elbo::nn {

/// y = act(x wᵀ + b), with parameters NAME.weight [out, in] and NAME.bias [out]. Several heads that read the
/// same input form one layer, with their columns in order.
class Linear final : public Block {
 public:
  /// `heads`: names and widths. `value` is the initial value of all parameters, which are drawn without one.
  /// Throws ShapeError if a width is 0.
  Linear(Builder& builder, Slot input, const std::vector<NamedRows>& heads, Activation activation,
         std::optional<float> value = {});

  Slot output() const override { return output_; }
  void forward(const Run& run, const Tape& tape) const override;
  void backward_input(const Run& run, const Tape& tape) const override;
  void use_gradients(const Run& run, const Tape& tape, const GradientUse& use, Branch* branch) const override;
  bool output_is_gemm() const override { return activation_ == Activation::identity; }
  std::optional<OutputGemm> output_gemm(const Run& run, const Tape& tape) const override;
  std::optional<InputGradientGemm> input_gradient_gemm(const Run& run, const Tape& tape) const override;
  std::optional<Parameter> output_bias() const override;

 private:
  Activation activation_;
  Slot input_, output_, saved_;
  Parameter weight_, bias_;
};

}  // namespace elbo::nn
