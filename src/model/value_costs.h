#pragma once
// What each value of the data costs.

#include <span>
#include <vector>

#include "model/vae.h"

namespace elbo {

/// −log p(x_j|z) of every value j, summed over the rows of batch after batch, with one z each.
class ValueCosts {
 public:
  /// σ [dims] makes the costs those of data in its own scale; empty: of the batches as they are. Throws
  /// DeviceError.
  ValueCosts(const Vae& vae, std::span<const float> deviation);

  /// After decode(): asks the device for what is needed.
  void request(const Activations& a);
  /// Once the context is synchronised after request().
  void add(const Activations& a);
  /// [dims] in nats, of all rows added. A missing value costs nothing.
  const std::vector<double>& sums() const { return sums_; }

 private:
  template <class Cost>
  void add_rows(const Activations& a, const Cost& cost);

  const Vae& vae_;
  LikelihoodConstants constants_;
  std::vector<double> log_deviation_, sums_;
  std::vector<float> x_, mask_, parameters_;
};

}  // namespace elbo
