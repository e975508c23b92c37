#pragma once
// Runs training steps on the device, recorded as graphs of several steps.

#include <array>
#include <optional>
#include <vector>

#include "runtime/graph.h"
#include "ops/op_trace.h"
#include "train/training_step.h"

namespace elbo {

/// How steps are launched. The options do not change results.
struct StepGraphOptions {
  /// Number of steps in one graph on a GPU, rounded down to a power of two. 0: $ELBO_GRAPH_STEPS if set, else
  /// the fastest by measurement, if possible.
  int graph_steps = 0;
  /// Whether a product's grid may begin while the previous grid ends (GraphOptions). Without a value: whether
  /// $ELBO_GRID_OVERLAP is 1.
  std::optional<bool> overlap = std::nullopt;
  /// Whether each size of step runs once before it is recorded, so that its kernels are loaded: a driver may
  /// refuse to load one while a graph is recorded. Without a value: whether the device is a real GPU.
  std::optional<bool> runs_first = std::nullopt;
};

/// The steps of a training. On a GPU an epoch is as many large graphs as fit, then smaller ones; on the CPU
/// each step is launched separately.
class StepGraphs {
 public:
  /// All must outlive this. Throws DeviceError (out of memory), and ConfigError where $ELBO_GRAPH_STEPS is no
  /// count.
  StepGraphs(ModelState& model, const data::ResidentData& data, const data::Preprocessor& preprocessor,
             const StepGraphOptions& options = {});
  StepGraphs(const StepGraphs&) = delete;
  StepGraphs& operator=(const StepGraphs&) = delete;

  std::int64_t steps_per_epoch() const noexcept { return step_.sizes().steps_per_epoch(); }
  /// Examples in the first `steps` steps of an epoch.
  std::int64_t examples_in(std::int64_t steps) const { return step_.sizes().examples_in(steps); }

  /// See TrainingStep::begin.
  void begin(std::int64_t epoch, std::int64_t position, std::int64_t steps, const CostRecord& so_far);
  /// Launches the next steps of the epoch, at least one. Returns their number.
  std::int64_t launch();

  /// Runs the ops of one step with a full batch, one by one, for `trace`.
  void trace(OpTrace& trace);

  /// The epoch's costs so far, in device memory.
  const CostRecord* record() const noexcept { return step_.record(); }
  /// Number of steps in the largest graph.
  int graph_steps() const noexcept { return unrolled_.empty() ? 1 : unrolled_.front().steps; }
  const Graph& largest_graph() const { return unrolled_.empty() ? single_[0] : unrolled_.front().graph; }

 private:
  struct Unrolled {
    int steps;
    Graph graph;  ///< begins and ends with slot 0
  };

  /// Runs a step of each size that the epoch has, op by op. Does not change parameters.
  void run_each_size();
  void record_graphs(int graph_steps);
  Graph record_steps(int steps, std::size_t slot, TrainingStep::Size size);
  /// The number of steps of the recorded graph with the smallest time per step. Does not change parameters.
  int quickest_graph_steps();
  /// Measures the time of a step with graphs of `steps`, over `total` steps.
  double seconds_a_step(int steps, std::int64_t total);

  nn::Parameters& parameters_;
  TrainingStep step_;
  bool overlap_;
  std::int64_t position_ = 0;
  std::size_t slot_ = 0;                  ///< slot of the next step
  std::vector<Unrolled> unrolled_;        ///< powers of two from 2 up, the largest first
  std::array<Graph, 2> single_, ragged_;  ///< for either slot
};

}  // namespace elbo
