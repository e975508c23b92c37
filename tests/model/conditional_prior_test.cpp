// A prior of each label by the API: what is computed with it, before and after a training.

#include <gtest/gtest.h>

#include <cmath>

#include "base/normal_quantile.h"
#include "elbo/elbo.h"
#include "model/state.h"
#include "support/data.h"
#include "support/expect_says.h"
#include "support/gradient_check.h"
#include "support/recipe_variants.h"
#include "support/temp_folder.h"
#include "support/training.h"

namespace elbo::test {
namespace {

Recipe recipe_with_prior(const char* prior) {
  Recipe recipe = small_recipe();
  read_labels(recipe);
  recipe.model.prior = prior;
  return recipe;
}

Dataset labelled_patterns(std::int64_t count) {
  return RecipeVariant{"", [](Recipe& r) { read_labels(r); }}.data(count, 0);
}

/// Sets a tensor of the model, row by row.
void set_tensor(Model& model, const std::string& name, const std::vector<float>& values) {
  ModelState& state = state_of(model);
  for (const nn::TensorInfo& tensor : state.vae->parameters().layout().tensors) {
    if (tensor.name != name) continue;
    ASSERT_EQ(std::ssize(values), tensor.size()) << name;
    state.context->copy_to_device(state.vae->parameters().values().data + tensor.offset, values.data(),
                                  sizeof(float) * values.size());
    return state.context->synchronize();
  }
  FAIL() << "no tensor is called " << name;
}

constexpr std::size_t kLatent = 3, kLabels = 4;

double prior_mean(std::size_t label, std::size_t d) {
  return 1.5 * static_cast<double>(label) - static_cast<double>(d);
}
double prior_log_variance(std::size_t label, std::size_t d) {
  return 0.4 * static_cast<double>(d) - 0.3 * static_cast<double>(label);
}
double prior_deviation(std::size_t label, std::size_t d) {
  return std::exp(0.5 * prior_log_variance(label, d));
}

/// A model whose priors are those of prior_mean() and prior_log_variance().
Model with_set_prior(const Dataset& data) {
  Model model = make_model(recipe_with_prior("conditional"), data);
  std::vector<float> mean, log_variance;
  for (std::size_t d = 0; d < kLatent; ++d) {
    for (std::size_t y = 0; y < kLabels; ++y) {
      mean.push_back(static_cast<float>(prior_mean(y, d) - 0.25));
      log_variance.push_back(static_cast<float>(prior_log_variance(y, d) + 0.5));
    }
  }
  set_tensor(model, "prior.mean.weight", mean);
  set_tensor(model, "prior.mean.bias", std::vector<float>(kLatent, 0.25f));
  set_tensor(model, "prior.log_variance.weight", log_variance);
  set_tensor(model, "prior.log_variance.bias", std::vector<float>(kLatent, -0.5f));
  return model;
}

std::size_t label_of(const Examples& examples, std::int64_t i) {
  return static_cast<std::size_t>(examples.labels[static_cast<std::size_t>(i)]);
}

/// KL(N(m, s²) ‖ N(μ, τ²)) of an example under a label, by the textbook.
double kl_under(const Posterior& q, std::int64_t i, std::size_t label) {
  double kl = 0.0;
  for (std::size_t d = 0; d < kLatent; ++d) {
    const double log_variance = q.log_variance.row(i)[d], apart = q.mean.row(i)[d] - prior_mean(label, d);
    kl += 0.5 * (prior_log_variance(label, d) - log_variance +
                 (std::exp(log_variance) + apart * apart) / std::exp(prior_log_variance(label, d)) - 1.0);
  }
  return kl;
}

// Whatever a model computes, it computes the same: all other parameters are drawn alike.
TEST(ConditionalPrior, BeginsAsTheStandardNormal) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = labelled_patterns(24);
  const Model normal = make_model(recipe_with_prior("normal"), data),
              own = make_model(recipe_with_prior("conditional"), data);
  EXPECT_EQ(own.tensors().size(), normal.tensors().size() + 4);
  const Evaluation expected = normal.evaluate(data.train, 7, 3), actual = own.evaluate(data.train, 7, 3);
  EXPECT_EQ(actual.terms.reconstruction, expected.terms.reconstruction);
  EXPECT_EQ(actual.terms.kl, expected.terms.kl);
  EXPECT_EQ(actual.nll->examples, expected.nll->examples);
  EXPECT_EQ(own.label_costs(data.train, 3, 1).values, normal.label_costs(data.train, 3, 1).values);
  const AnnealingOptions annealing{.chains = 2, .steps = 8, .leapfrogs = 2, .seed = 5};
  const Examples few = data.train.slice(0, 5);
  EXPECT_EQ(own.annealed_nll(few, annealing).nll, normal.annealed_nll(few, annealing).nll);
  EXPECT_EQ(own.aggregate_posterior(data.train, 24, 2).divergence,
            normal.aggregate_posterior(data.train, 24, 2).divergence);
  const std::vector<std::int32_t> as(24, 2);
  EXPECT_EQ(own.sample(24, 4, as).values, normal.sample(24, 4, as).values);
  EXPECT_EQ(own.reconstruct(data.train, as).values, normal.reconstruct(data.train, as).values);
  EXPECT_EQ(own.posterior_codes(data.train, 4).values, normal.posterior_codes(data.train, 4).values);
}

TEST(ConditionalPrior, CodesAreDrawnFromThePriorOfTheirLabel) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = labelled_patterns(8);
  const Model model = with_set_prior(data);
  const std::vector<std::int32_t> labels = {3, 0, 1, 2, 2, 0};
  const Table noise = make_model(recipe_with_prior("normal"), data).prior_codes(6, 9, 0, labels);
  const Table codes = model.prior_codes(6, 9, 0, labels);
  for (std::int64_t i = 0; i < 6; ++i) {
    const auto y = static_cast<std::size_t>(labels[static_cast<std::size_t>(i)]);
    for (std::size_t d = 0; d < kLatent; ++d) {
      const double expected = prior_mean(y, d) + prior_deviation(y, d) * noise.row(i)[d];
      EXPECT_NEAR(codes.row(i)[d], expected, 2e-6 + 2e-6 * std::abs(expected));
    }
  }
  const Table rest = model.prior_codes(4, 9, 2, std::span(labels).subspan(2));
  for (std::int64_t i = 0; i < 4; ++i) EXPECT_EQ(rest.row(i)[1], codes.row(2 + i)[1]);
  EXPECT_EQ(model.sample(6, 9, labels).values, model.decode(codes, labels).values);
  EXPECT_THROW(model.prior_codes(2, 9), ShapeError);
  EXPECT_THROW(model.prior_codes(1, 9, 0, std::vector<std::int32_t>{4}), DataError);
}

TEST(ConditionalPrior, AGridIsAtTheQuantilesOfALabel) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = recipe_with_prior("conditional");
  recipe.model.latent = 2;
  Model model = make_model(recipe, labelled_patterns(8));
  set_tensor(model, "prior.mean.bias", {1.0f, -2.0f});
  set_tensor(model, "prior.log_variance.bias", {std::log(4.0f), 0.0f});
  const std::vector<std::int32_t> labels(9, 1);
  const Table grid = model.prior_grid(3, labels);
  const double tail = normal_quantile(5.0 / 6.0);
  EXPECT_NEAR(grid.row(0)[0], 1.0 - 2.0 * tail, 1e-5);
  EXPECT_NEAR(grid.row(0)[1], -2.0 + tail, 1e-5);
  EXPECT_NEAR(grid.row(4)[0], 1.0, 1e-6);
  EXPECT_THROW(model.prior_grid(3), ShapeError);
}

TEST(ConditionalPrior, CostsAreThoseOfTheLabelsPrior) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = labelled_patterns(24);
  const Model model = with_set_prior(data);
  const Posterior q = model.encode(data.train);
  double expected = 0.0;
  for (std::int64_t i = 0; i < 24; ++i) expected += kl_under(q, i, label_of(data.train, i)) / 24.0;
  const Evaluation evaluation = model.evaluate(data.train);
  EXPECT_NEAR(evaluation.terms.kl, expected, 1e-5 * expected);
  double parts = 0.0;
  for (const LatentUnit& unit : evaluation.units) parts += unit.kl.value();
  EXPECT_NEAR(parts, expected, 1e-5 * expected);

  const AggregatePosterior aggregate = model.aggregate_posterior(data.train, 24, 1);
  EXPECT_NEAR(aggregate.kl, expected, 1e-5 * expected);
  EXPECT_NEAR(aggregate.mutual_information + aggregate.divergence, aggregate.kl, 1e-9);

  const Table costs = model.label_costs(data.train, 0, 2);
  for (std::size_t y = 0; y < kLabels; ++y) {
    Examples as = data.train;
    as.labels.assign(24, static_cast<std::int32_t>(y));
    const Posterior under = model.encode(as);
    const Table values = model.value_costs(as, 1, 2);
    for (std::int64_t i = 0; i < 24; ++i) {
      double cost = kl_under(under, i, y);
      for (const float value : values.row(i)) cost += value;
      EXPECT_NEAR(costs.row(i)[y], cost, 2e-5 * std::abs(cost)) << "example " << i << " under label " << y;
    }
  }
}

TEST(ConditionalPrior, OtherLabelsMoveCodesToTheSamePlaceInTheirPrior) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = labelled_patterns(12);
  const Model model = with_set_prior(data);
  const Table means = model.encode(data.train).mean;
  const Table own = model.decode(means, data.train.labels), same = model.reconstruct(data.train);
  EXPECT_TRUE(near_all<float>(same.values, widen(own.values), {2e-5, 2e-5}));
  Table moved = means;
  const std::vector<std::int32_t> as(12, 3);
  for (std::int64_t i = 0; i < 12; ++i) {
    const std::size_t y = label_of(data.train, i);
    for (std::size_t d = 0; d < kLatent; ++d) {
      const double place = (means.row(i)[d] - prior_mean(y, d)) / prior_deviation(y, d);
      moved.values[static_cast<std::size_t>(i) * kLatent + d] =
          static_cast<float>(prior_mean(3, d) + prior_deviation(3, d) * place);
    }
  }
  const Table asked = model.reconstruct(data.train, as), expected = model.decode(moved, as);
  EXPECT_TRUE(near_all<float>(asked.values, widen(expected.values), {2e-5, 2e-5}));
  EXPECT_NE(asked.values, same.values);
}

/// Two values near 3 for label 0 and near −3 for label 1.
Dataset groups_apart(std::int64_t count) {
  Random random(4);
  std::vector<float> values;
  std::vector<std::int32_t> labels;
  for (std::int64_t i = 0; i < count; ++i) {
    labels.push_back(static_cast<std::int32_t>(i % 2));
    for (int j = 0; j < 2; ++j)
      values.push_back(static_cast<float>((i % 2 ? -3.0 : 3.0) + 2.0 * random.unit() - 1.0));
  }
  Dataset data = Dataset::from_floats(std::move(values), 2);
  data.train.labels = std::move(labels);
  return data;
}

/// The mean of the codes of a label: of posterior means, or of draws from its prior.
double mean_code(const Table& codes, const std::vector<std::int32_t>& labels, std::int32_t y, std::size_t d) {
  double sum = 0.0, count = 0.0;
  for (std::int64_t i = 0; i < codes.rows; ++i) {
    if (labels[static_cast<std::size_t>(i)] != y) continue;
    sum += codes.row(i)[d];
    ++count;
  }
  return sum / count;
}

TEST(ConditionalPrior, ATrainingMovesItToTheCodesOfEachLabel) {
  ELBO_REQUIRE_DEVICE();
  constexpr std::int64_t kCount = 128;
  const Dataset data = groups_apart(kCount);
  Recipe recipe = small_recipe();
  recipe.model.latent = 2;
  recipe.model.likelihood = "gaussian";
  recipe.model.variance = 0.05;
  recipe.model.condition = {"label"};
  recipe.model.prior = "conditional";
  recipe.train.epochs = 60;
  recipe = follow_data(recipe, data);
  Model model(recipe, 2, device());
  train(model, data);

  const Table means = model.encode(data.train).mean;
  const Table draws = model.prior_codes(kCount, 1, 0, data.train.labels);
  double apart = 0.0;
  for (std::size_t d = 0; d < 2; ++d) {
    for (const std::int32_t y : {0, 1}) {
      EXPECT_NEAR(mean_code(draws, data.train.labels, y, d), mean_code(means, data.train.labels, y, d), 0.35)
          << "label " << y << ", dimension " << d;
    }
    apart = std::max(apart, std::abs(mean_code(draws, data.train.labels, 0, d) -
                                     mean_code(draws, data.train.labels, 1, d)));
  }
  EXPECT_GT(apart, 1.0) << "the labels' codes are at different places";

  const Table samples = model.sample(kCount, 1, data.train.labels);
  for (std::int64_t i = 0; i < kCount; ++i) EXPECT_NEAR(samples.row(i)[0], i % 2 ? -3.0f : 3.0f, 2.0f) << i;
  Examples changed = data.train;
  for (std::int32_t& label : changed.labels) label = 1 - label;
  EXPECT_LT(model.evaluate(data.train, 20).nll->mean + 2.0, model.evaluate(changed, 20).nll->mean);

  // Importance sampling and annealing begin from the encoder and from the prior.
  const Examples few = data.train.slice(0, 16);
  const AnnealedEstimate annealed =
      model.annealed_nll(few, {.chains = 16, .steps = 120, .leapfrogs = 4, .seed = 1});
  EXPECT_NEAR(annealed.nll, model.evaluate(few, 500).nll->mean, 0.1);

  const TempFolder folder;
  model.save(folder / "m.safetensors");
  const Model again = Model::load(folder / "m.safetensors", device());
  EXPECT_EQ(again.recipe().model.prior, "conditional");
  EXPECT_EQ(again.prior_codes(kCount, 1, 0, data.train.labels).values, draws.values);
  EXPECT_EQ(again.evaluate(data.train).terms.kl, model.evaluate(data.train).terms.kl);
}

std::string refusal_of(const Recipe& recipe) {
  try {
    recipe.validate();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "nothing";
}

TEST(ConditionalPrior, SettingsThatDoNotGoTogetherAreRefused) {
  Recipe recipe = recipe_with_prior("conditional");
  EXPECT_EQ(refusal_of(recipe), "nothing");
  recipe.model.log_variance_bounds = {-6.0, 2.0};
  recipe.objective.free_bits = 0.1;
  EXPECT_EQ(refusal_of(recipe), "nothing");
  recipe.model.log_variance_bounds = {-6.0, 0.0};
  EXPECT_SAYS(refusal_of(recipe), "must lie on both sides of it");
  recipe.model.log_variance_bounds = {};
  recipe.model.condition = {};
  EXPECT_SAYS(refusal_of(recipe), "set model.condition = [\"label\"] as well");
  recipe = recipe_with_prior("conditional");
  recipe.model.kind = "m2";
  recipe.objective.classifier_weight = 0.1;
  EXPECT_SAYS(refusal_of(recipe), "model.prior");
  recipe.model.kind = "autoencoder";
  EXPECT_SAYS(refusal_of(recipe), "model.prior");
  recipe = recipe_with_prior("normal");
  const std::vector<std::string> settings = {"model.prior_layers=[4]"};
  EXPECT_THROW(recipe.check_counts(settings), ConfigError);
}

}  // namespace
}  // namespace elbo::test
