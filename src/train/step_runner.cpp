#include "train/step_runner.h"

#include <algorithm>
#include <span>

#include "ops/record_loss.h"
#include "ops/reduce.h"

namespace elbo {

StepRunner::StepRunner(Model::State& model, const data::ResidentData& data,
                       const data::Preprocessor& preprocessor)
    : model_(model),
      data_(data),
      batch_(std::min(model.recipe.train.batch, data.count())),
      steps_per_epoch_((data.count() + batch_ - 1) / batch_),
      precision_(parse_precision(model.recipe.train.precision)),
      workspace_(*model.vae, batch_, 1, true),
      full_batch_(workspace_.rows(batch_)),
      state_(*model.context, 1),
      record_(*model.context, 1),
      permutation_(*model.context, data.count()) {
  const TrainSettings& settings = model.recipe.train;
  adam_ = {settings.beta1, settings.beta2, static_cast<float>(settings.epsilon),
           static_cast<float>(settings.weight_decay)};
  preprocess_ = preprocessor.keyed(settings.seed, &state_.data()->noise_time);

  Parameters& parameters = model.vae->parameters();
  parameters.prepare_training();
  if (settings.clip_norm > 0.0) {
    clip_scratch_ = Buffer<double>(*model.context, ops::clip_scratch_size(parameters.gradient().size));
  }
  full_ = Graph::record(*model.context, [this] { run(full_batch_); });
  if (const std::int64_t rest = data.count() % batch_; rest > 0) {
    ragged_batch_ = workspace_.rows(rest);
    ragged_ = Graph::record(*model.context, [this] { run(ragged_batch_); });
  }
}

std::int64_t StepRunner::examples_in(std::int64_t steps) const {
  return std::min(steps * batch_, data_.count());
}

void StepRunner::begin(std::int64_t epoch, std::int64_t position, std::int64_t steps,
                       const LossRecord& so_far) {
  position_ = position;
  StepState state;
  state.step = state.noise_time = static_cast<std::uint64_t>(steps);
  state.next_cursor = examples_in(position);
  state.learning_rate = static_cast<float>(model_.recipe.train.learning_rate);
  state.kl_weight = static_cast<float>(model_.recipe.objective.beta);
  state_.upload(std::span<const StepState>(&state, 1));
  record_.upload(std::span<const LossRecord>(&so_far, 1));
  permutation_.upload(data::epoch_permutation(data_.count(), model_.recipe.train.seed, epoch));
}

void StepRunner::step() {
  const bool full = examples_in(position_ + 1) - examples_in(position_) == batch_;
  (full ? full_ : ragged_).launch();
  ++position_;
}

void StepRunner::trace(OpTrace& trace) {
  const TraceScope scope(*model_.context, trace);
  run(full_batch_);
}

void StepRunner::run(const Activations& batch) {
  Context& context = *model_.context;
  const PrecisionScope scope(context, precision_);
  StepState* const state = state_.data();
  const TrainSettings& settings = model_.recipe.train;
  ops::advance_step(context, state, batch.rows, adam_);
  ops::gather_batch(context, {.x = batch.x, .mask = {}, .examples = batch.examples},
                    data_.source(permutation_.view()), preprocess_, state);
  const NoiseSource noise = {
      .seed = settings.seed, .time = &state->noise_time, .examples = batch.examples.data};
  model_.vae->forward_backward(batch, noise, &state->kl_weight);
  ops::record_loss(context, record_.data()->sums, &record_.data()->first_bad_step, batch.nll, batch.kl,
                   state);

  Parameters& parameters = model_.vae->parameters();
  if (settings.clip_norm > 0.0) {
    ops::clip_global_norm(context, parameters.gradient(), static_cast<float>(settings.clip_norm),
                          clip_scratch_.view(), nullptr);
  }
  ops::adam(context, parameters.values(), parameters.gradient(), parameters.first_moment(),
            parameters.second_moment(), adam_, state);
}

}  // namespace elbo
