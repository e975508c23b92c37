#pragma once
// What gated layers end with.

#include <string>

#include "nn/block.h"

namespace elbo::nn {

/// y = a ⊙ σ(b). Reads pictures whose channels, or rows whose columns, are a and then b, and gives half as
/// many.
class Gate final : public Block {
 public:
  /// Throws ShapeError if they are not even.
  Gate(Builder& builder, Slot input, const std::string& name);

  Slot output() const override { return output_; }
  void forward(const Run& run, const Tape& tape) const override;
  void backward_input(const Run& run, const Tape& tape) const override;
  void use_gradients(const Run&, const Tape&, const GradientUse&, Lane*) const override {}

 private:
  Slot input_, output_;
  std::int64_t pixels_;  ///< of a picture, or 1
};

}  // namespace elbo::nn
