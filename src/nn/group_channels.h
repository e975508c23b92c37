#pragma once
// Gathers channels of pictures into separate pictures.

#include <string>

#include "nn/block.h"
#include "ops/swap_axes.h"

namespace elbo::nn {

/// Divides a picture whose pixels have `groups` · c channels into `groups` pictures of c channels each, one
/// after the other in a row. A likelihood with several parameters per value reads this order.
class GroupChannels final : public Block {
 public:
  /// Throws ShapeError if the channels cannot be divided into such groups.
  GroupChannels(Builder& builder, Slot input, const std::string& name, std::int64_t groups);

  Slot output() const override { return output_; }
  void forward(const Run& run, const Tape& tape) const override;
  void backward_input(const Run& run, const Tape& tape) const override;
  void use_gradients(const Run&, const Tape&, const GradientUse&, Branch*) const override {}

 private:
  ops::Axes axes_;
  Slot input_, output_;
};

}  // namespace elbo::nn
