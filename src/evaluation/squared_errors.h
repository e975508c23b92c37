#pragma once
// How far reconstructions are from the data.
//
// Of classes, whose numbers mean nothing, the error is how many of a row's are wrong.

#include <span>
#include <vector>

#include "evaluation/host_batch.h"
#include "runtime/buffer.h"
#include "vae/vae.h"

namespace elbo {

/// Σ_j (σ_j (x_j − E[x_j|z]))² over the values that are present, of the rows of batch after batch, with one z
/// each; where values are classes, Σ_j [x_j is not the most probable class].
class SquaredErrors {
 public:
  /// Of batches of at most `rows`. σ [dims] gives errors the data's own scale; empty: that of the batch.
  /// Throws DeviceError.
  SquaredErrors(const Vae& vae, std::int64_t rows, std::span<const float> deviation);

  /// After decode(): asks the device for what is needed beside the batch.
  void request(const Batch& batch);
  /// Once the context is synchronised after both were requested.
  std::vector<double> of_rows(const Batch& batch, const HostBatch& host) const;

 private:
  const Vae& vae_;
  std::span<const float> deviation_;
  Buffer<float> expected_;
  std::vector<float> reconstruction_;
};

}  // namespace elbo
