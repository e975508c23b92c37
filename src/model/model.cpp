// elbo::Model: the public face of a model. Reading and writing files is in model_file.cpp.

#include "elbo/model.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "data/check.h"
#include "data/resident.h"
#include "evaluation/aggregate_posterior.h"
#include "evaluation/annealing.h"
#include "evaluation/evaluate.h"
#include "evaluation/example_costs.h"
#include "evaluation/importance.h"
#include "evaluation/scores.h"
#include "model/host_tables.h"
#include "model/label_probabilities.h"
#include "model/state.h"
#include "model/stored_batches.h"
#include "model/table_batches.h"
#include "base/check.h"

namespace elbo {
namespace {

/// `relative`: whether to the prior, in whose coordinates it is N(0, I) if it is conditional.
Posterior encode_examples(const ModelState& state, const Examples& x, bool relative = false) {
  const Vae& vae = *state.vae;
  Context& context = *state.context;
  const std::int64_t latent = vae.config().latent;
  Posterior posterior;
  posterior.mean = make_table(x.count, latent);
  if (vae.prior()) posterior.log_variance = make_table(x.count, latent);
  if (x.count == 0) return posterior;
  const StoredBatches batches(state, x, 0);
  for_each_chunk(vae, x.count, [&](const Batch& batch, std::int64_t first) {
    batches.fill(batch, first);
    vae.encode(batch);
    rows_to_host(context, posterior.mean, first, relative ? batch.relative_mean() : batch.mean());
    if (!vae.prior()) return;
    rows_to_host(context, posterior.log_variance, first,
                 relative ? batch.relative_log_variance() : batch.log_variance());
  });
  return posterior;
}

Table draw_codes(const ModelState& state, const Examples& x, std::uint64_t seed, std::int64_t first_row) {
  const Vae& vae = *state.vae;
  Table codes = make_table(x.count, vae.config().latent);
  if (x.count == 0) return codes;
  const StoredBatches batches(state, x, seed);
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(x.count));
  std::iota(numbers.begin(), numbers.end(), first_row);
  for_each_chunk(vae, x.count, [&](const Batch& batch, std::int64_t first) {
    batches.fill(batch, first);
    state.context->copy_to_device(batch.examples().data, numbers.data() + first,
                                  static_cast<std::size_t>(batch.rows()) * sizeof(std::int64_t));
    vae.prepare(batch);
    vae.encode(batch);
    vae.sample(batch, {.seed = seed});
    rows_to_host(*state.context, codes, first, batch.z());
  });
  return codes;
}

/// Costs of the examples whatever their labels.
ExampleScores scores_over_labels(const ModelState& state, const StoredBatches& batches, const Examples& x,
                                 std::int64_t nll_samples, std::uint64_t seed) {
  const Vae& vae = *state.vae;
  const Workspace bound(vae, bound_rows(vae, x.count), 1, Purpose::bound);
  ExampleScores scores;
  scores.squared_error = example_squared_errors(vae, batches.data());
  evaluate_elbo(vae, batches.data(), seed, bound, &scores.negative_elbo);
  for (double& elbo : scores.negative_elbo) elbo = -elbo;
  if (nll_samples > 0) scores.nll = nll_over_labels(state, x, nll_samples, seed).examples;
  return scores;
}

/// Adds the costs in bits per dimension, if x holds grey levels.
void add_bits(Evaluation& result, const Examples& x) {
  double values = 0.0;
  for (const double share : data::presence(x)) values += share;
  result.bits_per_dimension = -result.terms.elbo / (values * std::numbers::ln2);
  if (result.nll) result.nll_bits_per_dimension = result.nll->mean / (values * std::numbers::ln2);
}

Evaluation evaluate_examples(const ModelState& state, const Examples& x, std::int64_t nll_samples,
                             std::uint64_t seed) {
  data::check_presence(x, "the evaluated examples");
  const Vae& vae = *state.vae;
  const StoredBatches batches(state, x, seed);
  Evaluation result = evaluate_all(vae, batches.data(), seed);
  const Likelihood& likelihood = vae.likelihood();
  if (const auto variance = likelihood.learned_variance(vae.run())) result.variance = *variance;
  if (nll_samples > 0) {
    result.nll = vae.parts().condition.inferred()
                     ? nll_over_labels(state, x, nll_samples, seed)
                     : importance_weighted_nll(vae, batches.data(), nll_samples, seed);
  }
  if (vae.prior() && likelihood.measure() == Measure::levels) add_bits(result, x);
  return result;
}

}  // namespace

ModelState::ModelState(const Recipe& made_by, std::int64_t dims, Device device, PictureShape shape)
    : recipe(made_by), picture(shape) {
  recipe.validate();
  if (picture.is_picture() && picture.height * picture.width * picture.channels != dims) {
    throw ShapeError(concat("a picture of ", picture.height, " × ", picture.width, " × ", picture.channels,
                            " does not have ", dims, " values"));
  }
  const ModelConfig config = resolve(recipe, dims, picture);
  if (!recipe.train.precision) recipe.train.precision = default_training_precision(device);
  context = std::make_unique<Context>(device);
  vae = std::make_unique<Vae>(*context, config, recipe.train.seed);
}

float ModelState::in_own_scale(double value, std::int64_t j) const {
  if (standard_mean.empty()) return static_cast<float>(value);
  const auto at = static_cast<std::size_t>(j);
  return static_cast<float>(value * standard_deviation[at] + standard_mean[at]);
}

void ModelState::to_own_scale(std::span<float> rows) const {
  if (standard_mean.empty()) return;
  const std::int64_t dims = vae->config().dims;
  for (auto row = rows.begin(); row != rows.end(); row += dims) {
    for (std::int64_t j = 0; j < dims; ++j) row[j] = in_own_scale(row[j], j);
  }
}

void ModelState::set_gemm_choices(std::unique_ptr<ops::GemmChoices> choices) {
  context->set_kernel_choices(choices.get());
  gemm_choices = std::move(choices);
}

Model::Model(std::unique_ptr<ModelState> state) : state_(std::move(state)) {}
Model::Model(const Recipe& recipe, std::int64_t dims, Device device, PictureShape picture)
    : Model(with_memory_errors([&] { return std::make_unique<ModelState>(recipe, dims, device, picture); })) {
}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

const Recipe& Model::recipe() const {
  return state_->recipe;
}
Device Model::device() const {
  return state_->context->device();
}
std::int64_t Model::dims() const {
  return state_->vae->config().dims;
}
std::int64_t Model::latent() const {
  return state_->vae->config().latent;
}
PictureShape Model::picture() const {
  return state_->picture;
}
const Schema& Model::schema() const {
  return state_->schema;
}
std::int64_t Model::parameter_count() const {
  return state_->vae->parameters().layout().count;
}

Precision Model::precision() const {
  return state_->context->precision();
}
void Model::set_precision(Precision precision) {
  state_->context->set_precision(precision);
}

std::vector<TensorInfo> Model::tensors() const {
  std::vector<TensorInfo> list;
  for (const nn::TensorInfo& tensor : state_->vae->parameters().layout().tensors)
    list.push_back({tensor.name, tensor.shape});
  return list;
}

ModelTraits Model::traits() const {
  return traits_of(recipe());
}

std::vector<bool> Model::class_columns() const {
  return exclusively(*state_, [&] {
    const auto formulas = state_->vae->likelihood().on_host(state_->vae->run());
    std::vector<bool> classes;
    for (std::int64_t j = 0; j < dims(); ++j) classes.push_back(formulas->classes(j) > 0);
    return classes;
  });
}

Posterior Model::encode(const Examples& x) const {
  return exclusively(*state_, [&] { return encode_examples(*state_, x); });
}

Posterior Model::encode(const Table& x) const {
  check_table(x);
  return encode(with_memory_errors([&] { return to_examples(x); }));
}

Table Model::posterior_codes(const Examples& x, std::uint64_t seed, std::int64_t first_row) const {
  ELBO_CHECK(first_row >= 0, ShapeError, "rows were numbered from ", first_row);
  if (!has_prior())
    throw ConfigError("an autoencoder has no posterior to draw codes from; encode() gives its codes");
  return exclusively(*state_, [&] { return draw_codes(*state_, x, seed, first_row); });
}

bool Model::has_prior() const {
  return state_->vae->prior() != nullptr;
}

Evaluation Model::evaluate(const Examples& examples, std::int64_t nll_samples, std::uint64_t seed) const {
  ELBO_CHECK(nll_samples >= 0, ConfigError, nll_samples, " samples were asked for");
  if (nll_samples > 0) require_density(*state_->vae);
  return exclusively(*state_, [&] { return evaluate_examples(*state_, examples, nll_samples, seed); });
}

ExampleScores Model::scores(const Examples& examples, std::int64_t nll_samples, std::uint64_t seed) const {
  ELBO_CHECK(nll_samples >= 0, ConfigError, nll_samples, " samples were asked for");
  return exclusively(*state_, [&] {
    const StoredBatches batches(*state_, examples, seed);
    return state_->vae->parts().condition.inferred()
               ? scores_over_labels(*state_, batches, examples, nll_samples, seed)
               : example_scores(*state_->vae, batches.data(), nll_samples, seed);
  });
}

Table Model::value_costs(const Examples& examples, std::int64_t samples, std::uint64_t seed) const {
  ELBO_CHECK(samples >= 1, ConfigError, samples, " samples were asked for");
  return exclusively(*state_, [&] {
    const StoredBatches batches(*state_, examples, seed);
    return example_value_costs(*state_->vae, batches.data(), samples, seed);
  });
}

Table Model::label_probabilities(const Examples& examples, std::uint64_t seed) const {
  if (!state_->vae->parts().condition.inferred())
    throw ConfigError("a model that infers labels is needed (model.kind = \"m2\"), and this one does not");
  return exclusively(*state_, [&] {
    if (examples.count == 0) return make_table(0, state_->vae->config().condition_classes);
    const StoredBatches batches(*state_, examples, seed, 0);  // q(y|x) does not depend on a label
    return elbo::label_probabilities(*state_->vae, batches);
  });
}

Table Model::label_costs(const Examples& examples, std::int64_t samples, std::uint64_t seed) const {
  ELBO_CHECK(samples >= 0, ConfigError, samples, " samples were asked for");
  require_density(*state_->vae);
  const std::int32_t labels = state_->vae->config().condition_classes;
  if (labels == 0 && !recipe().model.condition.empty())
    throw ConfigError("costs of labels are of a model conditioned on the label alone (model.condition)");
  if (labels == 0)
    throw ConfigError("costs of labels are a conditional model's, and this one reads none (model.condition)");
  return exclusively(*state_, [&] {
    Table costs = make_table(examples.count, labels);
    for (std::int32_t y = 0; y < labels; ++y) {
      const StoredBatches batches(*state_, examples, seed, y);
      for_each_importance_estimate(
          *state_->vae, batches.data(), std::max<std::int64_t>(samples, 1), seed,
          [&](std::int64_t i, const ImportanceEstimate& estimate) {
            const double cost = samples > 0 ? estimate.nll : estimate.reconstruction + estimate.kl;
            costs.values[static_cast<std::size_t>(i * labels + y)] = static_cast<float>(cost);
          });
    }
    return costs;
  });
}

AnnealedEstimate Model::annealed_nll(const Examples& examples, const AnnealingOptions& options) const {
  if (state_->vae->parts().condition.inferred()) {
    throw ConfigError(
        "annealed importance sampling gives log p(x|y) of a known label; for a model that infers labels, "
        "evaluate() gives log p(x) from importance-weighted samples");
  }
  return exclusively(*state_, [&] {
    const StoredBatches batches(*state_, examples, options.seed);
    return elbo::annealed_nll(*state_->vae, batches.data(), options);
  });
}

AggregatePosterior Model::aggregate_posterior(const Examples& examples, std::int64_t max_count,
                                              std::uint64_t seed) const {
  ELBO_CHECK(max_count > 0, ConfigError, "an aggregate posterior of ", max_count, " examples was asked for");
  const Prior* prior = state_->vae->prior();
  if (!prior) throw ConfigError("an autoencoder has no posterior and no prior to compare it with");
  return exclusively(*state_, [&] {
    return divide_kl(encode_examples(*state_, examples.evenly_spaced(max_count), true), *prior,
                     *prior_on_host(*state_->vae), seed);
  });
}

}  // namespace elbo
