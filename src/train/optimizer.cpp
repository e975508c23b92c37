#include "train/optimizer.h"

#include "ops/reduce.h"
#include "ops/running_average.h"

namespace elbo {

Optimizer::Optimizer(Context& context, nn::Parameters& parameters, const TrainSettings& settings)
    : context_(context),
      parameters_(parameters),
      adam_{settings.beta1, settings.beta2, static_cast<float>(settings.epsilon),
            static_cast<float>(settings.weight_decay)},
      clip_norm_(static_cast<float>(settings.clip_norm)),
      decay_(settings.ema) {
  parameters.prepare_training();
  if (decay_ > 0.0) parameters.prepare_average();
  if (needs_whole_gradient()) {
    clip_scratch_ = Buffer<double>(context, ops::clip_scratch_size(parameters.gradient().size));
  }
}

void Optimizer::step(const StepState* state) {
  const std::int64_t size = parameters_.layout().optimized_size;
  if (needs_whole_gradient()) {
    ops::clip_global_norm(context_, parameters_.gradient().part(0, size), clip_norm_, clip_scratch_.view(),
                          nullptr);
  }
  move({0, size}, state);
}

void Optimizer::step_after(const StepState* state) {
  for (const nn::ArrayRange& range : parameters_.layout().stepped_after) move(range, state);
}

void Optimizer::move(const nn::ArrayRange& range, const StepState* state) {
  const auto of = [&](VectorView<float> array) { return array.part(range.first, range.count); };
  ops::adam(context_, of(parameters_.values()), of(parameters_.gradient()), of(parameters_.first_moment()),
            of(parameters_.second_moment()), adam_, state);
}

void Optimizer::average(const StepState* state) {
  if (decay_ > 0.0)
    ops::running_average(context_, parameters_.average(), parameters_.values(), decay_, state);
}

}  // namespace elbo
