#include "elbo/plan.h"

#include <algorithm>
#include <chrono>

#include "data/resident.h"
#include "model/conditions.h"
#include "model/state.h"
#include "ops/op_trace.h"
#include "base/check.h"
#include "base/out_of_memory.h"
#include "recipe/data_settings.h"
#include "train/gemm_plans.h"
#include "train/start.h"
#include "elbo/train.h"

namespace elbo {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// The calls of a step, each with its median time over steps. On a GPU a trace measures each op alone by
/// running it repeatedly, which must not change the batch for later ops. It does not, because the step's
/// state and the next step's are in two slots.
std::vector<OpCall> trace_step(Context& context, StepGraphs& runner) {
  constexpr int kWarmUps = 3;
  constexpr double kEnoughSeconds = 0.5;
  std::vector<std::vector<double>> seconds;
  std::vector<OpCall> calls;
  const int max_runs = context.is_cuda() ? 1 : 200;
  for (int i = context.is_cuda() ? 0 : -kWarmUps; i < max_runs; ++i) {
    OpTrace trace;
    runner.begin(1, 0, 0, {});
    runner.trace(trace);
    context.synchronize();
    calls = trace.calls;
    if (i < 0) continue;
    seconds.resize(calls.size());
    double total = 0.0;
    for (std::size_t op = 0; op < calls.size(); ++op) {
      seconds[op].push_back(calls[op].seconds);
      total += calls[op].seconds;
    }
    if (i >= 4 && total * (i + 1) > kEnoughSeconds) break;
  }
  for (std::size_t op = 0; op < calls.size(); ++op) calls[op].seconds = median(seconds[op]);
  return calls;
}

/// The time of a step in a sequence; with full batches only, if there are two or more.
double time_step(Context& context, StepGraphs& runner, std::int64_t full_steps) {
  constexpr double kEnoughSeconds = 0.5;
  constexpr int kMaxTrials = 50;
  const std::int64_t steps = std::clamp<std::int64_t>(full_steps, 1, 20);
  std::vector<double> seconds;
  double total = 0.0;
  for (int trial = 0; trial < kMaxTrials && total < kEnoughSeconds; ++trial) {
    runner.begin(1, 0, 0, {});
    context.synchronize();
    const auto begun = Clock::now();
    for (std::int64_t given = 0; given < steps;) given += runner.launch();
    context.synchronize();
    total += seconds_since(begun);
    seconds.push_back(seconds_since(begun) / static_cast<double>(steps));
  }
  return median(seconds);
}

/// Shape of a slot's row.
std::vector<std::int64_t> extents_of(const nn::SlotInfo& slot) {
  if (!slot.picture.is_picture()) return {slot.cols};
  return {slot.picture.height, slot.picture.width, slot.picture.channels};
}

std::vector<LayerInfo> layers_of(const VaeParts& parts) {
  std::vector<LayerInfo> layers;
  for (const auto& [network, setting] : parts.networks()) {
    for (const nn::LayerSummary& layer : network->layers()) {
      layers.push_back({.name = layer.name,
                        .text = layer.text,
                        .input = extents_of(layer.input),
                        .output = extents_of(layer.output),
                        .parameters = layer.parameters});
    }
  }
  return layers;
}

StepPlan measure(Model& model, const Dataset& data) {
  constexpr std::int64_t kSteps = 20;
  check_trainable(model, data);
  ModelState& state = state_of(model);
  Context& context = *state.context;
  const TrainSettings& train = state.recipe.train;
  const std::int64_t rows = std::min(train.batch, data.train.count) * train.accumulation_steps;
  Examples examples = data.train.slice(0, std::min(data.train.count, kSteps * rows));
  // Any labels will do, but there may be none among these.
  if (state.vae->config().infers_label) examples.labels.assign(static_cast<std::size_t>(examples.count), 0);
  const data::Standardization statistics = training_statistics(state, examples);
  const data::ResidentData resident = resident_data(state, statistics, examples);
  const data::Preprocessor preprocessor(context, state.recipe.data.binarize, !examples.bytes.empty(),
                                        statistics.mean, statistics.deviation);
  const auto made = make_step_graphs(state, resident, preprocessor, PlanSources::of(state));
  StepGraphs& runner = *made;
  StepPlan plan;
  plan.batch = std::min(state.recipe.train.batch, examples.count);
  plan.layers = layers_of(state.vae->parts());
  plan.calls = trace_step(context, runner);
  for (const OpCall& call : plan.calls) plan.op_seconds += call.seconds;
  plan.step_seconds = time_step(context, runner, examples.count / runner.examples_in(1));
  return plan;
}

}  // namespace

StepPlan plan_step(Model& model, const Dataset& data) {
  return with_memory_errors([&] { return measure(model, data); });
}

}  // namespace elbo
