#include "vae/vae.h"

#include "base/check.h"
#include "ops/linear_likelihood.h"

namespace elbo {

Vae::Vae(Context& context, const ModelConfig& config, std::uint64_t seed)
    : context_(&context),
      config_(config),
      parts_(config, ops::nll_parts(context.device(), config.dims)),
      parameters_(std::make_unique<nn::Parameters>(context, parts_.layout, config.initialization, seed)) {}

nn::Run Vae::run(const Batch& batch, const NoiseSource& noise) const {
  nn::Run run = {*context_, *parameters_, noise};
  if (!run.noise.examples) run.noise.examples = batch.examples().data;
  return run;
}

void Vae::prepare(const Batch& batch) const {
  if (prior()) prior()->prepare(run(), batch, parts_.encoder);
}

void Vae::encode(const Batch& batch) const {
  encode(run(), batch);
}

void Vae::encode(const nn::Run& run, const Batch& batch) const {
  parts_.input->prepare(run, batch);
  parts_.encoder.forward(run, batch.tape());
  parts_.classifier.forward(run, batch.tape());
  if (prior()) prior()->relate(run, batch);
}

void Vae::sample(const Batch& batch, const NoiseSource& noise) const {
  parts_.latent->sample(run(), batch, noise);
}

void Vae::decode(const Batch& batch) const {
  parts_.decoder.forward(run(), batch.tape());
}

void Vae::decode_mean(const Batch& batch) const {
  parts_.latent->take_mean(run(), batch);
  decode(batch);
}

void Vae::score(const Batch& batch, const ops::RowWeight& weight, bool gradient) const {
  parts_.likelihood->score(run(), batch, weight, gradient);
}

void Vae::forward(const Batch& batch, const NoiseSource& noise) const {
  encode(batch);
  sample(batch, noise);
  decode(batch);
  score(batch);
  parts_.objective->evaluate(*context_, batch);
}

void Vae::decode_with_gradient(const Batch& batch) const {
  if (!prior()) throw ConfigError("the gradient in codes is for models with a prior over them");
  prior()->place(run(), batch);
  decode(batch);
  score(batch, {}, true);
  nn::GradientUse none;
  none.parameters = false;
  parts_.decoder.backward(run(), batch.tape(), none);
  parts_.decoder.first().backward_input(run(), batch.tape());
  prior()->place_backward(run(), batch);
}

void Vae::forward_with_gradient(const Batch& batch, const NoiseSource& noise,
                                const ObjectiveRates& rates) const {
  ELBO_CHECK(parameters_->ready_to_train() && !batch.dparameters().empty(), ShapeError,
             "training needs Parameters::prepare_training() and a training workspace");
  const Objective& objective = *parts_.objective;
  const nn::Run run = this->run(batch, noise);
  prepare(batch);
  encode(run, batch);
  sample(batch, noise);
  objective.before_likelihood(*context_, batch, rates);
  parts_.likelihood->decode_and_score(run, batch, parts_.decoder, objective.likelihood_weight(batch));
  objective.after_likelihood(*context_, batch, rates);
}

void Vae::backward(const Batch& batch, const NoiseSource& noise, const ObjectiveRates& rates,
                   const nn::GradientUse& use) const {
  ELBO_CHECK(!use.adam || !use.accumulate, ShapeError, "gradients that Adam uses at once cannot accumulate");
  const nn::Tape& tape = batch.tape();
  const nn::Run run = this->run(batch, noise);
  parts_.decoder.backward(run, tape, use);
  parts_.latent->backward(run, batch, noise, parts_.decoder.first(), *parts_.objective, rates);
  parts_.decoder.use_first_gradients(run, tape, use, true);
  parts_.encoder.backward(run, tape, use);
  parts_.classifier.backward(run, tape, use);
  parts_.classifier.use_first_gradients(run, tape, use, true);
  parts_.encoder.use_first_gradients(run, tape, use, false);  // no other work is left to run in parallel
  if (prior()) prior()->use_gradients(run, batch, parts_.encoder, use);
  for (Branch& branch : use.branches) branch.join();
}

void Vae::forward_backward(const Batch& batch, const NoiseSource& noise, const ObjectiveRates& rates,
                           const nn::GradientUse& use) const {
  forward_with_gradient(batch, noise, rates);
  backward(batch, noise, rates, use);
}

void require_density(const Vae& vae) {
  if (!vae.prior()) throw ConfigError("an autoencoder has no NLL: it defines no density over data");
}

}  // namespace elbo
