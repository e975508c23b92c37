#include "train/trainer.h"

#include <algorithm>
#include <cmath>

#include "model/conditions.h"
#include "model/model_file.h"
#include "base/check.h"
#include "base/out_of_memory.h"
#include "data/classes.h"
#include "evaluation/evaluate.h"
#include "evaluation/label_accuracy.h"
#include "recipe/data_settings.h"
#include "train/best_epoch.h"
#include "train/memory.h"
#include "train/scale_advice.h"
#include "train/schedule.h"

namespace elbo {
namespace {

constexpr double kSecondsBetweenProgress = 0.1;

bool all_finite(const std::vector<float>& values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

}  // namespace

Trainer::Trainer(Model& model, const Dataset& data, const TrainOptions& options)
    : model_(model), options_(options), epochs_(model.recipe().train.epochs) {
  if (!options.folder.empty()) folder_.emplace(options.folder);
  start_ = read_start(model, data, options, folder_ ? &*folder_ : nullptr);
  prepare(data);
}

void Trainer::prepare(const Dataset& data) {
  ModelState& state = state_of(model_);
  Context& context = *state.context;
  const data::Standardization& statistics = start_.statistics;
  log_volume_ = statistics.log_volume(data.train);
  train_data_ = resident_data(state, statistics, data.train);
  preprocessor_.emplace(context, state.recipe.data.binarize, !data.train.bytes.empty(), statistics.mean,
                        statistics.deviation);
  PlanSources plans = PlanSources::of(state);
  if (start_.checkpoint) plans.checkpoint = start_.checkpoint->plans;
  steps_ = plan_steps(state, train_data_, *preprocessor_, plans);
  runner_ = steps_.graphs.get();
  batch_steps_ = runner_->steps_per_epoch();
  watch_ = std::make_unique<CostWatch>(context, runner_->record());
  if (data.validation.empty()) return;
  validation_labels_ = &data.validation.labels;
  const bool infers = state.vae->config().infers_label;
  validation_ =
      std::make_unique<StoredBatches>(state, statistics, data.validation, state.recipe.train.seed,
                                      infers ? std::optional(0) : std::nullopt);  // its bound reads none
  validation_workspace_ = std::make_unique<Workspace>(
      *state.vae, bound_rows(*state.vae, data.validation.count), 1, Purpose::bound);
}

TrainReport Trainer::run() {
  const bool resumed = start_.checkpoint.has_value();
  resumed ? go_on() : begin();
  report_.already_finished = resumed && finished();
  if (!resumed && epochs_ == 0) save();
  while (!finished()) {
    if (!train_epoch()) {
      report_.interrupted = true;
      save();
      break;
    }
    finish_epoch();
  }
  install_result();
  report_.stopped_early = out_of_patience() && position_.epoch < epochs_;
  report_.steps = position_.steps;
  report_.skipped_steps = static_cast<std::int64_t>(position_.record.skipped.total);
  report_.epoch = position_.epoch;
  report_.best_epoch = position_.best_epoch;
  report_.seconds = seconds_since(begun_);
  report_.examples_per_second =
      training_seconds_ > 0.0 ? static_cast<double>(call_examples_) / training_seconds_ : 0.0;
  return std::move(report_);
}

bool Trainer::out_of_patience() const {
  const std::int64_t patience = model_.recipe().train.patience;
  // While the objective still changes, later epochs may be better.
  const std::int64_t settled = state_of(model_).vae->objective().settled_after(model_.recipe().train.epochs);
  return patience > 0 && position_.epoch - std::max(position_.best_epoch, settled) >= patience;
}

void Trainer::install_result() {
  ModelState& state = state_of(model_);
  nn::Parameters& parameters = state.vae->parameters();
  if (state.recipe.train.patience > 0 && !best_.empty()) {
    state.context->copy_to_device(parameters.values().data, best_.data(), sizeof(float) * best_.size());
  } else {
    parameters.take_average();
  }
}

void Trainer::begin() {
  if (folder_) folder_->begin(model_.recipe());
  install();
  if (!folder_) return;
  // From here on the run can be resumed, even if the model came with other parameters.
  save_checkpoint(folder_->checkpoint(), state_of(model_), start_.identity, position_, checked_arrays());
  checkpoint_steps_ = position_.steps;
}

void Trainer::go_on() {
  position_ = start_.checkpoint->position;
  saved_steps_ = checkpoint_steps_ = position_.steps;
  best_ = std::move(start_.best);
  if (!finished()) folder_->go_on(model_.recipe(), position_.epoch);
  install();
}

void Trainer::install() {
  steps_.install_choices(state_of(model_));
  install_start(state_of(model_), start_);
}

bool Trainer::train_epoch() {
  runner_->begin(position_.epoch + 1, position_.epoch_steps, position_.steps, position_.record);
  watch_->restart(position_.epoch_steps);
  epoch_seconds_ = 0.0;
  epoch_examples_ = 0;
  auto resumed_at = Clock::now();
  const auto pause = [&] {
    settle();
    epoch_seconds_ += seconds_since(resumed_at);
  };
  while (position_.epoch_steps < batch_steps_) {
    if (options_.stop && options_.stop()) {
      pause();
      training_seconds_ += epoch_seconds_;
      return false;
    }
    const std::int64_t given = runner_->launch();
    const auto examples =
        runner_->examples_in(position_.epoch_steps + given) - runner_->examples_in(position_.epoch_steps);
    epoch_examples_ += examples;
    call_examples_ += examples;
    position_.epoch_steps += given;
    position_.steps += given;
    if (watch_->poll(position_.epoch_steps)) {
      check_costs(watch_->record());
      tell_progress(watch_->record(), watch_->steps());
    }
    const bool ends_epoch = position_.epoch_steps == batch_steps_;
    if (!ends_epoch && folder_ && seconds_since(saved_at_) >= options_.checkpoint_seconds) {
      pause();
      save();
      resumed_at = Clock::now();
    }
  }
  pause();
  training_seconds_ += epoch_seconds_;
  tell_progress(position_.record, batch_steps_);
  return true;
}

void Trainer::finish_epoch() {
  ++position_.epoch;
  EpochMetrics metrics;
  metrics.epoch = position_.epoch;
  metrics.steps = position_.steps;
  metrics.seconds = epoch_seconds_;
  metrics.examples_per_second =
      epoch_seconds_ > 0.0 ? static_cast<double>(epoch_examples_) / epoch_seconds_ : 0.0;
  const std::int64_t rows = runner_->examples_in(batch_steps_);
  metrics.train = position_.record.average(rows, log_volume_);
  metrics.objective = position_.record.average_objective(rows, log_volume_);
  if (model_.recipe().train.skip_norm > 0.0) {
    metrics.skipped_steps = static_cast<std::int64_t>(position_.record.skipped.total);
  }
  if (validation_) validate(metrics);
  position_.epoch_steps = 0;
  position_.record = position_.record.of_next_epoch();
  if (!validation_) position_.best_epoch = position_.epoch;
  if (folder_) folder_->add(metrics);
  if (finished() || may_save()) save();
  report_.epochs.push_back(metrics);
  if (options_.on_epoch) options_.on_epoch(metrics);
}

void Trainer::validate(EpochMetrics& metrics) {
  const ModelState& state = state_of(model_);
  const nn::AverageInPlace average(*state.context, state.vae->parameters());
  // Uses the noise of time 0: the same after every epoch, and not used by any training step.
  metrics.validation =
      evaluate_elbo(*state.vae, validation_->data(), state.recipe.train.seed, *validation_workspace_);
  const double objective =
      validation_cost(*state.vae, state.recipe.train.seed, validation_->data(), *metrics.validation);
  metrics.validation_objective = objective;
  if (state.vae->config().infers_label) {
    metrics.validation_accuracy =
        label_accuracy(*state.vae, validation_->data(), *validation_labels_, *validation_workspace_);
  }
  const Recipe& recipe = state.recipe;
  const bool by_accuracy = recipe.train.best_by == "accuracy" || recipe.objective.classifier_alone;
  const double decides =
      by_accuracy && metrics.validation_accuracy ? 1.0 - *metrics.validation_accuracy : objective;
  if (!(decides < position_.best_objective)) return;
  position_.best_epoch = position_.epoch;
  position_.best_objective = decides;
  if (!folder_ && state.recipe.train.patience == 0) return;
  best_ = to_host(*state.context, state.vae->parameters().values());
  best_is_new_ = true;
}

bool Trainer::may_save() const {
  return saving_seconds_ <= options_.saving_share * (saving_seconds_ + seconds_since(saved_at_));
}

void Trainer::save() {
  if (saved_steps_ == position_.steps) return;
  const auto begun = Clock::now();
  const TrainingArrays arrays = checked_arrays();
  if (!folder_) return;
  const std::vector<float>* best = best_is_new_ ? &best_ : nullptr;
  if (!validation_) best = &arrays.model();  // without validation the last epoch is the best
  folder_->save(state_of(model_), start_.identity, position_, arrays, best);
  best_is_new_ = false;
  saved_steps_ = checkpoint_steps_ = position_.steps;
  saved_at_ = Clock::now();
  saving_seconds_ = seconds_since(begun);
}

void Trainer::settle() {
  Context& context = *state_of(model_).context;
  CostRecord record;
  context.copy_to_host(&record, runner_->record(), sizeof record);
  context.synchronize();
  check_costs(record);
  position_.record = record;
}

TrainingArrays Trainer::checked_arrays() {
  TrainingArrays arrays;
  if (folder_) {
    arrays = arrays_to_host(state_of(model_));
  } else {
    arrays.values = to_host(*state_of(model_).context, state_of(model_).vae->parameters().values());
  }
  // A step's loss uses the parameters before the step, so the last update can only be checked here.
  if (!all_finite(arrays.values)) fail_diverged("a parameter became NaN or infinite", position_.steps);
  if (!all_finite(arrays.first_moment) || !all_finite(arrays.second_moment)) {
    fail_diverged("one of the optimizer's moments became NaN or infinite", position_.steps);
  }
  return arrays;
}

void Trainer::check_costs(const CostRecord& record) const {
  if (record.first_bad_step > 0) {
    fail_diverged("the loss became NaN or infinite", static_cast<std::int64_t>(record.first_bad_step));
  }
  const SkippedSteps& skipped = record.skipped;
  if (skipped.stuck_at == 0) return;
  const std::string norm = std::isnan(skipped.last_norm) ? "NaN" : concat(skipped.last_norm);
  fail_diverged(concat(kMaxSkippedInARow, " steps in a row were skipped, the last with a gradient of norm ",
                       norm, ": train.skip_norm (it is ", model_.recipe().train.skip_norm,
                       ") is too low, or the training diverged"),
                static_cast<std::int64_t>(skipped.stuck_at));
}

void Trainer::fail_diverged(const std::string& what, std::int64_t step) const {
  const TrainSettings& settings = model_.recipe().train;
  const std::string kept =
      checkpoint_steps_ >= 0
          ? concat("The checkpoint of step ", checkpoint_steps_, " stays in ", options_.folder.string(), ".")
          : std::string("There is no checkpoint from an earlier step.");
  const std::string rate = settings.schedule == "staged"
                               ? concat("lower train.stage_rates (that of this step is ",
                                        learning_rate(settings, batch_steps_, step), ")")
                               : concat("a lower train.learning_rate (it is ", settings.learning_rate, ")");
  const std::string clip = settings.normalize_gradient
                               ? std::string()
                               : concat(", a train.clip_norm (it is ", settings.clip_norm, "; 0 is none)");
  throw DivergedError(
      concat(what, " at step ", step, " (epoch ", (step - 1) / batch_steps_ + 1, "). ", kept, "\nTry ", rate,
             clip, " or a lower train.weight_decay (it is ", settings.weight_decay, ")."),
      step);
}

void Trainer::tell_progress(const CostRecord& record, std::int64_t steps) {
  if (!options_.on_progress || seconds_since(told_at_) < kSecondsBetweenProgress) return;
  told_at_ = Clock::now();
  const double elapsed = seconds_since(begun_);
  Progress progress;
  progress.epoch = position_.epoch + 1;
  progress.epochs = epochs_;
  progress.step = steps;
  progress.steps_per_epoch = batch_steps_;
  progress.train = record.average(runner_->examples_in(steps), log_volume_);
  progress.skipped_steps = static_cast<std::int64_t>(record.skipped.total);
  progress.examples_per_second = static_cast<double>(call_examples_) / elapsed;
  const std::int64_t left = (epochs_ - position_.epoch) * runner_->examples_in(batch_steps_) -
                            runner_->examples_in(position_.epoch_steps);
  progress.seconds_left = static_cast<double>(left) / progress.examples_per_second;
  options_.on_progress(progress);
}

double Trainer::seconds_since(Clock::time_point then) const {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

namespace {

/// Whether the recipe holds out examples of this data that have not been set aside.
bool is_to_be_split(const DataSettings& settings, const Dataset& data) {
  return (settings.validation > 0.0 && data.validation.empty()) || (settings.test > 0.0 && data.test.empty());
}

TrainReport train_on(Model& model, const Dataset& data, const TrainOptions& options) {
  try {
    return Trainer(model, data, options).run();
  } catch (const DivergedError& error) {
    const auto advice = error.step() == 1 ? scale_advice(model.recipe(), data) : std::nullopt;
    if (!advice) throw;
    throw DivergedError(*advice, 1);
  }
}

}  // namespace

TrainReport train(Model& model, const Dataset& data, const TrainOptions& options) {
  return with_memory_errors([&] {
    const Recipe& recipe = model.recipe();
    if (!data.train.empty()) require_training_memory(state_of(model), data, options);
    const DataSettings& settings = recipe.data;
    const bool limited = settings.limit > 0 && settings.limit < data.train.count;
    const bool relabelled = settings.labels > 0 && data::labelled_count(data.train) > settings.labels;
    if (data.train.empty() || (!limited && !relabelled && !is_to_be_split(settings, data)))
      return train_on(model, data, options);
    Dataset parts = data;
    hold_out(parts, settings.validation, settings.test, recipe.train.seed);
    limit_training(parts, settings.limit);
    if (relabelled) data::keep_labels(parts, settings.labels, recipe.train.seed);
    return train_on(model, parts, options);
  });
}

}  // namespace elbo
