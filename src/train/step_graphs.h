#pragma once
// Runs training steps on the device, recorded as graphs of several.

#include <array>
#include <optional>
#include <vector>

#include "runtime/graph.h"
#include "ops/op_trace.h"
#include "train/training_step.h"

namespace elbo {

/// How steps are given to the device. None of it changes what they compute.
struct StepGraphOptions {
  /// Steps of one graph on a GPU, rounded down to a power of two. 0: $ELBO_GRAPH_STEPS where that is set,
  /// else the quickest by measurement, where that is possible.
  int graph_steps = 0;
  /// Whether a product's grid may begin while the one before it ends (GraphOptions). Without a value: whether
  /// $ELBO_GRID_OVERLAP is 1.
  std::optional<bool> overlap = std::nullopt;
};

/// The steps of a training. On a GPU an epoch is as many graphs of several steps as fit, then smaller ones;
/// on the CPU each step is given by itself.
class StepGraphs {
 public:
  /// All must outlive this. Throws DeviceError (out of memory), and ConfigError where $ELBO_GRAPH_STEPS is no
  /// count.
  StepGraphs(Model::State& model, const data::ResidentData& data, const data::Preprocessor& preprocessor,
             const StepGraphOptions& options = {});
  StepGraphs(const StepGraphs&) = delete;
  StepGraphs& operator=(const StepGraphs&) = delete;

  std::int64_t steps_per_epoch() const noexcept { return step_.sizes().steps_per_epoch(); }
  /// Examples in the first `steps` steps of an epoch.
  std::int64_t examples_in(std::int64_t steps) const { return step_.sizes().examples_in(steps); }

  /// See TrainingStep::begin.
  void begin(std::int64_t epoch, std::int64_t position, std::int64_t steps, const LossRecord& so_far);
  /// Gives the next steps of the epoch to the device, one at least. Returns how many.
  std::int64_t launch();

  /// The ops of one step with a full batch, given to the device one by one for `trace`.
  void trace(OpTrace& trace);

  /// The epoch's costs so far, in device memory.
  const LossRecord* record() const noexcept { return step_.record(); }
  /// Steps of the largest graph.
  int graph_steps() const noexcept { return unrolled_.empty() ? 1 : unrolled_.front().steps; }
  const Graph& largest_graph() const { return unrolled_.empty() ? single_[0] : unrolled_.front().graph; }

 private:
  struct Unrolled {
    int steps;
    Graph graph;  ///< begins and ends with slot 0 at hand
  };

  void record_graphs(int graph_steps);
  Graph record_steps(int steps, std::size_t slot, TrainingStep::Size size);
  /// Steps of the graph that takes the least time a step, of those recorded. Leaves parameters as they are.
  int quickest_graph_steps();
  /// Measured with graphs of `steps`, over `total` in all.
  double seconds_a_step(int steps, std::int64_t total);

  nn::Parameters& parameters_;
  TrainingStep step_;
  bool overlap_;
  std::int64_t position_ = 0;
  std::size_t slot_ = 0;                  ///< of the next step
  std::vector<Unrolled> unrolled_;        ///< powers of two from 2 up, the largest first
  std::array<Graph, 2> single_, ragged_;  ///< for either slot
};

}  // namespace elbo
