#include "train/step_graphs.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <span>
#include <string_view>

#include "base/check.h"

namespace elbo {
namespace {

constexpr int kMaxGraphSteps = 32;
constexpr int kUnmeasuredGraphSteps = 2;

/// The environment's setting; 0 if there is none.
int graph_steps_asked_for() {
  const char* const text = std::getenv("ELBO_GRAPH_STEPS");
  if (!text || !*text) return 0;
  char* end = nullptr;
  const long steps = std::strtol(text, &end, 10);
  ELBO_CHECK(*end == '\0' && steps >= 1 && steps <= 1024, ConfigError, "ELBO_GRAPH_STEPS is \"", text,
             "\": it takes a count of steps, 1 to 1024");
  return static_cast<int>(steps);
}

bool overlap_asked_for() {
  const char* const text = std::getenv("ELBO_GRID_OVERLAP");
  if (!text || !*text) return false;
  const std::string_view value = text;
  ELBO_CHECK(value == "0" || value == "1", ConfigError, "ELBO_GRID_OVERLAP is \"", text,
             "\": it takes 0 or 1");
  return value == "1";
}

/// Copies of what steps change in a model's parameters.
class KeptParameters {
 public:
  KeptParameters(Context& context, nn::Parameters& parameters)
      : context_(context),
        arrays_{parameters.values(), parameters.first_moment(), parameters.second_moment(),
                parameters.average()} {
    for (const VectorView<float>& array : arrays_) {
      kept_.emplace_back(context_, array.size);
      context_.copy_on_device(kept_.back().data(), array.data, bytes(array));
    }
  }
  /// Puts them back, and waits until that is done.
  void restore() {
    for (std::size_t i = 0; i < arrays_.size(); ++i)
      context_.copy_on_device(arrays_[i].data, kept_[i].data(), bytes(arrays_[i]));
    context_.synchronize();
  }

 private:
  static std::size_t bytes(const VectorView<float>& array) {
    return sizeof(float) * static_cast<std::size_t>(array.size);
  }

  Context& context_;
  std::array<VectorView<float>, 4> arrays_;
  std::vector<Buffer<float>> kept_;
};

}  // namespace

StepGraphs::StepGraphs(ModelState& model, const data::ResidentData& data,
                       const data::Preprocessor& preprocessor, const StepGraphOptions& options)
    : parameters_(model.vae->parameters()),
      step_(model, data, preprocessor),
      overlap_(options.overlap.value_or(overlap_asked_for())) {
  const bool real = step_.context().is_cuda() && cuda_support() != CudaSupport::emulated;
  if (options.runs_first.value_or(real)) run_each_size();
  record_graphs(options.graph_steps);
}

void StepGraphs::begin(std::int64_t epoch, std::int64_t position, std::int64_t steps,
                       const CostRecord& so_far) {
  position_ = position;
  slot_ = 0;
  step_.begin(epoch, position, steps, so_far);
}

std::int64_t StepGraphs::launch() {
  const std::int64_t full_left = step_.sizes().full_steps() - position_;
  const auto fits = [&](const Unrolled& unrolled) { return slot_ == 0 && unrolled.steps <= full_left; };
  std::int64_t given = 1;
  if (const auto found = std::ranges::find_if(unrolled_, fits); found != unrolled_.end()) {
    found->graph.launch();
    given = found->steps;
  } else {
    (full_left > 0 ? single_ : ragged_)[slot_].launch();
  }
  slot_ = (slot_ + static_cast<std::size_t>(given)) % step_.slots();
  position_ += given;
  return given;
}

void StepGraphs::run_each_size() {
  KeptParameters kept(step_.context(), parameters_);
  begin(1, 0, 0, {});
  if (step_.sizes().full_steps() > 0) step_.run(0, TrainingStep::Size::full);
  if (step_.sizes().ragged_rows() > 0) step_.run(0, TrainingStep::Size::ragged);
  kept.restore();
}

void StepGraphs::record_graphs(int graph_steps) {
  for (std::size_t slot = 0; slot < step_.slots(); ++slot) {
    single_[slot] = record_steps(1, slot, TrainingStep::Size::full);
    if (step_.sizes().ragged_rows() > 0) ragged_[slot] = record_steps(1, slot, TrainingStep::Size::ragged);
  }
  if (step_.slots() == 1) return;
  if (graph_steps == 0) graph_steps = graph_steps_asked_for();
  const bool measures = graph_steps == 0 && cuda_support() != CudaSupport::emulated;
  if (graph_steps == 0) graph_steps = measures ? kMaxGraphSteps : kUnmeasuredGraphSteps;
  const auto max_steps = std::min<std::int64_t>(graph_steps, step_.sizes().full_steps());
  for (int steps = static_cast<int>(std::bit_floor(static_cast<std::uint64_t>(max_steps))); steps > 1;
       steps /= 2) {
    unrolled_.push_back({steps, record_steps(steps, 0, TrainingStep::Size::full)});
  }
  if (!measures) return;
  const int best = quickest_graph_steps();
  std::erase_if(unrolled_, [&](const Unrolled& unrolled) { return unrolled.steps > best; });
}

int StepGraphs::quickest_graph_steps() {
  constexpr double kMaxSeconds = 0.2;
  constexpr double kWorthIt = 0.99;  // of the time with fewer steps per graph
  constexpr int kRepeats = 3;
  Context& context = step_.context();
  KeptParameters kept(context, parameters_);
  const std::int64_t total =
      std::bit_floor(static_cast<std::uint64_t>(std::min<std::int64_t>(step_.sizes().full_steps(), 64)));
  std::vector<int> counts = {1};
  for (auto at = unrolled_.rbegin(); at != unrolled_.rend(); ++at) counts.push_back(at->steps);
  std::vector<double> seconds(counts.size(), std::numeric_limits<double>::infinity());
  seconds_a_step(1, 1);  // the first run loads kernels
  const bool quick =
      seconds_a_step(1, 1) * static_cast<double>(total * kRepeats) * static_cast<double>(counts.size()) <
      kMaxSeconds;
  for (int repeat = 0; quick && repeat < kRepeats; ++repeat) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      seconds[i] = std::min(seconds[i], seconds_a_step(counts[i], total));
    }
  }
  kept.restore();
  if (!quick) return kUnmeasuredGraphSteps;  // the time between graphs does not matter then
  std::size_t best = 0;
  for (std::size_t i = 1; i < counts.size(); ++i) {
    if (seconds[i] < kWorthIt * seconds[best]) best = i;
  }
  return counts[best];
}

double StepGraphs::seconds_a_step(int steps, std::int64_t total) {
  using Clock = std::chrono::steady_clock;
  begin(1, 0, 0, {});
  step_.context().synchronize();
  const auto unrolled = std::ranges::find(unrolled_, steps, &Unrolled::steps);
  const auto begun = Clock::now();
  for (std::int64_t i = 0; i < total / steps; ++i) {
    (unrolled == unrolled_.end() ? single_[static_cast<std::size_t>(i % 2)] : unrolled->graph).launch();
  }
  step_.context().synchronize();
  return std::chrono::duration<double>(Clock::now() - begun).count() / static_cast<double>(total);
}

Graph StepGraphs::record_steps(int steps, std::size_t slot, TrainingStep::Size size) {
  const auto work = [=, this] {
    for (int i = 0; i < steps; ++i) step_.run((slot + static_cast<std::size_t>(i)) % 2, size);
  };
  return Graph::record(step_.context(), work, {.overlap = overlap_});
}

void StepGraphs::trace(OpTrace& trace) {
  const TraceScope scope(step_.context(), trace);
  step_.run(0, TrainingStep::Size::full);
}

}  // namespace elbo
