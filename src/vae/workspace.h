#pragma once
// Owns the memory of a batch.

#include "runtime/arena.h"
#include "vae/vae.h"

namespace elbo {

enum class Purpose {
  evaluation,
  bound,      ///< the same, where a model that infers labels has each example as every class
  gradients,  ///< passes with gradients as well
  training,   ///< the same of a training's steps: layers learn, and the objective may corrupt the encoder's
              ///< input
};

struct WorkspaceSize {
  std::size_t bytes = 0;
  std::size_t batch_bytes = 0;  ///< of a SecondBatch beside it
  std::int64_t largest = 0;     ///< values of the largest operand
};
/// The size that a Workspace of these arguments has, with a mask if `missing`.
WorkspaceSize workspace_size(const VaeParts& parts, bool missing, std::int64_t rows, std::int64_t samples,
                             Purpose purpose);

class Workspace {
 public:
  /// Allocates for `rows` examples with `samples` samples each (1 if the model draws none). Throws
  /// DeviceError (out of memory), ShapeError.
  /// `vae` must outlive this.
  Workspace(const Vae& vae, std::int64_t rows, std::int64_t samples = 1,
            Purpose purpose = Purpose::evaluation);

  /// Calls Vae::prepare() for all its batches: needed before they are evaluated, and again after parameters
  /// change.
  void prepare() const { vae_->prepare(batch_); }
  /// The batch of the first `count` ≤ capacity() rows.
  Batch rows(std::int64_t count) const { return batch_.first_rows(count); }
  std::int64_t capacity() const noexcept { return batch_.rows(); }

 private:
  const Vae* vae_;
  Arena arena_;
  Batch batch_;
};

/// The prior of a model that has one, on the host. Throws DeviceError (out of memory).
std::unique_ptr<HostPrior> prior_on_host(const Vae& vae);

/// Memory for reading another batch while the first batch's passes run.
class SecondBatch {
 public:
  /// Makes a batch of the same size, with its own data. Throws DeviceError (out of memory).
  Batch make(const Vae& vae, Batch first);

 private:
  Arena arena_;
};

}  // namespace elbo
