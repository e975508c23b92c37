#pragma once
// Runs optimizer steps on the device. The seam where another way to run a step can take its place.

#include <array>
#include <optional>

#include "data/resident.h"
#include "model/state.h"
#include "ops/adam.h"
#include "runtime/graph.h"
#include "runtime/lane.h"
#include "ops/op_trace.h"
#include "train/loss_record.h"

namespace elbo {

/// How steps are given to the device. None of it changes what they compute.
struct StepRunnerOptions {
  /// Steps of one graph on a GPU, rounded down to a power of two. 0: $ELBO_GRAPH_STEPS where that is set,
  /// else the quickest by measurement, where that is possible.
  int graph_steps = 0;
  /// Whether a product's grid may begin while the one before it ends (GraphOptions). Without a value: whether
  /// $ELBO_GRID_OVERLAP is 1.
  std::optional<bool> overlap = std::nullopt;
};

/// One step: counters on, batch gathered, forward and backward, costs recorded, gradient clipped, Adam, the
/// variance of gaussian-shared, the running average of the parameters. With train.accumulate, batches are
/// gathered and their gradients added up one after the other before the step that they make up together. What
/// changes from step to step is in device memory, so a step is recorded once and launched again and again; it
/// allocates nothing and never waits for the device.
///
/// On a GPU several steps make up one graph, and each step gathers the batch of the next beside its own work,
/// into the other of two slots. Gradients of parameters are computed on lanes beside the main line, and used
/// for Adam at once unless they are clipped.
class StepRunner {
 public:
  /// All must outlive this. Throws DeviceError (out of memory), and ConfigError where $ELBO_GRAPH_STEPS is no
  /// count.
  StepRunner(Model::State& model, const data::ResidentData& data, const data::Preprocessor& preprocessor,
             const StepRunnerOptions& options = {});
  StepRunner(const StepRunner&) = delete;
  StepRunner& operator=(const StepRunner&) = delete;

  std::int64_t steps_per_epoch() const noexcept { return steps_per_epoch_; }
  /// Examples in the first `steps` steps of an epoch.
  std::int64_t examples_in(std::int64_t steps) const;

  /// Makes ready for the step `position` (from 0) of an epoch (from 1), after `steps` optimizer steps in all,
  /// with the costs of the epoch so far.
  void begin(std::int64_t epoch, std::int64_t position, std::int64_t steps, const LossRecord& so_far);
  /// Gives the next steps of the epoch to the device, one at least. Returns how many.
  std::int64_t launch();

  /// The ops of one step with a full batch, given to the device one by one for `trace`.
  void trace(OpTrace& trace);

  /// The epoch's costs so far, in device memory.
  const LossRecord* record() const noexcept { return record_.data(); }
  /// Steps of the largest graph.
  int graph_steps() const noexcept { return unrolled_.empty() ? 1 : unrolled_.front().steps; }
  const Graph& largest_graph() const { return unrolled_.empty() ? single_[0] : unrolled_.front().graph; }

 private:
  /// What a step reads that the step before it prepared.
  struct Slot {
    StepState* state = nullptr;
    ops::Preprocess preprocess;
    std::vector<Activations> full, ragged;  ///< the batches of a step; one, unless they accumulate
  };
  struct Unrolled {
    int steps;
    Graph graph;  ///< begins and ends with slot 0 at hand
  };
  enum class Batch { full, ragged };

  Slot make_slot(const data::Preprocessor& preprocessor, std::size_t index);
  void record_graphs(int graph_steps);
  /// Steps of the graph that takes the least time a step, of those recorded. Leaves parameters as they are.
  int quickest_graph_steps();
  /// Of a graph of `steps`, over `total` in all.
  double seconds_a_step(int steps, std::int64_t total);
  Graph record_steps(int steps, std::size_t slot, Batch batch);

  /// The ops of one step, its batch in `slot`.
  void run(std::size_t slot, Batch batch);
  /// Of a batch that was gathered: forward, costs, and the gradient, added to that before it or not.
  void run_batch(std::size_t slot, const Activations& batch, bool accumulate);
  /// What the batch says of the likelihood's variance, where that is shared, into the step's sums.
  void sum_squared_errors(const Activations& batch, bool accumulate);
  /// The optimizer's part of a step, but for what the backward pass did of it.
  void update(const StepState* state);
  /// Counters of the step after that of `state`, and its first batch, into a slot.
  void prepare(const Slot& slot, std::span<const Activations> batches, const StepState* state);
  /// The step's examples from `first` on.
  void gather(const Slot& slot, const Activations& batch, std::int64_t first);

  Model::State& model_;
  const data::ResidentData& data_;
  std::int64_t batch_;
  std::int64_t step_rows_;   ///< examples of a full step: those of as many batches as make it up
  std::int64_t full_steps_;  ///< full steps of an epoch
  std::int64_t steps_per_epoch_;
  Precision precision_;
  bool overlap_;
  bool ahead_;       ///< each step prepares the next one's slot
  bool fused_adam_;  ///< a layer's step is part of its gradient
  Objective objective_;
  std::int64_t position_ = 0;
  std::size_t slot_ = 0;  ///< of the next step
  ops::AdamSettings adam_;
  Workspace workspace_;
  Arena other_batch_;        ///< of the second slot
  Buffer<StepState> state_;  ///< one a slot
  Buffer<LossRecord> record_;
  Buffer<std::int64_t> permutation_;
  Buffer<StepRates> rates_;  ///< of the epoch's steps
  Buffer<double> clip_scratch_;
  Buffer<double> variance_sums_;  ///< a step's squared errors, where the likelihood's variance follows them
  std::vector<Lane> gradient_lanes_;
  Lane side_lane_;  ///< costs, and the next step's slot
  std::array<Slot, 2> slots_;
  std::vector<Unrolled> unrolled_;        ///< powers of two from 2 up, the largest first
  std::array<Graph, 2> single_, ragged_;  ///< for either slot
};

}  // namespace elbo
