#include "train/validation.h"

#include <algorithm>
#include <span>

#include "ops/record_loss.h"

namespace elbo {

Validation::Validation(Model::State& model, const data::ResidentData& data,
                       const data::Preprocessor& preprocessor)
    : model_(model),
      data_(data),
      batch_(std::min(model.recipe.train.batch, data.count())),
      workspace_(*model.vae, batch_),
      full_batch_(workspace_.rows(batch_)),
      state_(*model.context, 1),
      record_(*model.context, 1),
      preprocess_(preprocessor.keyed(model.recipe.train.seed, nullptr)) {
  full_ = Graph::record(*model.context, [this] { batch(full_batch_); });
  if (const std::int64_t rest = data.count() % batch_; rest > 0) {
    ragged_batch_ = workspace_.rows(rest);
    ragged_ = Graph::record(*model.context, [this] { batch(ragged_batch_); });
  }
}

ElboTerms Validation::run() {
  const StepState start;
  const LossRecord nothing;
  state_.upload(std::span(&start, 1));
  record_.upload(std::span(&nothing, 1));
  for (std::int64_t i = 0; i < data_.count() / batch_; ++i) full_.launch();
  if (ragged_) ragged_.launch();
  return record_.download()[0].average(data_.count());
}

void Validation::batch(const Activations& a) {
  Context& context = *model_.context;
  ops::advance_step(context, state_.data(), a.rows, {});  // only the cursor matters here
  ops::gather_batch(context, {.x = a.x, .mask = {}, .examples = a.examples}, data_.source(), preprocess_,
                    state_.data());
  model_.vae->forward(a, {.seed = model_.recipe.train.seed, .time = nullptr, .examples = a.examples.data});
  ops::record_loss(context, record_.data()->sums, &record_.data()->first_bad_step, a.nll, a.kl,
                   state_.data());
}

}  // namespace elbo
