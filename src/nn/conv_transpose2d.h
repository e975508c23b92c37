#pragma once
// The transpose of a convolution, with an activation.

#include <string>

#include "nn/block.h"
#include "nn/conv2d.h"
#include "ops/conv2d.h"

namespace elbo::nn {

/// y = act(x ∗ᵀ w + b) of pictures, with parameters NAME.weight, in files [in, out, kernel, kernel], and
/// NAME.bias [out], as PyTorch's ConvTranspose2d.
class ConvTranspose2d final : public Block {
 public:
  /// `more`: rows and columns added beyond the reach of the last patches (output_padding), below the stride.
  /// Throws ConfigError if nothing is left of a picture.
  ConvTranspose2d(Builder& builder, Slot input, const std::string& name, std::int64_t channels,
                  const FilterSizes& sizes, std::int64_t more, Activation activation);

  Slot output() const override { return output_; }
  void forward(const Run& run, const Tape& tape) const override;
  void backward_input(const Run& run, const Tape& tape) const override;
  void use_gradients(const Run& run, const Tape& tape, const GradientUse& use, Branch* branch) const override;

 private:
  Activation activation_;
  ops::Conv2dShape shape_;  ///< the convolution from y to x
  Slot input_, output_, saved_;
  Parameter weight_, bias_;
};

}  // namespace elbo::nn
