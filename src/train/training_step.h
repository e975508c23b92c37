#pragma once
// The ops of an optimizer step.

#include <array>
#include <vector>

#include "data/resident.h"
#include "model/state.h"
#include "runtime/lane.h"
#include "train/loss_record.h"
#include "train/optimizer.h"
#include "train/step_sizes.h"
#include "vae/workspace.h"

namespace elbo {

/// One step: counters on, batch gathered, forward and backward, costs recorded, parameters moved. With
/// train.accumulation_steps, batches are gathered and their gradients added up one after the other before the
/// step that they make up together. What changes from step to step is in device memory, so a step may be
/// recorded once and launched again and again; it allocates nothing and never waits for the device.
///
/// On a GPU each step gathers the batch of the next beside its own work, into the other of two slots.
/// Gradients of parameters are computed on lanes beside the main line, and used for Adam at once unless the
/// optimizer needs all of them.
class TrainingStep {
 public:
  enum class Size { full, ragged };

  /// All must outlive this. Throws DeviceError (out of memory).
  TrainingStep(Model::State& model, const data::ResidentData& data, const data::Preprocessor& preprocessor);
  TrainingStep(const TrainingStep&) = delete;
  TrainingStep& operator=(const TrainingStep&) = delete;

  Context& context() const { return *model_.context; }
  /// Slots that steps take in turns: 2 where each prepares the next one's, else 1.
  std::size_t slots() const noexcept { return ahead_ ? 2 : 1; }
  const StepSizes& sizes() const noexcept { return sizes_; }

  /// Makes ready for the step `position` (from 0) of an epoch (from 1), after `steps` optimizer steps in all,
  /// with the costs of the epoch so far, its batch in slot 0.
  void begin(std::int64_t epoch, std::int64_t position, std::int64_t steps, const LossRecord& so_far);
  /// Gives the ops of a step of this size to the device, its batch in `slot`.
  void run(std::size_t slot, Size size);

  /// The epoch's costs so far, in device memory.
  const LossRecord* record() const noexcept { return record_.data(); }

 private:
  /// What a step reads that the step before it prepared.
  struct Slot {
    StepState* state = nullptr;
    ops::Preprocess preprocess;
    std::vector<Batch> full, ragged;  ///< the batches of a step; one, unless they accumulate
  };

  Slot make_slot(const data::Preprocessor& preprocessor, std::size_t index);
  /// Counters of the step after that of `state`, and its first batch, into a slot.
  void prepare(const Slot& slot, std::span<const Batch> batches, const StepState* state);
  /// The step's examples from `first` on.
  void gather(const Slot& slot, const Batch& batch, std::int64_t first);
  /// Passes of a batch that was gathered: forward, costs, and the gradient, added to that before it or not.
  void run_batch(std::size_t slot, const Batch& batch, bool accumulate);
  /// Adds the batch's costs to the record.
  void record_costs(const Slot& slot, const Batch& batch);

  Model::State& model_;
  const data::ResidentData& data_;
  StepSizes sizes_;
  Precision precision_;
  bool ahead_;  ///< each step prepares the next one's slot
  Optimizer optimizer_;
  bool fused_adam_;  ///< a layer's step is part of its gradient, where the layer can
  Workspace workspace_;
  SecondBatch second_batch_;
  Buffer<StepState> state_;  ///< one a slot
  Buffer<LossRecord> record_;
  Buffer<std::int64_t> permutation_;
  Buffer<StepRates> rates_;  ///< of the epoch's steps
  std::vector<Lane> gradient_lanes_;
  Lane side_lane_;  ///< costs, and the next step's slot
  std::array<Slot, 2> slots_;
};

}  // namespace elbo
