#pragma once
// Residual blocks.

#include <memory>
#include <vector>

#include "nn/block.h"

namespace elbo::nn {

/// x + f(x) (He et al. 2016), where f is a sequence of blocks that ends without an activation. x is added to
/// f's output in place.
class Residual final : public Block {
 public:
  /// `input` is x. `skip` reads it and was declared before the blocks; the first block reads it too. There is
  /// at least one block.
  Residual(Slot input, Reader skip, std::vector<std::unique_ptr<Block>> blocks)
      : input_(input), skip_(skip), blocks_(std::move(blocks)) {}

  Slot output() const override { return blocks_.back()->output(); }
  void forward(const Run& run, const Tape& tape) const override;
  void backward_input(const Run& run, const Tape& tape) const override;
  void use_gradients(const Run& run, const Tape& tape, const GradientUse& use, Branch* branch) const override;

 private:
  /// Computes the gradients in the outputs of all of f's blocks but the last.
  void backward_within(const Run& run, const Tape& tape) const;

  Slot input_;
  Reader skip_;
  std::vector<std::unique_ptr<Block>> blocks_;
};

}  // namespace elbo::nn
