#pragma once
// The cost of each value of the data.

#include <memory>
#include <span>
#include <vector>

#include "evaluation/host_batch.h"
#include "vae/vae.h"

namespace elbo {

/// Sums −log p(x_j|z) of every value j over the rows of all batches, with one z per row.
class ValueCosts {
 public:
  /// σ [dims] gives costs in the data's own scale; empty: in the batches' scale. Throws DeviceError.
  ValueCosts(const Vae& vae, std::span<const float> deviation);

  /// Requests the device's values other than the batch; call after decode().
  void request(const Batch& batch);
  /// Adds a batch; call once the context is synchronised after both requests.
  void add(const Batch& batch, const HostBatch& host);
  /// [dims] in nats, over all rows added. A missing value costs nothing.
  const std::vector<double>& sums() const { return sums_; }

 private:
  Context& context_;
  std::unique_ptr<ValueFormulas> formulas_;
  std::vector<double> log_deviation_, sums_;
  std::vector<float> parameters_;
};

}  // namespace elbo
