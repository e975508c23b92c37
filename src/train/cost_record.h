#pragma once
// The sums of an epoch's costs, as ops::record_loss keeps them on the device, and the steps that were
// skipped.

#include <cstdint>

#include "elbo/model.h"
#include "math/step_state.h"

namespace elbo {

struct CostRecord {
  /// Sums over examples of −log p(x|z), the KL and the minimised objective, in nats.
  double sums[3] = {0.0, 0.0, 0.0};
  std::uint64_t first_bad_step = 0;  ///< the first step whose loss was NaN or infinite; 0: none
  SkippedSteps skipped = {};         ///< since the training began

  /// The record at the start of the next epoch.
  CostRecord of_next_epoch() const {
    CostRecord next;
    next.skipped = skipped;
    return next;
  }

  /// Averages over the examples in the sums; `log_volume` is their data::Standardization::log_volume.
  ElboTerms average(std::int64_t examples, double log_volume) const {
    const double reconstruction = sums[0] / static_cast<double>(examples) + log_volume;
    const double kl = sums[1] / static_cast<double>(examples);
    return {-(reconstruction + kl), reconstruction, kl};
  }
  /// The same for the minimised objective.
  double average_objective(std::int64_t examples, double log_volume) const {
    return sums[2] / static_cast<double>(examples) + log_volume;
  }
};

}  // namespace elbo
