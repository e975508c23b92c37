#pragma once
// The gate at the end of gated layers.

#include <string>

#include "nn/block.h"

namespace elbo::nn {

/// y = a ⊙ σ(b). The channels of its input's pictures, or the columns of its rows, are a and then b; its
/// output has half as many.
class Gate final : public Block {
 public:
  /// Throws ShapeError if their number is odd.
  Gate(Builder& builder, Slot input, const std::string& name);

  Slot output() const override { return output_; }
  void forward(const Run& run, const Tape& tape) const override;
  void backward_input(const Run& run, const Tape& tape) const override;
  void use_gradients(const Run&, const Tape&, const GradientUse&, Branch*) const override {}

 private:
  Slot input_, output_;
  std::int64_t pixels_;  ///< pixels of a picture, or 1
};

}  // namespace elbo::nn
