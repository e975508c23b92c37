#pragma once
// Batch normalisation as a layer.

#include <string>

#include "nn/norm.h"

namespace elbo::nn {

/// Batch normalisation (Ioffe & Szegedy 2015), as PyTorch has it: y = act(γ x̂ + β), x̂ of a channel by the
/// statistics of all rows and positions of the batch in a training step, which move NAME.running_mean and
/// NAME.running_var, and by those running statistics in every other pass: a row's result never depends on the
/// rows that are evaluated with it. (A prior's pass over its pseudo-inputs is such another pass: they are no
/// data, and the prior has to be the same in evaluation.)
///
/// It couples the rows of a batch. With train.accumulation_steps each batch has its own statistics and moves
/// the running ones; in a decoder with K samples an example, each sample is a row, all alike. A batch with
/// one value a channel (the last of an epoch, where one example is left) has no variance: it uses the running
/// statistics and leaves them as they are.
class BatchNorm final : public Block {
 public:
  BatchNorm(Builder& builder, Slot input, const std::string& name, Activation activation);

  Slot output() const override { return slots_.output; }
  bool couples_rows() const override { return true; }
  void forward(const Run& run, const Tape& tape) const override;
  void backward_input(const Run& run, const Tape& tape) const override;
  void use_gradients(const Run& run, const Tape& tape, const GradientUse& use, Lane* lane) const override;

 private:
  /// Whether this pass normalises by the batch's statistics.
  bool by_batch(const Tape& tape) const;
  /// This batch's Σ dy x̂ and Σ dy, into sums_.
  void add_up(const Run& run, const Tape& tape) const;
  VectorView<float> half(const Tape& tape, Slot slot, bool second) const {
    return tape.vector(slot).part(second ? slots_.channels : 0, slots_.channels);
  }

  NormSlots slots_;
  Parameter running_mean_, running_variance_;
  Slot statistics_;  ///< [2 C] mean, rstd
  Slot sums_;        ///< [2 C] of a batch: dγ, dβ
};

}  // namespace elbo::nn
