#pragma once
// Batch normalisation as a layer.

#include <string>

#include "nn/norm.h"

namespace elbo::nn {

/// Batch normalisation (Ioffe & Szegedy 2015) as in PyTorch: y = act(γ x̂ + β). In a training step, x̂ uses a
/// channel's statistics over all rows and positions of the batch, which also update NAME.running_mean and
/// NAME.running_var. Every other pass uses the running statistics, so that a row's result does not depend on
/// the rows evaluated with it. (A prior's pass over its pseudo-inputs uses them too: pseudo-inputs are not
/// data, and the prior has to be the same in evaluation.)
///
/// It couples the rows of a batch. With train.accumulation_steps, each batch has its own statistics and
/// updates the running ones. In a decoder with K samples per example, each sample is a row. A batch with one
/// value per channel (an epoch's last batch may have one example) has no variance: it uses the running
/// statistics and does not update them.
class BatchNorm final : public Block {
 public:
  BatchNorm(Builder& builder, Slot input, const std::string& name, Activation activation);

  Slot output() const override { return slots_.output; }
  bool couples_rows() const override { return true; }
  void forward(const Run& run, const Tape& tape) const override;
  void backward_input(const Run& run, const Tape& tape) const override;
  void use_gradients(const Run& run, const Tape& tape, const GradientUse& use, Branch* branch) const override;

 private:
  /// Whether this pass normalises by the batch's statistics.
  bool by_batch(const Tape& tape) const;
  /// Computes this batch's Σ dy x̂ and Σ dy, into sums_.
  void add_up(const Run& run, const Tape& tape) const;
  VectorView<float> half(const Tape& tape, Slot slot, bool second) const {
    return tape.vector(slot).part(second ? slots_.channels : 0, slots_.channels);
  }

  NormSlots slots_;
  Parameter running_mean_, running_variance_;
  Slot statistics_;  ///< [2 C] mean, rstd
  Slot sums_;        ///< [2 C] a batch's dγ, dβ
};

}  // namespace elbo::nn
