#include "train/optimizer.h"

#include <limits>

#include "base/check.h"
#include "ops/reduce.h"
#include "ops/running_average.h"
#include "recipe/choices.h"

namespace elbo {
namespace {

struct Row : Choice {
  math::UpdateRule rule;
};

constexpr Row kTable[] = {
    {{"adam"}, math::UpdateRule::adam},
    {{"adamax"}, math::UpdateRule::adamax},
};

/// Checks settings that did not pass through Recipe::validate(), which has the helpful message.
ops::AdamSettings adam_settings(const TrainSettings& settings) {
  const Row* row = find_row(kTable, settings.optimizer);
  if (!row) throw ConfigError(concat("train.optimizer = \"", settings.optimizer, "\" is not known"));
  return {settings.beta1, settings.beta2, static_cast<float>(settings.epsilon),
          static_cast<float>(settings.weight_decay), row->rule};
}

/// The tensors that the optimizer moves, one by one as in files.
std::vector<ops::RangeSpan> tensor_spans(const nn::ParameterLayout& layout) {
  std::vector<ops::Range> ranges;
  for (const nn::TensorInfo& tensor : layout.tensors) {
    if (tensor.offset < layout.optimized_size) ranges.push_back({tensor.offset, tensor.size()});
  }
  return ops::range_spans(ranges, layout.optimized_size);
}

}  // namespace

std::span<const Choice> optimizer_choices() {
  static const std::vector<Choice> choices = choices_of(kTable);
  return choices;
}

Optimizer::Optimizer(Context& context, nn::Parameters& parameters, const TrainSettings& settings)
    : context_(context),
      parameters_(parameters),
      adam_(adam_settings(settings)),
      clip_norm_(settings.clip_norm > 0.0 ? static_cast<float>(settings.clip_norm)
                                          : std::numeric_limits<float>::infinity()),
      skip_norm_(static_cast<float>(settings.skip_norm)),
      decay_(settings.ema) {
  parameters.prepare_training();
  if (decay_ > 0.0) parameters.prepare_average();
  if (settings.skip_norm > 0.0) norm_ = Buffer<float>(context, 1);
  if (settings.normalize_gradient) {
    const auto spans = tensor_spans(parameters.layout());
    tensors_ = Buffer<ops::RangeSpan>(context, std::span<const ops::RangeSpan>(spans));
    scratch_ = Buffer<double>(context, tensors_.size());
  } else if (needs_whole_gradient()) {
    scratch_ = Buffer<double>(context, ops::clip_scratch_size(parameters.gradient().size));
  }
}

void Optimizer::step(StepState* state, SkippedSteps* skipped) {
  const std::int64_t size = parameters_.layout().optimized_size;
  const VectorView<float> gradient = parameters_.gradient().part(0, size);
  if (normalizes()) {
    ops::normalize_ranges(context_, gradient, tensors_.view(), scratch_.view(), norm_.data());
  } else if (needs_whole_gradient()) {
    ops::clip_global_norm(context_, gradient, clip_norm_, scratch_.view(), norm_.data());
  }
  if (skips()) ops::skip_beyond(context_, state, skipped, norm_.data(), skip_norm_, adam_);
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
