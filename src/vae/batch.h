#pragma once
// One batch of n examples with K samples each: its data and the results of its passes.

#include <utility>

#include "nn/tape.h"

namespace elbo {

/// The slots that parts declare and their neighbours read. A slot without an index does not exist.
struct BatchSlots {
  // Written by the reader of the data (gather_batch).
  nn::Slot x;         ///< [n, dims] the values
  nn::Slot mask;      ///< [n, dims] 1 where x is present, 0 where it is missing, and x is 0
  nn::Slot examples;  ///< [n] the rows' indices in the data
  /// [n, 1] the labels of a model conditioned on them alone, from 0, −1 where one is not known; or [n,
  /// columns] what another conditional model reads: standardised numbers, and numbers of levels.
  nn::Slot label;

  nn::Slot condition;  ///< [n, width] the same for a linear layer, labels and levels one-hot; as below for m2
  nn::Slot input;      ///< [n, width] the encoder's input
  nn::Slot head;       ///< [n, width] the encoder's output
  nn::Slot mean;       ///< [n, latent] the code of an example: columns of the head
  nn::Slot log_variance;  ///< [n, latent] log σ² of q(z|x), if it has one
  nn::Slot z;             ///< [n·K, latent] the decoder's input
  nn::Slot kl;            ///< [n] KL(q(z|x) ‖ p(z)), nats, or its estimate; if there is a prior
  nn::Slot log_ratio;     ///< [n·K] log q(z|x) − log p(z), nats; if there is a prior

  // The same of u = (z − μ)/τ, relative to a prior N(μ, diag τ²) of each example: the prior of u is N(0, I).
  // With other priors these are mean, log_variance and z themselves.
  nn::Slot relative_mean;          ///< [n, latent]
  nn::Slot relative_log_variance;  ///< [n, latent]
  nn::Slot relative_z;             ///< [n·K, latent]

  nn::Slot parameters;  ///< [n·K, P·dims] the decoder's output: the likelihood's parameters
  nn::Slot nll;         ///< [n·K] −log p(x|z), nats
  nn::Slot nll_parts;   ///< [n·K, p] on training tapes: each row sums to its nll

  // Models that infer the label (model.kind = "m2") have these too. Their condition, head, mean, log_variance
  // and kl have n·C rows, and z and what follows n·C·K: see nn::Rows.
  nn::Slot logits;         ///< [n, C] q(y|x), before the softmax
  nn::Slot class_weights;  ///< [n·C·K] the weight of a class in the costs below
  nn::Slot bound_nll;      ///< [n] the mean of nll over the classes, by their weights
  nn::Slot bound_kl;       ///< [n] KL(q(y, z|x) ‖ p(y) p(z)), nats
};

/// Views of a batch; see BatchSlots for shapes. The model it belongs to must outlive it.
class Batch {
 public:
  Batch() = default;
  /// `beside` is the tape of the prior's own pass, if it makes one.
  Batch(const BatchSlots& slots, nn::Tape tape, nn::Tape beside)
      : step_rows(tape.rows()), slots_(&slots), tape_(std::move(tape)), beside_(std::move(beside)) {}

  /// The number of rows that gradients are averaged over: n, or the rows of all of a step's batches.
  std::int64_t step_rows = 0;

  std::int64_t rows() const noexcept { return tape_.rows(); }
  std::int64_t samples() const noexcept { return tape_.samples(); }
  /// C where each example is there once as every class; else 1.
  std::int64_t classes() const noexcept { return tape_.classes(); }
  bool corrupted() const noexcept { return tape_.uses() & nn::kCorrupted; }

  MatrixView<float> x() const { return tape_[slots_->x]; }
  MatrixView<float> mask() const { return tape_[slots_->mask]; }
  VectorView<std::int64_t> examples() const { return tape_.integers(slots_->examples); }
  MatrixView<float> label() const { return tape_[slots_->label]; }
  MatrixView<float> condition() const { return tape_[slots_->condition]; }
  MatrixView<float> input() const { return tape_[slots_->input]; }
  MatrixView<float> head() const { return tape_[slots_->head]; }
  MatrixView<float> mean() const { return tape_[slots_->mean]; }
  MatrixView<float> log_variance() const { return tape_[slots_->log_variance]; }
  MatrixView<float> z() const { return tape_[slots_->z]; }
  MatrixView<float> dz() const { return tape_.gradient(slots_->z); }
  MatrixView<float> relative_mean() const { return tape_[slots_->relative_mean]; }
  MatrixView<float> relative_log_variance() const { return tape_[slots_->relative_log_variance]; }
  MatrixView<float> relative_z() const { return tape_[slots_->relative_z]; }
  VectorView<float> kl() const { return tape_.vector(slots_->kl); }
  VectorView<float> log_ratio() const { return tape_.vector(slots_->log_ratio); }
  MatrixView<float> parameters() const { return tape_[slots_->parameters]; }
  MatrixView<float> dparameters() const { return tape_.gradient(slots_->parameters); }
  VectorView<float> nll() const { return tape_.vector(slots_->nll); }
  MatrixView<float> nll_parts() const {
    const MatrixView<float> parts = tape_[slots_->nll_parts];
    return parts.empty() ? tape_[slots_->nll] : parts;
  }

  MatrixView<float> logits() const { return tape_[slots_->logits]; }
  MatrixView<float> dlogits() const { return tape_.gradient(slots_->logits); }
  VectorView<float> class_weights() const { return tape_.vector(slots_->class_weights); }
  /// nll and kl of the bound: those of the examples themselves, whatever their classes. [n·K] and [n] if
  /// classes() is 1, else both [n].
  VectorView<float> bound_nll() const { return classes() > 1 ? tape_.vector(slots_->bound_nll) : nll(); }
  VectorView<float> bound_kl() const { return classes() > 1 ? tape_.vector(slots_->bound_kl) : kl(); }

  const nn::Tape& tape() const noexcept { return tape_; }
  nn::Tape& tape() noexcept { return tape_; }
  const nn::Tape& beside() const noexcept { return beside_; }
  /// The batch's first `count` examples, in the same memory. Throws ShapeError if there are fewer.
  Batch first_rows(std::int64_t count) const { return {*slots_, tape_.first_rows(count), beside_}; }

 private:
  const BatchSlots* slots_ = nullptr;
  nn::Tape tape_, beside_;
};

}  // namespace elbo
