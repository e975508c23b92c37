#pragma once
// Squared errors of reconstructions. Class numbers have no distance, so for classes the error is the number
// of a row's wrong classes.

#include <span>
#include <vector>

#include "evaluation/host_batch.h"
#include "runtime/buffer.h"
#include "vae/vae.h"

namespace elbo {

/// Computes Σ_j (σ_j (x_j − E[x_j|z]))² over the present values of each row, batch by batch, with one z per
/// row; for classes, Σ_j [x_j is not the most probable class].
class SquaredErrors {
 public:
  /// Batches have at most `rows` rows. σ [dims] gives errors in the data's own scale; empty, or for a table
  /// of mixed kinds: in the batch's scale, in which columns can be added up. Throws DeviceError.
  SquaredErrors(const Vae& vae, std::int64_t rows, std::span<const float> deviation);

  /// Requests the device's values other than the batch; call after decode().
  void request(const Batch& batch);
  /// The errors of a batch's rows; call once the context is synchronised after both requests.
  std::vector<double> of_rows(const Batch& batch, const HostBatch& host) const;

 private:
  const Vae& vae_;
  std::span<const float> deviation_;
  Buffer<float> expected_;
  std::vector<float> reconstruction_;
};

}  // namespace elbo
