#include "vae/vae.h"

#include <cmath>

#include "ops/importance_weights.h"
#include "ops/kl_objective.h"
#include "ops/linear_likelihood.h"
#include "ops/linear_reparameterize.h"
#include "ops/one_hot.h"
#include "base/check.h"

namespace elbo {
namespace {

std::vector<LayerActivations> first_rows_of(const std::vector<LayerActivations>& layers, std::int64_t count) {
  std::vector<LayerActivations> part;
  for (const LayerActivations& layer : layers) {
    part.push_back({layer.y.first_rows(count), layer.saved.first_rows(count), layer.dy.first_rows(count)});
  }
  return part;
}

NoiseSource keyed_by_examples(NoiseSource noise, const Activations& a) {
  if (!noise.examples) noise.examples = a.examples.data;
  return noise;
}

/// Joins the halves of the head's gradient as views.
struct HeadGradient {
  MatrixView<float> mean, log_variance;
  HeadGradient(const MatrixView<float>& dy, std::int64_t latent)
      : mean(dy.columns(0, latent)), log_variance(dy.columns(latent, latent)) {}
};

}  // namespace

Activations Activations::first_rows(std::int64_t count) const {
  ELBO_CHECK(count >= 0 && count <= rows, ShapeError, "a workspace for ", rows, " rows was asked for ",
             count);
  Activations part = *this;
  part.rows = part.step_rows = count;
  part.input = input.first_rows(count);
  part.x = x.first_rows(count);
  part.mask = mask.first_rows(count);
  part.examples = examples.part(0, count);
  part.encoder = first_rows_of(encoder, count);
  part.mean = mean.first_rows(count);
  part.log_variance = log_variance.first_rows(count);
  part.z = z.first_rows(count * samples);
  part.dz = dz.first_rows(count * samples);
  part.decoder = first_rows_of(decoder, count * samples);
  part.nll = nll.part(0, count * samples);
  part.nll_parts = nll_parts.first_rows(count * samples);
  part.kl = kl.part(0, count);
  part.log_ratio = log_ratio.part(0, count * samples);
  part.weights = weights.part(0, count * samples);
  part.negative_bound = negative_bound.part(0, count);
  part.code_cost = code_cost.part(0, count);
  return part;
}

Vae::Vae(Context& context, const ModelConfig& config, std::uint64_t seed)
    : context_(&context),
      config_(config),
      parameters_(context, config, seed),
      encoder_(parameters_, parameters_.layout().encoder, config.activation),
      decoder_(parameters_, parameters_.layout().decoder, config.activation) {
  config_.constants.log_variance = parameters_.log_variance();
}

LikelihoodConstants Vae::host_constants() const {
  LikelihoodConstants constants = config_.constants;
  if (constants.log_variance) {
    float log_variance = 0.0f;
    context_->copy_to_host(&log_variance, constants.log_variance, sizeof log_variance);
    context_->synchronize();
    constants.variance = std::exp(log_variance);
    constants.log_variance = nullptr;
  }
  return constants;
}

void Vae::plan_batch(Arena& arena, Activations& a) const {
  const std::int64_t dims = config_.dims;
  a.input = arena.matrix<float>(a.rows, config_.input_width());
  const bool apart = a.corrupted || config_.one_hot();
  a.x = apart ? arena.matrix<float>(a.rows, dims) : a.input.columns(0, dims);
  if (config_.see_mask) {
    a.mask = a.input.columns(config_.values_width(), dims);
  } else if (config_.missing) {
    a.mask = arena.matrix<float>(a.rows, dims);
  }
  a.examples = arena.vector<std::int64_t>(a.rows);
}

Activations Vae::plan(Arena& arena, std::int64_t rows, std::int64_t samples, bool training,
                      bool corrupted) const {
  ELBO_CHECK(rows > 0 && samples > 0, ShapeError, "a batch needs at least one row and one sample");
  Activations a;
  a.rows = a.step_rows = rows;
  a.samples = config_.variational ? samples : 1;
  a.corrupted = corrupted;
  const std::int64_t drawn = rows * a.samples;
  plan_batch(arena, a);
  a.encoder = encoder_.plan(arena, rows, training);
  const LayerActivations& head = a.encoder.back();
  a.mean = head.y.columns(0, config_.latent);
  if (config_.variational) {
    a.log_variance = head.y.columns(config_.latent, config_.latent);
    a.z = arena.matrix<float>(drawn, config_.latent);
    if (training) a.dz = arena.matrix<float>(drawn, config_.latent);
  } else {
    a.z = head.y;
    a.dz = head.dy;
  }
  a.decoder = decoder_.plan(arena, drawn, training);
  a.nll = arena.vector<float>(drawn);
  a.nll_parts = {a.nll.data, drawn, 1};
  if (const std::int64_t parts = ops::nll_parts(*context_, config_.dims);
      training && parts > 1 && ops::linear_likelihood_takes(config_.likelihood)) {
    a.nll_parts = arena.matrix<float>(drawn, parts);
  }
  a.kl = arena.vector<float>(rows);
  a.log_ratio = arena.vector<float>(drawn);
  if (training) {
    a.weights = arena.vector<float>(drawn);
    a.negative_bound = arena.vector<float>(rows);
    a.free = arena.vector<float>(config_.latent);
    a.kl_scale = arena.vector<float>(1);
    a.kl_cost = arena.vector<float>(1);
    a.code_cost = arena.vector<float>(rows);
  }
  return a;
}

void Vae::encode(const Activations& a) const {
  if (config_.one_hot()) {
    ops::one_hot(*context_, a.input.columns(0, config_.values_width()), a.x, a.mask,
                 config_.constants.classes);
  }
  encoder_.forward(*context_, a.encoder, a.input);
}

void Vae::sample(const Activations& a, const NoiseSource& noise) const {
  if (!config_.variational) return;
  ops::reparameterize(*context_, a.z, a.kl, a.log_ratio, a.mean, a.log_variance, keyed_by_examples(noise, a));
}

void Vae::decode(const Activations& a) const {
  decoder_.forward(*context_, a.decoder, a.z);
}

void Vae::score(const Activations& a, const ops::RowWeight& weight, bool gradient) const {
  const LayerActivations& output = a.decoder.back();
  ops::likelihood(*context_, config_.likelihood, config_.constants, a.nll,
                  gradient ? output.dy : MatrixView<float>(), output.y, a.x, a.mask, weight);
}

void Vae::decode_with_gradient(const Activations& a) const {
  if (!config_.variational) throw ConfigError("the gradient in codes is for models with a prior over them");
  decode(a);
  score(a, {}, true);
  GradientUse none;
  none.parameters = false;
  decoder_.backward(*context_, a.decoder, none);
  ops::linear_backward_input(*context_, a.dz, a.decoder.front().dy, decoder_.layer(0).weight, {},
                             Activation::identity);
}

void Vae::forward(const Activations& a, const NoiseSource& noise) const {
  encode(a);
  sample(a, noise);
  decode(a);
  score(a, {}, false);
}

void Vae::forward_with_gradient(const Activations& a, const NoiseSource& noise,
                                const Objective& objective) const {
  ELBO_CHECK(parameters_.ready_to_train() && !a.decoder.back().dy.empty(), ShapeError,
             "training needs Parameters::prepare_training() and a training workspace");
  const auto rows = static_cast<float>(a.step_rows), samples = static_cast<float>(a.samples);
  encode(a);
  sample(a, noise);
  weigh_kl(a, objective);
  if (!objective.importance_weighted) {
    return decode_and_score(a, {.scale = 1.0f / (rows * samples), .per_row = {}});
  }
  // The weights need all costs. Gradients weighted once they are known take less time than a pass for the
  // costs and one for the gradients, each of which needs the likelihood's parameters.
  decode_and_score(a, {.scale = 1.0f / rows, .per_row = {}});
  ops::importance_weights(*context_, a.weights, a.negative_bound, a.nll_parts, a.log_ratio,
                          objective.kl_weight);
  if (a.samples > 1) ops::weight_rows(*context_, a.decoder.back().dy, a.weights);
}

void Vae::weigh_kl(const Activations& a, const Objective& objective) const {
  if (objective.free_nats > 0.0f) {
    ops::free_bits(*context_, a.free, a.kl_cost.data, a.mean, a.log_variance, objective.free_nats,
                   objective.kl_weight);
  } else if (objective.has_capacity) {
    ops::kl_capacity(*context_, a.kl_scale.data, a.kl_cost.data, a.kl, objective.kl_weight,
                     objective.capacity);
  } else if (objective.penalizes_code()) {
    ops::code_penalty(*context_, a.code_cost, {}, a.z, objective.code, 1.0f);
  }
}

void Vae::decode_and_score(const Activations& a, const ops::RowWeight& weight) const {
  if (!ops::linear_likelihood_takes(config_.likelihood)) {
    decode(a);
    return score(a, weight, true);
  }
  decoder_.forward_hidden(*context_, a.decoder, a.z);
  const LinearParameters last = decoder_.last_layer();
  const MatrixView<const float> below = a.decoder.size() > 1 ? a.decoder[a.decoder.size() - 2].y : a.z;
  ops::linear_likelihood(*context_, config_.likelihood, config_.constants, a.nll_parts, a.decoder.back().dy,
                         below, last.weight, last.bias, a.x, a.mask, weight);
}

void Vae::backward(const Activations& a, const NoiseSource& noise, const Objective& objective,
                   const GradientUse& use) const {
  ELBO_CHECK(!use.adam || !use.accumulate, ShapeError, "gradients that Adam uses at once cannot accumulate");
  decoder_.backward(*context_, a.decoder, use);
  backward_through_sample(a, noise, objective);
  decoder_.use_first_gradient(*context_, a.decoder, a.z, use, true);
  encoder_.backward(*context_, a.encoder, use);
  encoder_.use_first_gradient(*context_, a.encoder, a.input, use, false);  // nothing is left to run beside it
  for (Lane& lane : use.lanes) lane.join();
}

void Vae::forward_backward(const Activations& a, const NoiseSource& noise, const Objective& objective,
                           const GradientUse& use) const {
  forward_with_gradient(a, noise, objective);
  backward(a, noise, objective, use);
}

void Vae::backward_through_sample(const Activations& a, const NoiseSource& noise,
                                  const Objective& objective) const {
  const MatrixView<const float> dy = a.decoder.front().dy, w = decoder_.layer(0).weight;
  const auto rows = static_cast<float>(a.step_rows);
  if (!config_.variational) {
    ops::linear_backward_input(*context_, a.dz, dy, w, {}, Activation::identity);
    if (objective.penalizes_code()) ops::code_penalty(*context_, {}, a.dz, a.z, objective.code, rows);
    return;
  }
  const HeadGradient head(a.encoder.back().dy, config_.latent);
  ops::KlWeight kl;
  kl.scale = objective.has_capacity ? a.kl_scale.data : objective.kl_weight;
  if (objective.free_nats > 0.0f) kl.per_dimension = a.free;
  if (objective.importance_weighted) kl.per_sample = a.weights;
  const NoiseSource keyed = keyed_by_examples(noise, a);
  if (a.samples == 1 && !objective.importance_weighted) {
    return ops::linear_reparameterize_backward(*context_, head.mean, head.log_variance, a.dz, dy, w, a.mean,
                                               a.log_variance, kl, rows, keyed);
  }
  ops::linear_backward_input(*context_, a.dz, dy, w, {}, Activation::identity);
  ops::reparameterize_backward(*context_, head.mean, head.log_variance, a.dz, a.mean, a.log_variance, kl,
                               rows, keyed);
}

Workspace::Workspace(const Vae& vae, std::int64_t rows, std::int64_t samples, bool training, bool corrupted) {
  vae.plan(arena_, rows, samples, training, corrupted);
  arena_ = Arena(vae.context(), arena_.used());
  activations_ = vae.plan(arena_, rows, samples, training, corrupted);
  // An autoencoder never writes these two.
  Context& context = vae.context();
  context.fill_zero(activations_.kl.data, sizeof(float) * static_cast<std::size_t>(activations_.kl.size));
  context.fill_zero(activations_.log_ratio.data,
                    sizeof(float) * static_cast<std::size_t>(activations_.log_ratio.size));
}

}  // namespace elbo
