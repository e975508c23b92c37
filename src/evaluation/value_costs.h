#pragma once
// What each value of the data costs.

#include <memory>
#include <span>
#include <vector>

#include "evaluation/host_batch.h"
#include "vae/vae.h"

namespace elbo {

/// −log p(x_j|z) of every value j, summed over the rows of batch after batch, with one z each.
class ValueCosts {
 public:
  /// σ [dims] makes the costs those of data in its own scale; empty: of the batches as they are. Throws
  /// DeviceError.
  ValueCosts(const Vae& vae, std::span<const float> deviation);

  /// After decode(): asks the device for what is needed beside the batch.
  void request(const Batch& batch);
  /// Once the context is synchronised after both were requested.
  void add(const Batch& batch, const HostBatch& host);
  /// [dims] in nats, of all rows added. A missing value costs nothing.
  const std::vector<double>& sums() const { return sums_; }

 private:
  Context& context_;
  std::unique_ptr<ValueFormulas> formulas_;
  std::vector<double> log_deviation_, sums_;
  std::vector<float> parameters_;
};

}  // namespace elbo
