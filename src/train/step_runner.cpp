#include "train/step_runner.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <span>
#include <string_view>

#include "ops/record_loss.h"
#include "ops/reduce.h"
#include "ops/running_average.h"
#include "ops/shared_variance.h"
#include "base/check.h"
#include "train/schedule.h"

namespace elbo {
namespace {

constexpr std::size_t kGradientLanes = 2;
constexpr int kMostGraphSteps = 32;
constexpr int kUnmeasuredGraphSteps = 2;

/// 0 where the environment does not say.
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

}  // namespace

StepRunner::StepRunner(Model::State& model, const data::ResidentData& data,
                       const data::Preprocessor& preprocessor, const StepRunnerOptions& options)
    : model_(model),
      data_(data),
      batch_(std::min(model.recipe.train.batch, data.count())),
      step_rows_(std::min(batch_ * model.recipe.train.accumulate, data.count())),
      full_steps_(data.count() / step_rows_),
      steps_per_epoch_((data.count() + step_rows_ - 1) / step_rows_),
      precision_(parse_precision(model.recipe.train.precision)),
      overlap_(options.overlap.value_or(overlap_asked_for())),
      ahead_(model.context->is_cuda() && step_rows_ == batch_),
      fused_adam_(model.recipe.train.clip_norm == 0.0 && step_rows_ == batch_),
      objective_(resolve(model.recipe.objective)),
      workspace_(*model.vae, batch_, model.recipe.objective.samples, true, objective_.corrupts()),
      state_(*model.context, 2),
      record_(*model.context, 1),
      permutation_(*model.context, data.count()),
      rates_(*model.context, steps_per_epoch_),
      side_lane_(*model.context, false) {
  const TrainSettings& settings = model.recipe.train;
  adam_ = {settings.beta1, settings.beta2, static_cast<float>(settings.epsilon),
           static_cast<float>(settings.weight_decay)};
  Parameters& parameters = model.vae->parameters();
  parameters.prepare_training();
  if (settings.ema > 0.0) parameters.prepare_average();
  if (settings.clip_norm > 0.0) {
    clip_scratch_ = Buffer<double>(*model.context, ops::clip_scratch_size(parameters.gradient().size));
  }
  if (parameters.log_variance()) variance_sums_ = Buffer<double>(*model.context, 2);
  for (std::size_t i = 0; i < kGradientLanes; ++i) gradient_lanes_.emplace_back(*model.context);
  for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i] = make_slot(preprocessor, i);
  record_graphs(options.graph_steps);
}

StepRunner::Slot StepRunner::make_slot(const data::Preprocessor& preprocessor, std::size_t index) {
  Slot slot;
  slot.state = state_.data() + index;
  slot.preprocess = preprocessor.keyed(model_.recipe.train.seed, &slot.state->noise_time);
  Activations whole = workspace_.rows(batch_);
  if (ahead_ && index == 1) {
    model_.vae->plan_batch(other_batch_, whole);
    other_batch_ = Arena(*model_.context, other_batch_.used());
    model_.vae->plan_batch(other_batch_, whole);
  }
  const auto batches_of = [&](std::int64_t rows) {
    std::vector<Activations> batches;
    for (std::int64_t first = 0; first < rows; first += batch_) {
      batches.push_back(whole.first_rows(std::min(batch_, rows - first)));
      batches.back().step_rows = rows;
    }
    return batches;
  };
  slot.full = batches_of(step_rows_);
  slot.ragged = batches_of(data_.count() % step_rows_);
  return slot;
}

std::int64_t StepRunner::examples_in(std::int64_t steps) const {
  return std::min(steps * step_rows_, data_.count());
}

void StepRunner::begin(std::int64_t epoch, std::int64_t position, std::int64_t steps,
                       const LossRecord& so_far) {
  position_ = position;
  slot_ = 0;
  StepState state;
  state.step = state.noise_time = static_cast<std::uint64_t>(steps);
  state.next_cursor = examples_in(position);
  state.epoch_steps = position;
  state_.upload(std::span<const StepState>(&state, 1));
  record_.upload(std::span<const LossRecord>(&so_far, 1));
  rates_.upload(epoch_rates(model_.recipe, steps_per_epoch_, epoch));
  permutation_.upload(data::epoch_permutation(data_.count(), model_.recipe.train.seed, epoch));
  if (ahead_) prepare(slots_[0], slots_[0].full, slots_[0].state);
}

std::int64_t StepRunner::launch() {
  const std::int64_t full_left = full_steps_ - position_;
  const auto fits = [&](const Unrolled& unrolled) { return slot_ == 0 && unrolled.steps <= full_left; };
  std::int64_t given = 1;
  if (const auto found = std::ranges::find_if(unrolled_, fits); found != unrolled_.end()) {
    found->graph.launch();
    given = found->steps;
  } else {
    (full_left > 0 ? single_ : ragged_)[slot_].launch();
  }
  if (ahead_) slot_ = (slot_ + static_cast<std::size_t>(given)) % 2;
  position_ += given;
  return given;
}

void StepRunner::record_graphs(int graph_steps) {
  const bool has_ragged = data_.count() % step_rows_ > 0;
  for (std::size_t slot = 0; slot < (ahead_ ? 2 : 1); ++slot) {
    single_[slot] = record_steps(1, slot, Batch::full);
    if (has_ragged) ragged_[slot] = record_steps(1, slot, Batch::ragged);
  }
  if (!ahead_) return;
  if (graph_steps == 0) graph_steps = graph_steps_asked_for();
  const bool measures = graph_steps == 0 && cuda_support() != "emulated";
  if (graph_steps == 0) graph_steps = measures ? kMostGraphSteps : kUnmeasuredGraphSteps;
  const auto most = std::min<std::int64_t>(graph_steps, full_steps_);
  for (int steps = static_cast<int>(std::bit_floor(static_cast<std::uint64_t>(most))); steps > 1;
       steps /= 2) {
    unrolled_.push_back({steps, record_steps(steps, 0, Batch::full)});
  }
  if (!measures) return;
  const int best = quickest_graph_steps();
  std::erase_if(unrolled_, [&](const Unrolled& unrolled) { return unrolled.steps > best; });
}

int StepRunner::quickest_graph_steps() {
  constexpr double kMostSeconds = 0.2;
  constexpr double kWorthIt = 0.99;  // of the time of fewer steps, whose boundaries come sooner
  constexpr int kRepeats = 3;
  Context& context = *model_.context;
  Parameters& parameters = model_.vae->parameters();
  std::vector<Buffer<float>> kept;
  const std::array arrays = {parameters.values(), parameters.first_moment(), parameters.second_moment(),
                             parameters.average()};
  for (const VectorView<float>& array : arrays) {
    kept.emplace_back(context, array.size);
    context.copy_on_device(kept.back().data(), array.data,
                           sizeof(float) * static_cast<std::size_t>(array.size));
  }

  const std::int64_t total =
      std::bit_floor(static_cast<std::uint64_t>(std::min<std::int64_t>(full_steps_, 64)));
  std::vector<int> counts = {1};
  for (auto at = unrolled_.rbegin(); at != unrolled_.rend(); ++at) counts.push_back(at->steps);
  std::vector<double> seconds(counts.size(), std::numeric_limits<double>::infinity());
  seconds_a_step(1, 1);  // the first run loads kernels
  const bool quick =
      seconds_a_step(1, 1) * static_cast<double>(total * kRepeats) * static_cast<double>(counts.size()) <
      kMostSeconds;
  for (int repeat = 0; quick && repeat < kRepeats; ++repeat) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      seconds[i] = std::min(seconds[i], seconds_a_step(counts[i], total));
    }
  }
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    context.copy_on_device(arrays[i].data, kept[i].data(),
                           sizeof(float) * static_cast<std::size_t>(kept[i].size()));
  }
  context.synchronize();
  if (!quick) return kUnmeasuredGraphSteps;  // the time between graphs is no matter then
  std::size_t best = 0;
  for (std::size_t i = 1; i < counts.size(); ++i) {
    if (seconds[i] < kWorthIt * seconds[best]) best = i;
  }
  return counts[best];
}

double StepRunner::seconds_a_step(int steps, std::int64_t total) {
  using Clock = std::chrono::steady_clock;
  begin(1, 0, 0, {});
  model_.context->synchronize();
  const auto unrolled = std::ranges::find(unrolled_, steps, &Unrolled::steps);
  const auto begun = Clock::now();
  for (std::int64_t i = 0; i < total / steps; ++i) {
    (unrolled == unrolled_.end() ? single_[static_cast<std::size_t>(i % 2)] : unrolled->graph).launch();
  }
  model_.context->synchronize();
  return std::chrono::duration<double>(Clock::now() - begun).count() / static_cast<double>(total);
}

Graph StepRunner::record_steps(int steps, std::size_t slot, Batch batch) {
  const auto work = [=, this] {
    for (int i = 0; i < steps; ++i) run((slot + static_cast<std::size_t>(i)) % slots_.size(), batch);
  };
  return Graph::record(*model_.context, work, {.overlap = overlap_});
}

void StepRunner::prepare(const Slot& slot, std::span<const Activations> batches, const StepState* state) {
  ops::advance_step(*model_.context, slot.state, state, rates_.view(), batches.front().step_rows, adam_);
  gather(slot, batches.front(), 0);
}

void StepRunner::gather(const Slot& slot, const Activations& batch, std::int64_t first) {
  // A batch that is prepared ahead is a full one. What is beyond the data in the last one is not read.
  const VectorView<const std::int64_t> order = permutation_.view().part(first, permutation_.size() - first);
  ops::gather_batch(*model_.context, {.x = batch.x, .mask = batch.mask, .examples = batch.examples},
                    data_.source(order), slot.preprocess, slot.state);
  if (!objective_.corrupts()) return;
  const NoiseSource noise = {.seed = model_.recipe.train.seed,
                             .purpose = NoisePurpose::corrupt,
                             .time = &slot.state->noise_time,
                             .examples = batch.examples.data};
  ops::corrupt(*model_.context, batch.input.columns(0, batch.x.cols), batch.x, batch.mask,
               objective_.corruption, objective_.corruption_amount, noise);
}

void StepRunner::trace(OpTrace& trace) {
  const TraceScope scope(*model_.context, trace);
  run(0, Batch::full);
}

void StepRunner::run(std::size_t index, Batch which) {
  const PrecisionScope scope(*model_.context, precision_);
  const Slot& slot = slots_[index];
  const std::span<const Activations> batches = which == Batch::full ? slot.full : slot.ragged;
  if (!ahead_) prepare(slot, batches, slot.state);
  std::int64_t done = 0;
  for (const Activations& batch : batches) {
    if (done > 0) gather(slot, batch, done);
    run_batch(index, batch, done > 0);
    done += batch.rows;
  }
  update(slot.state);
}

void StepRunner::run_batch(std::size_t index, const Activations& batch, bool accumulate) {
  Context& context = *model_.context;
  const Vae& vae = *model_.vae;
  const Slot& slot = slots_[index];
  const Slot& next = slots_[(index + 1) % slots_.size()];
  const NoiseSource noise = {
      .seed = model_.recipe.train.seed, .time = &slot.state->noise_time, .examples = batch.examples.data};
  Objective objective = objective_;
  objective.kl_weight = &slot.state->kl_weight;
  objective.capacity = &slot.state->capacity;
  vae.forward_with_gradient(batch, noise, objective);
  side_lane_.run([&] {
    ops::BatchCosts costs;
    costs.nll = {batch.nll_parts.data, batch.nll_parts.rows * batch.nll_parts.cols};
    costs.kl = batch.kl;
    costs.samples = batch.samples;
    if (objective.importance_weighted) costs.objective = batch.negative_bound;
    if (objective.free_nats > 0.0f || objective.has_capacity) costs.kl_cost = batch.kl_cost.data;
    if (objective.penalizes_code()) costs.penalty = batch.code_cost;
    ops::record_loss(context, record_.data()->sums, &record_.data()->first_bad_step, costs, slot.state);
    sum_squared_errors(batch, accumulate);
    if (ahead_) prepare(next, next.full, slot.state);
  });
  GradientUse use;
  use.lanes = gradient_lanes_;
  use.accumulate = accumulate;
  if (fused_adam_) {
    use.adam = &adam_;
    use.state = slot.state;
  }
  vae.backward(batch, noise, objective, use);
  side_lane_.join();
}

void StepRunner::sum_squared_errors(const Activations& batch, bool accumulate) {
  const float* const log_variance = model_.vae->parameters().log_variance();
  if (!log_variance) return;
  ops::GaussianCosts costs{.nll = batch.nll, .weights = {}, .mask = batch.mask};
  if (objective_.importance_weighted) costs.weights = batch.weights;
  costs.examples = batch.rows;
  costs.values = batch.x.cols;
  ops::squared_error_sums(*model_.context, variance_sums_.data(), costs, log_variance, accumulate);
}

void StepRunner::update(const StepState* state) {
  Context& context = *model_.context;
  const TrainSettings& settings = model_.recipe.train;
  Parameters& parameters = model_.vae->parameters();
  const std::int64_t trained = parameters.layout().trained_size;
  const auto trained_part = [&](VectorView<float> all) { return all.part(0, trained); };
  if (settings.clip_norm > 0.0) {
    ops::clip_global_norm(context, trained_part(parameters.gradient()),
                          static_cast<float>(settings.clip_norm), clip_scratch_.view(), nullptr);
  }
  if (!fused_adam_) {
    ops::adam(context, trained_part(parameters.values()), trained_part(parameters.gradient()),
              trained_part(parameters.first_moment()), trained_part(parameters.second_moment()), adam_,
              state);
  }
  if (float* const log_variance = parameters.log_variance()) {
    ops::move_shared_variance(context, log_variance, variance_sums_.data(), state);
  }
  if (settings.ema > 0.0) {
    ops::running_average(context, parameters.average(), parameters.values(), settings.ema, state);
  }
}

}  // namespace elbo
