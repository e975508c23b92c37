#pragma once
// The ops of an optimizer step.

#include <array>
#include <vector>

#include "data/resident.h"
#include "model/state.h"
#include "runtime/branch.h"
#include "train/cost_record.h"
#include "train/optimizer.h"
#include "train/step_sizes.h"
#include "vae/workspace.h"

namespace elbo {

/// One step advances the counters, gathers the batch, runs forward and backward passes, records the costs and
/// moves the parameters. With train.accumulation_steps, several batches are gathered in turn and their
/// gradients added up before the parameters move. State that changes from step to step is in device memory,
/// so a step can be recorded once and launched many times. A step does not allocate and never waits for the
/// device.
///
/// On a GPU each step gathers the next step's batch in parallel with its own work, into the other of two
/// slots. Branches beside the main line compute parameters' gradients and use them for Adam at once, unless
/// the optimizer needs the whole gradient.
class TrainingStep {
 public:
  enum class Size { full, ragged };

  /// All arguments must outlive this. Throws DeviceError (out of memory).
  TrainingStep(ModelState& model, const data::ResidentData& data, const data::Preprocessor& preprocessor);
  TrainingStep(const TrainingStep&) = delete;
  TrainingStep& operator=(const TrainingStep&) = delete;

  Context& context() const { return *model_.context; }
  /// Number of slots that steps use in turn: 2 if each step prepares the next one's, else 1.
  std::size_t slots() const noexcept { return ahead_ ? 2 : 1; }
  const StepSizes& sizes() const noexcept { return sizes_; }

  /// Prepares step `position` (from 0) of an epoch (from 1), after `steps` optimizer steps in all, with the
  /// epoch's costs so far. Its batch is in slot 0.
  void begin(std::int64_t epoch, std::int64_t position, std::int64_t steps, const CostRecord& so_far);
  /// Launches the ops of a step of this size, with its batch in `slot`.
  void run(std::size_t slot, Size size);

  /// The epoch's costs so far, in device memory.
  const CostRecord* record() const noexcept { return record_.data(); }

 private:
  /// The data that a step reads and the step before it prepared.
  struct Slot {
    StepState* state = nullptr;
    ops::Preprocess preprocess;
    std::vector<Batch> full, ragged;  ///< the batches of a step; several with train.accumulation_steps
  };

  Slot make_slot(const data::Preprocessor& preprocessor, std::size_t index);
  /// Writes the counters of the step after `state`'s, and its first batch, to a slot.
  void prepare(const Slot& slot, std::span<const Batch> batches, const StepState* state);
  /// Gathers the step's examples from `first` on.
  void gather(const Slot& slot, const Batch& batch, std::int64_t first);
  /// Runs the passes of a gathered batch: forward, costs and the gradient, which is added to the earlier one
  /// with `accumulate`.
  void run_batch(std::size_t slot, const Batch& batch, bool accumulate);
  /// Adds the batch's costs to the record.
  void record_costs(const Slot& slot, const Batch& batch);

  ModelState& model_;
  const data::ResidentData& data_;
  StepSizes sizes_;
  float classifier_weight_;  ///< of a labelled row
  Precision precision_;
  bool ahead_;  ///< each step prepares the next one's slot
  Optimizer optimizer_;
  bool fused_adam_;  ///< a layer takes its step with its gradient, if it can
  Workspace workspace_;
  SecondBatch second_batch_;
  Buffer<StepState> state_;  ///< one per slot
  Buffer<CostRecord> record_;
  Buffer<std::int64_t> permutation_;
  Buffer<StepRates> rates_;  ///< rates of the epoch's steps
  std::vector<Branch> gradient_branches_;
  Branch side_branch_;  ///< costs, and the next step's slot
  std::array<Slot, 2> slots_;
};

}  // namespace elbo
