#pragma once
// Runs optimizer steps on the device. The seam where another way to run a step can take its place.

#include "data/resident.h"
#include "model/state.h"
#include "ops/adam.h"
#include "runtime/graph.h"
#include "runtime/op_trace.h"
#include "train/loss_record.h"

namespace elbo {

/// One step: counters on, batch gathered, forward and backward, costs recorded, gradient clipped, Adam.
/// Recorded once for a full batch and once for the ragged last one, then launched per step: what changes from
/// step to step is in device memory. A step allocates nothing and never waits for the device.
class StepRunner {
 public:
  /// All must outlive this. Throws DeviceError (out of memory).
  StepRunner(Model::State& model, const data::ResidentData& data, const data::Preprocessor& preprocessor);
  StepRunner(const StepRunner&) = delete;
  StepRunner& operator=(const StepRunner&) = delete;

  std::int64_t steps_per_epoch() const noexcept { return steps_per_epoch_; }
  /// Examples in the first `steps` steps of an epoch.
  std::int64_t examples_in(std::int64_t steps) const;

  /// Makes ready for the step `position` (from 0) of an epoch (from 1), after `steps` optimizer steps in all,
  /// with the costs of the epoch so far.
  void begin(std::int64_t epoch, std::int64_t position, std::int64_t steps, const LossRecord& so_far);
  /// Gives the next step to the device.
  void step();

  /// The ops of one step with a full batch, given to the device one by one for `trace`.
  void trace(OpTrace& trace);

  /// The epoch's costs so far, in device memory.
  const LossRecord* record() const noexcept { return record_.data(); }

 private:
  void run(const Activations& batch);

  Model::State& model_;
  const data::ResidentData& data_;
  std::int64_t batch_;
  std::int64_t steps_per_epoch_;
  std::int64_t position_ = 0;
  Precision precision_;
  ops::AdamSettings adam_;
  Workspace workspace_;
  Activations full_batch_, ragged_batch_;
  Buffer<StepState> state_;
  Buffer<LossRecord> record_;
  Buffer<std::int64_t> permutation_;
  Buffer<double> clip_scratch_;
  ops::Preprocess preprocess_;
  Graph full_, ragged_;
};

}  // namespace elbo
