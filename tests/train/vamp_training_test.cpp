// A VampPrior from data to codes: its initial pseudo-inputs, and that training moves them.

#include <gtest/gtest.h>

#include <cmath>

#include "elbo/error.h"
#include "elbo/model.h"
#include "model/model_file.h"
#include "model/state.h"
#include "support/reference_vae.h"
#include "support/temp_folder.h"
#include "support/training.h"
#include "vae/workspace.h"

namespace elbo::test {
namespace {

constexpr std::int64_t kDims = 12, kComponents = 40;

Recipe vamp_recipe(std::int64_t epochs) {
  Recipe recipe = small_recipe();
  recipe.model.prior = "vamp";
  recipe.model.components = kComponents;
  recipe.train.epochs = epochs;
  return recipe;
}

std::vector<double> pseudo_inputs(Model& model) {
  nn::Parameters& parameters = state_of(model).vae->parameters();
  return to_named(parameters.layout(), to_host(*state_of(model).context, parameters.values()))
      .at("prior.pseudo_inputs");
}

TEST(VampTraining, PseudoInputsBeginAroundTheMeanOfTheData) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(64, 0, kDims);
  Model model = make_model(vamp_recipe(0), data);
  train(model, data, {});
  const auto inputs = pseudo_inputs(model);
  const Table x = to_table(data.train, 0, data.train.count);
  double squares = 0.0;
  for (std::size_t j = 0; j < kDims; ++j) {
    double expected = 0.0, mean = 0.0;
    for (std::int64_t i = 0; i < x.rows; ++i) expected += x.row(i)[j] / static_cast<double>(x.rows);
    for (std::size_t c = 0; c < kComponents; ++c) {
      mean += inputs[c * kDims + j] / double{kComponents};
      squares += std::pow(inputs[c * kDims + j] - expected, 2) / double{kComponents * kDims};
    }
    EXPECT_NEAR(mean, expected, 5.0 * 0.05 / std::sqrt(double{kComponents}));
  }
  EXPECT_NEAR(std::sqrt(squares), 0.05, 0.01);
}

TEST(VampTraining, MovesPseudoInputsAndLowersTheCost) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(64, 32, kDims);
  Model fresh = make_model(vamp_recipe(0), data), model = make_model(vamp_recipe(20), data);
  train(fresh, data, {});
  const TrainReport report = train(model, data, {});
  EXPECT_LT(-report.epochs.back().validation->elbo, -report.epochs.front().validation->elbo);
  const auto before = pseudo_inputs(fresh), after = pseudo_inputs(model);
  double moved = 0.0;
  for (std::size_t i = 0; i < before.size(); ++i) moved += std::abs(after[i] - before[i]);
  EXPECT_GT(moved / static_cast<double>(before.size()), 0.01);
}

// Codes, costs and samples depend on the file's contents alone.
TEST(VampTraining, AModelReadBackIsTheSame) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const Dataset data = patterned_data(64, 0, kDims);
  Model model = make_model(vamp_recipe(2), data);
  train(model, data, {});
  model.save(folder / "model.safetensors");
  Model again = Model::load(folder / "model.safetensors", device());
  EXPECT_EQ(again.prior_codes(20, 3).values, model.prior_codes(20, 3).values);
  EXPECT_EQ(again.sample(4, 3).values, model.sample(4, 3).values);
  const Evaluation a = again.evaluate(data.train, 10, 3), b = model.evaluate(data.train, 10, 3);
  EXPECT_EQ(a.terms.elbo, b.terms.elbo);
  EXPECT_EQ(a.nll->mean, b.nll->mean);
  const AggregatePosterior parts = model.aggregate_posterior(data.train, 64, 3);
  EXPECT_NEAR(parts.mutual_information + parts.divergence, parts.kl, 1e-9);
}

// Compares with log p(z) from the pseudo-inputs' posteriors, each computed by the model's own encoder.
TEST(VampTraining, ItsDensityIsThatOfThePseudoInputsPosteriors) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(64, 0, kDims);
  Model model = make_model(vamp_recipe(3), data);
  train(model, data, {});
  Table inputs{kComponents, kDims, {}};
  for (const double value : pseudo_inputs(model))
    inputs.values.push_back(static_cast<float>(std::clamp(value, 0.0, 1.0)));
  const Posterior posterior = model.encode(inputs);
  const std::size_t latent = static_cast<std::size_t>(model.latent());
  ReferenceMixture mixture{latent, widen(posterior.mean.values), widen(posterior.log_variance.values),
                           std::vector<double>(kComponents, 0.0)};
  const auto prior = prior_on_host(*state_of(model).vae);
  const Table codes = prior->codes(10, 4, 0);
  for (std::int64_t i = 0; i < codes.rows; ++i) {
    const auto z = widen(codes.row(i));
    EXPECT_NEAR(prior->log_density(codes.row(i)), mixture.log_density(z.data()), 1e-4);
  }
}

TEST(VampTraining, SettingsThatCannotBeAreRefusedByName) {
  Recipe recipe = vamp_recipe(1);
  recipe.model.log_variance_bounds = {2.0, -6.0};
  EXPECT_THROW(recipe.validate(), ConfigError);
  recipe.model.log_variance_bounds = {-6.0};
  EXPECT_THROW(recipe.validate(), ConfigError);
  recipe.model.log_variance_bounds = {-6.0, 2.0};
  EXPECT_NO_THROW(recipe.validate());
  recipe.model.kind = "autoencoder";
  EXPECT_THROW(recipe.validate(), ConfigError);
  const std::vector<std::string> settings = {"model.components=3"};
  EXPECT_THROW(small_recipe().check_counts(settings), ConfigError);
}

}  // namespace
}  // namespace elbo::test
