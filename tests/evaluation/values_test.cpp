// Single values of the data: the cost of each, and draws from p(x|z).

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "elbo/error.h"
#include "math/likelihoods/list.h"
#include "model/state.h"
#include "support/cli.h"
#include "support/recipe_variants.h"
#include "support/training.h"

namespace elbo::test {
namespace {

double total(const std::vector<double>& parts) {
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

void expect_values_add_up(const Evaluation& e, std::int64_t dims) {
  ASSERT_EQ(std::ssize(e.reconstruction_per_value), dims);
  const double values = total(e.reconstruction_per_value);
  EXPECT_NEAR(values, e.terms.reconstruction, 1e-5 * std::max(1.0, std::abs(values)));
}

/// Checks the KL's parts too, if it has any.
void expect_parts_add_up(const Evaluation& e, std::int64_t dims) {
  expect_values_add_up(e, dims);
  double kl = 0.0;
  for (const LatentUnit& unit : e.units) kl += unit.kl.value_or(0.0);
  EXPECT_NEAR(kl, e.terms.kl, 1e-5 * std::max(1.0, kl));
}

class ValuesOfVariants : public testing::TestWithParam<RecipeVariant> {};

TEST_P(ValuesOfVariants, CostWhatTheExampleDoes) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = GetParam().data(30, 0);
  Model model = make_model(GetParam().recipe(), data);
  train(model, data);
  const Prior* prior = state_of(model).vae->prior();
  const bool has_parts = !prior || prior->has_unit_kl();
  (has_parts ? expect_parts_add_up : expect_values_add_up)(model.evaluate(data.train), data.dims());
}

/// All but those that infer labels: their values cost what they do under the likeliest label, the examples
/// what they do whatever their label.
std::vector<RecipeVariant> variants_with_one_label() {
  auto variants = recipe_variants();
  std::erase_if(variants, [](const RecipeVariant& v) { return v.recipe().model.kind == "m2"; });
  return variants;
}

INSTANTIATE_TEST_SUITE_P(Recipes, ValuesOfVariants, testing::ValuesIn(variants_with_one_label()),
                         VariantName());

/// A small, briefly trained model with a likelihood, and its data.
struct Trained {
  Dataset data;
  Model model;
};

Trained trained(LikelihoodKind kind, const std::string& model_kind = "vae") {
  Recipe recipe = small_recipe();
  recipe.model.kind = model_kind;
  recipe.model.likelihood = likelihood_name(kind);
  const bool as_bytes = kind != LikelihoodKind::categorical && likelihood_support(kind) != Support::counts;
  Dataset data = patterned_data(40, 0, 12, as_bytes);
  if (kind == LikelihoodKind::categorical) {
    recipe.model.classes = 3;
    for (float& value : data.train.floats) value = std::min(std::floor(3.0f * value), 2.0f);
  }
  if (likelihood_support(kind) == Support::counts) {
    for (float& value : data.train.floats) value = std::floor(9.0f * value);
  }
  Model model = make_model(recipe, data);
  train(model, data);
  return {std::move(data), std::move(model)};
}

class ValuesOfLikelihoods : public testing::TestWithParam<LikelihoodInfo> {};

TEST_P(ValuesOfLikelihoods, CostWhatTheExampleDoes) {
  ELBO_REQUIRE_DEVICE();
  auto [data, model] = trained(GetParam().kind);
  expect_parts_add_up(model.evaluate(data.train), data.dims());
}

/// KL(N(m, e^v) ‖ N(0, I)) of a row.
double kl_of(const Posterior& q, std::int64_t row) {
  double kl = 0.0;
  for (std::size_t d = 0; d < static_cast<std::size_t>(q.mean.cols); ++d) {
    const double mean = q.mean.row(row)[d], log_variance = q.log_variance.row(row)[d];
    kl += 0.5 * (mean * mean + std::exp(log_variance) - 1.0 - log_variance);
  }
  return kl;
}

/// Expects each row's costs and its KL to be its −ELBO.
void expect_rows_add_up(const Model& model, const Examples& examples, std::int64_t samples) {
  const Table costs = model.value_costs(examples, samples, 3);
  const ExampleScores scores = model.scores(examples, samples, 3);
  const Posterior q = model.encode(examples);
  ASSERT_EQ(costs.rows, examples.count);
  ASSERT_EQ(costs.cols, examples.dims);
  for (std::int64_t i = 0; i < examples.count; ++i) {
    double sum = kl_of(q, i);
    for (std::int64_t j = 0; j < costs.cols; ++j) {
      const float cost = costs.row(i)[static_cast<std::size_t>(j)];
      EXPECT_EQ(std::isnan(cost), std::isnan(examples.value(i, j))) << i << ' ' << j;
      if (!std::isnan(cost)) sum += cost;
    }
    const double expected = scores.negative_elbo[static_cast<std::size_t>(i)];
    EXPECT_NEAR(sum, expected, 1e-4 * std::max(1.0, std::abs(expected))) << i;
  }
}

// 70 samples are more than a chunk.
TEST_P(ValuesOfLikelihoods, CostInEachRowWhatItsBoundDoes) {
  ELBO_REQUIRE_DEVICE();
  auto [data, model] = trained(GetParam().kind);
  expect_rows_add_up(model, data.train, 70);
  EXPECT_EQ(model.value_costs(data.train, 3, 1).values, model.value_costs(data.train, 3, 1).values);
  EXPECT_NE(model.value_costs(data.train, 3, 1).values, model.value_costs(data.train, 3, 2).values);
  EXPECT_THROW(model.value_costs(data.train, 0), ConfigError);
  EXPECT_THROW(model.value_costs(Examples(), 1), DataError);
}

/// Whether a value is a possible draw of the likelihood.
bool possible(Measure measure, Support support, float value) {
  switch (measure) {
    case Measure::outcomes:
      return value == 0.0f || value == 1.0f;
    case Measure::levels:
      return value >= 0.0f && value <= 1.0f && std::abs(255.0f * value - std::round(255.0f * value)) < 1e-4f;
    case Measure::classes:
      return value == 0.0f || value == 1.0f || value == 2.0f;
    case Measure::counts:
      return value >= 0.0f && value == std::floor(value) && value < 1e4f;
    case Measure::columns:
      break;  // no formula's
    case Measure::density:
      return std::isfinite(value) && (support != Support::unit_interval || (value >= 0.0f && value <= 1.0f));
  }
  return false;
}

TEST_P(ValuesOfLikelihoods, AreDrawnAboutTheirMean) {
  ELBO_REQUIRE_DEVICE();
  constexpr std::int64_t kDraws = 4000;
  auto [data, model] = trained(GetParam().kind);
  Table z{kDraws, model.latent(), {}};
  for (std::int64_t i = 0; i < kDraws * model.latent(); ++i)
    z.values.push_back(i % model.latent() == 0 ? 0.7f : -0.4f);
  const Table draws = model.draw(z, 5);
  for (const float value : draws.values)
    ASSERT_TRUE(possible(GetParam().measure, GetParam().support, value)) << value;
  if (GetParam().kind == LikelihoodKind::categorical) return;  // it has no mean
  const Table mean = model.decode({1, z.cols, {z.values.begin(), z.values.begin() + z.cols}});
  for (std::int64_t j = 0; j < draws.cols; ++j) {
    double sum = 0.0, squares = 0.0;
    for (std::int64_t i = 0; i < kDraws; ++i) {
      const double value = draws.row(i)[static_cast<std::size_t>(j)];
      sum += value, squares += value * value;
    }
    const double drawn = sum / kDraws, variance = squares / kDraws - drawn * drawn;
    // Allows 5 standard errors, and the levels' rounding of an expectation.
    EXPECT_NEAR(drawn, mean.values[static_cast<std::size_t>(j)], 5.0 * std::sqrt(variance / kDraws) + 1e-3)
        << j;
    if (GetParam().kind == LikelihoodKind::gaussian) {
      EXPECT_NEAR(variance, 1.0, 0.12) << j;
    }
  }
}

TEST_P(ValuesOfLikelihoods, AreDrawnTheSameInChunks) {
  ELBO_REQUIRE_DEVICE();
  auto [data, model] = trained(GetParam().kind);
  const Table z = model.encode(to_table(data.train, 0, 40)).mean;
  const Table all = model.draw(z, 9);
  EXPECT_EQ(model.draw(z, 9).values, all.values);
  EXPECT_NE(model.draw(z, 10).values, all.values);
  const Table some = model.draw({25, z.cols, {z.values.begin() + 15 * z.cols, z.values.end()}}, 9, 15);
  EXPECT_EQ(some.values, std::vector(all.values.begin() + 15 * all.cols, all.values.end()));
  EXPECT_EQ(model.draw({0, z.cols, {}}, 9).rows, 0);
  EXPECT_THROW(model.draw({1, z.cols + 1, std::vector<float>(static_cast<std::size_t>(z.cols) + 1)}, 9),
               ShapeError);
  EXPECT_THROW(model.draw(z, 9, -1), ShapeError);
}

struct LikelihoodName {
  std::string operator()(const testing::TestParamInfo<LikelihoodInfo>& info) const {
    std::string name(info.param.name);
    std::ranges::replace(name, '-', '_');
    return name;
  }
};

INSTANTIATE_TEST_SUITE_P(Likelihoods, ValuesOfLikelihoods, testing::ValuesIn(kLikelihoods), LikelihoodName());

/// Gives every tensor of the model but `name` zeros.
void set_only(Model& model, const std::string& name, const std::vector<float>& values) {
  const nn::Parameters& parameters = state_of(model).vae->parameters();
  std::vector<float> arena(static_cast<std::size_t>(parameters.layout().size), 0.0f);
  for (const nn::TensorInfo& tensor : parameters.layout().tensors) {
    if (tensor.name == name)
      std::ranges::copy(values, arena.begin() + static_cast<std::ptrdiff_t>(tensor.offset));
  }
  state_of(model).context->copy_to_device(state_of(model).vae->parameters().values().data, arena.data(),
                                          arena.size() * sizeof(float));
}

TEST(Values, OfClassesAreDrawnWithTheirProbabilities) {
  ELBO_REQUIRE_DEVICE();
  auto [data, model] = trained(LikelihoodKind::categorical);
  const double shares[] = {0.2, 0.5, 0.3};
  std::vector<float> logits;
  for (const double share : shares) logits.insert(logits.end(), 12, static_cast<float>(std::log(share)));
  set_only(model, "decoder.output.bias", logits);
  const Table draws = model.draw(
      {1000, model.latent(), std::vector<float>(static_cast<std::size_t>(1000 * model.latent()))}, 3);
  for (int c = 0; c < 3; ++c) {
    const auto drawn = std::ranges::count(draws.values, static_cast<float>(c));
    EXPECT_NEAR(static_cast<double>(drawn) / 12000.0, shares[c],
                5.0 * std::sqrt(shares[c] * (1.0 - shares[c]) / 12000.0))
        << c;
  }
}

TEST_P(ValuesOfLikelihoods, OfADecoderThatOverflowsAreNotNumbers) {
  ELBO_REQUIRE_DEVICE();
  auto [data, model] = trained(GetParam().kind);
  const Table nowhere{
      1, model.latent(),
      std::vector<float>(static_cast<std::size_t>(model.latent()), std::numeric_limits<float>::quiet_NaN())};
  for (const float value : model.draw(nowhere, 1).values) EXPECT_TRUE(std::isnan(value)) << value;
}

TEST(Values, CostWhatTheExampleDoesWhereSomeAreMissingOfStandardizedData) {
  ELBO_REQUIRE_DEVICE();
  const RecipeVariant variant{"standardized with gaps",
                              [](Recipe& r) {
                                r.model.likelihood = "gaussian-learned";
                                r.data.standardize = true;
                                r.data.missing = MissingValues::mask;
                              },
                              false};
  const Dataset data = variant.data(30, 0);
  Model model = make_model(variant.recipe(), data);
  train(model, data);
  expect_parts_add_up(model.evaluate(data.train), data.dims());
  expect_rows_add_up(model, data.train, 5);
}

TEST(Values, OfAnAutoencoderCostWhatTheReconstructionDoes) {
  ELBO_REQUIRE_DEVICE();
  auto [data, model] = trained(LikelihoodKind::bernoulli, "autoencoder");
  const Table costs = model.value_costs(data.train, 5);
  const std::vector<double> whole = model.evaluate(data.train).reconstruction_per_value;
  for (std::int64_t j = 0; j < costs.cols; ++j) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < costs.rows; ++i) sum += costs.row(i)[static_cast<std::size_t>(j)];
    EXPECT_NEAR(sum / 40.0, whole[static_cast<std::size_t>(j)], 1e-5) << j;
  }
}

TEST(Values, CostWhatTheExampleDoesInManyColumnsAndBatches) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.model.likelihood = "gaussian";
  recipe.data.missing = MissingValues::mask;
  Dataset data = patterned_data(700, 0, 150, false);  // an evaluation's batch on the CPU has 512 rows
  for (std::size_t i = 0; i < data.train.floats.size(); i += 7)
    data.train.floats[i] = std::numeric_limits<float>::quiet_NaN();
  Model model = make_model(recipe, data);
  expect_parts_add_up(model.evaluate(data.train), 150);
}

TEST(Values, OfStandardizedDataAreDrawnInItsOwnScale) {
  ELBO_REQUIRE_DEVICE();
  auto [data, model] = trained(LikelihoodKind::gaussian);
  const Table z{2, model.latent(), std::vector<float>(static_cast<std::size_t>(2 * model.latent()), 0.5f)};
  const Table before = model.draw(z, 4);
  state_of(model).standard_mean.assign(12, 100.0f);
  state_of(model).standard_deviation.assign(12, 3.0f);
  const Table after = model.draw(z, 4);
  for (std::size_t i = 0; i < before.values.size(); ++i)
    EXPECT_FLOAT_EQ(after.values[i], 100.0f + 3.0f * before.values[i]);
}

TEST(Values, AnAutoencoderHasNothingToDrawThemFrom) {
  ELBO_REQUIRE_DEVICE();
  auto [data, model] = trained(LikelihoodKind::bernoulli, "autoencoder");
  EXPECT_THROW(
      model.draw({1, model.latent(), std::vector<float>(static_cast<std::size_t>(model.latent()))}, 1),
      ConfigError);
}

TEST(CliSample, DrawsWhatTheDataCouldBe) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const std::string run = folder / "run", data = write_pictures(folder / "data", 40, 10),
                    dev = device().name();
  ASSERT_EQ(run_elbo(small_training({"--data", data, "--out", run, "--epochs", "1", "--batch", "20", "--set",
                                     "model.latent=2", "--quiet"}))
                .code,
            0);
  const auto sample = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"sample", run, "--device", dev});
    return run_elbo(more);
  };
  const std::string file = folder / "draws.csv";
  const auto result = sample({"--draw", "-n", "4100", "--seed", "8", "--out", file});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.out, "x from p(x|z)");
  const Table drawn = to_table(load_dataset(file).train, 0, 4100);
  for (const float value : drawn.values) ASSERT_TRUE(value == 0.0f || value == 1.0f) << value;
  Model model = Model::load(run, device());
  const Table means = model.sample(4100, 8);
  double difference = 0.0;
  for (std::size_t i = 0; i < drawn.values.size(); ++i) difference += drawn.values[i] - means.values[i];
  EXPECT_NEAR(difference / static_cast<double>(drawn.values.size()), 0.0, 0.01);
  EXPECT_EQ(drawn.values, model.draw(model.prior_codes(4100, 8), 8).values);
  EXPECT_EQ(sample({"--draw", "--out", folder / "draws.png"}).code, 0);
  expect_complaint(sample({"--draw", "--manifold", "4"}), 2, {"--manifold", "--draw"});
}

}  // namespace
}  // namespace elbo::test
