#pragma once
// The unweighted ELBO of a held-out split, between epochs.

#include "data/resident.h"
#include "model/state.h"
#include "ops/adam.h"
#include "runtime/graph.h"
#include "train/loss_record.h"

namespace elbo {

/// Passes over a resident split in its stored order. The noise is that of time 0, the same every time and
/// shared with no training step, so that epochs can be compared.
class Validation {
 public:
  /// All must outlive this. Throws DeviceError (out of memory).
  Validation(Model::State& model, const data::ResidentData& data, const data::Preprocessor& preprocessor);
  Validation(const Validation&) = delete;
  Validation& operator=(const Validation&) = delete;

  /// Waits for the device.
  ElboTerms run();

 private:
  void batch(const Activations& a);

  Model::State& model_;
  const data::ResidentData& data_;
  std::int64_t batch_;
  Workspace workspace_;
  Activations full_batch_, ragged_batch_;
  Buffer<StepState> state_;
  Buffer<LossRecord> record_;
  ops::Preprocess preprocess_;
  Graph full_, ragged_;
};

}  // namespace elbo
