#include "train/training_step.h"

#include <algorithm>

#include "ops/cpu_rounding.h"
#include "ops/record_loss.h"
#include "train/epoch_order.h"
#include "train/schedule.h"

namespace elbo {
namespace {

constexpr std::size_t kGradientBranches = 2;

/// α·N over all labelled rows of an epoch with N rows.
float classifier_weight(const ModelState& model, const data::ResidentData& data, const StepSizes& sizes) {
  if (!model.vae->config().infers_label) return 0.0f;
  const auto labelled = static_cast<double>(labelled_epoch_rows(model.recipe.train, data));
  return static_cast<float>(model.recipe.objective.classifier_weight * static_cast<double>(sizes.examples) /
                            std::max(labelled, 1.0));
}

}  // namespace

TrainingStep::TrainingStep(ModelState& model, const data::ResidentData& data,
                           const data::Preprocessor& preprocessor)
    : model_(model),
      data_(data),
      sizes_(model.recipe.train, data.count()),
      classifier_weight_(classifier_weight(model, data, sizes_)),
      precision_(model.recipe.train.precision.value()),
      ahead_(model.context->is_cuda() && sizes_.step_rows == sizes_.batch),
      optimizer_(*model.context, model.vae->parameters(), model.recipe.train),
      fused_adam_(!optimizer_.needs_whole_gradient() && sizes_.step_rows == sizes_.batch &&
                  model.vae->gradients_are_layers_own()),
      workspace_(*model.vae, sizes_.batch, model.recipe.objective.samples, Purpose::training),
      state_(*model.context, 2),
      record_(*model.context, 1),
      permutation_(*model.context, sizes_.examples),
      rates_(*model.context, sizes_.steps_per_epoch()),
      side_branch_(*model.context, false) {
  // A product's operands are activations, their gradients, or parameters.
  const Batch whole = workspace_.rows(sizes_.batch);
  const std::int64_t largest = std::max(
      {whole.tape().largest(), whole.beside().largest(), model.vae->parameters().layout().largest()});
  ops::cpu::reserve_operands(*model.context, precision_, largest);
  for (std::size_t i = 0; i < kGradientBranches; ++i) gradient_branches_.emplace_back(*model.context);
  for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i] = make_slot(preprocessor, i);
}

TrainingStep::Slot TrainingStep::make_slot(const data::Preprocessor& preprocessor, std::size_t index) {
  Slot slot;
  slot.state = state_.data() + index;
  slot.preprocess = preprocessor.keyed(model_.recipe.train.seed, &slot.state->noise_time);
  Batch whole = workspace_.rows(sizes_.batch);
  if (ahead_ && index == 1) whole = second_batch_.make(*model_.vae, whole);
  const auto batches_of = [&](std::int64_t rows) {
    std::vector<Batch> batches;
    for (std::int64_t first = 0; first < rows; first += sizes_.batch) {
      batches.push_back(whole.first_rows(std::min(sizes_.batch, rows - first)));
      batches.back().step_rows = rows;
    }
    return batches;
  };
  slot.full = batches_of(sizes_.step_rows);
  slot.ragged = batches_of(sizes_.ragged_rows());
  return slot;
}

void TrainingStep::begin(std::int64_t epoch, std::int64_t position, std::int64_t steps,
                         const CostRecord& so_far) {
  StepState state;
  state.step = state.noise_time = static_cast<std::uint64_t>(steps);
  state.next_cursor = sizes_.examples_in(position);
  state.epoch_steps = position;
  state_.upload(std::span<const StepState>(&state, 1));
  record_.upload(std::span<const CostRecord>(&so_far, 1));
  rates_.upload(epoch_rates(model_.recipe, sizes_.steps_per_epoch(), epoch));
  permutation_.upload(epoch_order(model_.recipe.train, data_, epoch));
  if (ahead_) prepare(slots_[0], slots_[0].full, slots_[0].state);
}

void TrainingStep::prepare(const Slot& slot, std::span<const Batch> batches, const StepState* state) {
  ops::advance_step(context(), slot.state, state, rates_.view(), batches.front().step_rows,
                    optimizer_.adam());
  gather(slot, batches.front(), 0);
}

void TrainingStep::gather(const Slot& slot, const Batch& batch, std::int64_t first) {
  // A batch that is prepared ahead is full. In the last one, rows beyond the data are not read.
  const VectorView<const std::int64_t> order = permutation_.view().part(first, permutation_.size() - first);
  ops::gather_batch(context(), {.x = batch.x(), .mask = batch.mask(), .examples = batch.examples()},
                    data_.source(order), slot.preprocess, slot.state);
  model_.vae->parts().condition.read(model_.vae->run(), batch, data_.conditions(order), slot.state);
  if (const Corruption& corruption = model_.vae->parts().corruption) {
    corruption.apply(context(), batch, {.seed = model_.recipe.train.seed, .time = &slot.state->noise_time});
  }
}

void TrainingStep::run(std::size_t index, Size size) {
  const PrecisionScope scope(context(), precision_);
  const Slot& slot = slots_[index];
  const std::span<const Batch> batches = size == Size::full ? slot.full : slot.ragged;
  if (!ahead_) prepare(slot, batches, slot.state);
  std::int64_t done = 0;
  for (const Batch& batch : batches) {
    if (done > 0) gather(slot, batch, done);
    run_batch(index, batch, done > 0);
    done += batch.rows();
  }
  const Vae& vae = *model_.vae;
  if (fused_adam_) {
    optimizer_.step_after(slot.state);
  } else {
    optimizer_.step(slot.state, &record_.data()->skipped);
  }
  vae.likelihood().after_step(vae.run(), batches.front().tape(), slot.state);
  optimizer_.average(slot.state);
}

void TrainingStep::run_batch(std::size_t index, const Batch& batch, bool accumulate) {
  const Vae& vae = *model_.vae;
  const Slot& slot = slots_[index];
  const Slot& next = slots_[(index + 1) % slots_.size()];
  const NoiseSource noise = {
      .seed = model_.recipe.train.seed, .time = &slot.state->noise_time, .examples = batch.examples().data};
  const ObjectiveRates rates = {&slot.state->kl_weight, &slot.state->capacity, classifier_weight_};
  vae.forward_with_gradient(batch, noise, rates);
  side_branch_.run([&] {
    record_costs(slot, batch);
    vae.likelihood().after_batch(vae.run(), batch, vae.objective().sample_weights(batch), accumulate);
    if (ahead_) prepare(next, next.full, slot.state);
  });
  nn::GradientUse use;
  use.branches = gradient_branches_;
  use.accumulate = accumulate;
  if (fused_adam_) {
    use.adam = &optimizer_.adam();
    use.state = slot.state;
  }
  vae.backward(batch, noise, rates, use);
  side_branch_.join();
}

void TrainingStep::record_costs(const Slot& slot, const Batch& batch) {
  ops::BatchCosts costs;
  const MatrixView<const float> nll = batch.nll_parts();
  costs.nll = {nll.data, nll.rows * nll.cols};
  costs.kl = batch.kl();
  costs.samples = batch.samples();
  model_.vae->objective().describe_costs(batch, costs);
  ops::record_loss(context(), record_.data()->sums, &record_.data()->first_bad_step, costs, slot.state);
}

}  // namespace elbo
