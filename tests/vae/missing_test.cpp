// Missing values: masks, statistics and costs of present values, and imputation of missing ones.

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "data/check.h"
#include "data/resident.h"
#include "elbo/error.h"
#include "elbo/train.h"
#include "model/model_file.h"
#include "recipe/data_settings.h"
#include "support/cli.h"
#include "support/data.h"
#include "support/file_formats.h"
#include "support/random.h"
#include "support/reference_vae.h"

namespace elbo::test {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

DataSettings with_missing() {
  DataSettings settings;
  settings.missing = MissingValues::mask;
  return settings;
}

TEST(Missing, AMaskMakesValuesMissing) {
  Dataset data = Dataset::from_bytes({0, 51, 255, 102}, 2);
  data.test = Dataset::from_floats({0.25f, 0.5f}, 2).train;
  Dataset mask = Dataset::from_bytes({1, 0, 1, 1}, 2);
  apply_mask(data, mask);
  EXPECT_TRUE(data.train.bytes.empty());
  EXPECT_EQ(data.train.value(0, 0), 0.0f);
  EXPECT_TRUE(std::isnan(data.train.value(0, 1)));
  EXPECT_EQ(data.train.value(1, 0), 1.0f);
  EXPECT_FLOAT_EQ(data.train.value(1, 1), 0.4f);
  EXPECT_EQ(data.test.value(0, 1), 0.5f) << "the mask has no test split";
  mask.test = Dataset::from_floats({0.0f, 1.0f}, 2).train;
  apply_mask(data, mask);
  EXPECT_TRUE(std::isnan(data.test.value(0, 0)));
  EXPECT_EQ(data.test.value(0, 1), 0.5f);
}

TEST(Missing, AMaskOfAnotherShapeOrWithOtherValuesIsRefused) {
  Dataset data = Dataset::from_floats({1.0f, 2.0f, 3.0f, 4.0f}, 2);
  Dataset mask = Dataset::from_floats({1.0f, 0.0f}, 2);
  mask.train.origin = "mask.npy";
  expect_error<DataError>([&] { apply_mask(data, mask); }, {"mask.npy", "1 x 2", "2 x 2", "train"});
  mask = Dataset::from_floats({1.0f, 0.0f, 1.0f, 0.5f}, 2);
  mask.train.origin = "mask.npy";
  expect_error<DataError>([&] { apply_mask(data, mask); }, {"mask.npy", "row 1", "0.5", "0 where"});
}

TEST(Missing, NanIsRefusedUnlessItIsAMissingValue) {
  Dataset data = Dataset::from_floats({0.5f, kMissing, 0.25f, 1.0f}, 2);
  expect_error<DataError>([&] { data::check_support(data, value_range(LikelihoodKind::bernoulli)); },
                          {"row 0", "missing", "data.missing = \"mask\""});
  const auto range = value_range(LikelihoodKind::bernoulli, with_missing());
  EXPECT_NO_THROW(data::check_support(data, range));
  data.train.floats[2] = 1.5f;
  expect_error<DataError>([&] { data::check_support(data, range); }, {"row 1", "1.5", "[0, 1]"});
  data.train.floats = {0.5f, 0.5f, kMissing, kMissing};
  expect_error<DataError>([&] { data::check_support(data, range); }, {"row 1", "all its values are missing"});
}

TEST(Missing, StatisticsAreOfWhatIsThere) {
  const Examples examples =
      Dataset::from_floats({1.0f, kMissing, kMissing, 3.0f, 5.0f, kMissing, kMissing, kMissing, kMissing}, 3)
          .train;
  const auto statistics = data::standardization(examples);
  EXPECT_EQ(statistics.mean, (std::vector<float>{2.0f, 5.0f, 0.0f}));
  EXPECT_EQ(statistics.deviation, (std::vector<float>{1.0f, 1.0f, 1.0f}));
  const auto present = data::presence(examples);
  EXPECT_NEAR(present[0], 2.0 / 3.0, 1e-12);
  EXPECT_NEAR(present[1], 1.0 / 3.0, 1e-12);
  EXPECT_EQ(present[2], 0.0);
}

Recipe small_missing_recipe() {
  Recipe recipe;
  recipe.data.missing = MissingValues::mask;
  recipe.model.encoder = {8};
  recipe.model.decoder = {8};
  recipe.model.latent = 2;
  recipe.model.likelihood = "gaussian";
  recipe.train.batch = 7;
  recipe.train.epochs = 2;
  return recipe;
}

/// [40, 4], with about a third missing and no row without a value.
Dataset gappy(std::uint64_t seed = 3) {
  Random random(seed);
  std::vector<float> values = random.normal(160, 2.0, 3.0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i % 4 != (i / 4) % 4 && random.unit() < 0.45) values[i] = kMissing;
  }
  return Dataset::from_floats(values, 4);
}

TEST(Missing, TrainingAndEvaluationHonourIt) {
  ELBO_REQUIRE_DEVICE();
  for (const bool encode_mask : {false, true}) {
    Recipe recipe = small_missing_recipe();
    recipe.model.encode_mask = encode_mask;
    recipe.data.standardize = true;
    Dataset data = gappy();
    data.validation = data.train.slice(0, 9);
    Model model(recipe, 4, device());
    const TrainReport report = train(model, data);
    EXPECT_TRUE(std::isfinite(report.epochs.back().train.elbo));
    EXPECT_TRUE(std::isfinite(report.epochs.back().validation->elbo));
    EXPECT_EQ(state_of(model).vae->parameters().layout().places.front().cols, encode_mask ? 8 : 4);
    const Evaluation evaluation = model.evaluate(data.train, 20);
    EXPECT_TRUE(std::isfinite(evaluation.nll->mean));
    EXPECT_LE(evaluation.nll->mean, -evaluation.terms.elbo + 0.5);
    EXPECT_TRUE(std::isfinite(evaluation.squared_error));
    for (const float z : model.encode(to_table(data.train, 0, 40)).mean.values) EXPECT_TRUE(std::isfinite(z));
  }
}

// An example with a missing value costs as much as in a model of the other values alone.
TEST(Missing, CostsAreThoseOfThePresentValues) {
  ELBO_REQUIRE_DEVICE();
  const Recipe recipe = small_missing_recipe();
  Model model(recipe, 3, device());
  const Evaluation evaluation = model.evaluate(Dataset::from_floats({0.5f, kMissing, -1.0f}, 3).train, 0, 4);
  const Evaluation filled = model.evaluate(Dataset::from_floats({0.5f, 0.0f, -1.0f}, 3).train, 0, 4);
  // The encoder reads 0 in both cases; they differ by the likelihood of that 0.
  EXPECT_EQ(evaluation.terms.kl, filled.terms.kl);
  const double of_zero = filled.terms.reconstruction - evaluation.terms.reconstruction;
  EXPECT_GE(of_zero, 0.9189385);  // ½ log 2π, and the error
  EXPECT_NEAR(filled.squared_error - evaluation.squared_error, 2.0 * (of_zero - 0.9189385332), 1e-4);
}

// The density of standardised data is corrected by log σ of an example's present values, not of all values.
TEST(Missing, EachExamplesCostIsInItsOwnScale) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_missing_recipe();
  Model plain(recipe, 2, device());
  recipe.data.standardize = true;
  Model standardized(recipe, 2, device());
  state_of(standardized).standard_mean = {0.0f, 0.0f};
  state_of(standardized).standard_deviation = {8.0f, 0.25f};
  const Examples scaled = Dataset::from_floats({1.0f, -1.0f, kMissing, 2.0f, 0.5f, kMissing}, 2).train;
  const Examples own = Dataset::from_floats({8.0f, -0.25f, kMissing, 0.5f, 4.0f, kMissing}, 2).train;
  const ExampleScores a = standardized.scores(own, 20, 3), b = plain.scores(scaled, 20, 3);
  const double volumes[] = {std::log(2.0), std::log(0.25), std::log(8.0)};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(a.nll[i], b.nll[i] + volumes[i], 1e-5);
    EXPECT_NEAR(a.negative_elbo[i], b.negative_elbo[i] + volumes[i], 1e-5);
  }
  const double mean = (volumes[0] + volumes[1] + volumes[2]) / 3.0;
  EXPECT_NEAR(standardized.evaluate(own, 0, 3).terms.elbo, plain.evaluate(scaled, 0, 3).terms.elbo - mean,
              1e-5);
  const AnnealingOptions options{.chains = 2, .steps = 10, .seed = 3};
  EXPECT_NEAR(standardized.annealed_nll(own, options).nll, plain.annealed_nll(scaled, options).nll + mean,
              1e-5);
}

TEST(Missing, SeeingTheMaskNeedsOne) {
  Recipe recipe = small_missing_recipe();
  recipe.model.encode_mask = true;
  recipe.data.missing = MissingValues::error;
  expect_error<ConfigError>([&] { recipe.validate(); }, {"model.encode_mask", "data.missing"});
  recipe.data.mask = "mask.npy";
  EXPECT_NO_THROW(recipe.validate());
}

// x = w z + b + noise with z ~ N(0, 1): missing values are Gaussian given present ones.
TEST(Impute, AgreesWithTheExactConditionalOfALinearModel) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_missing_recipe();
  recipe.model.encoder = recipe.model.decoder = {};
  recipe.model.latent = 1;
  recipe.model.variance = 0.3;
  recipe.data.missing = MissingValues::error;  // imputation does not need data.missing = MissingValues::mask
  Model model(recipe, 3, device());
  state_of(model).standard_mean = {1.0f, 0.0f, -2.0f};
  state_of(model).standard_deviation = {2.0f, 1.0f, 0.5f};
  ModelState& state = state_of(model);
  const auto tensors =
      to_named(state.vae->parameters().layout(), to_host(*state.context, state.vae->parameters().values()));
  const auto& w = tensors.at("decoder.output.weight");
  const auto& b = tensors.at("decoder.output.bias");
  const Table x{2, 3, {2.0f, kMissing, -2.25f, 0.5f, 0.25f, -2.0f}};
  const Imputation completed = model.impute(x, {.samples = 20000, .interval = 0.8, .seed = 5});
  EXPECT_EQ(completed.missing, 1);
  EXPECT_EQ(completed.values.row(1)[1], 0.25f);
  EXPECT_EQ(completed.low.row(1)[2], -2.0f);
  EXPECT_GT(completed.effective_samples[0], 1000.0);

  double precision = 1.0, pull = 0.0;
  for (const std::size_t j : {0u, 2u}) {
    const double value = (x.values[j] - state.standard_mean[j]) / state.standard_deviation[j];
    precision += w[j] * w[j] / 0.3;
    pull += w[j] * (value - b[j]) / 0.3;
  }
  const double mean = w[1] * pull / precision + b[1];
  const double deviation = std::sqrt(w[1] * w[1] / precision + 0.3);
  EXPECT_NEAR(completed.values.values[1], mean, 0.02);
  EXPECT_NEAR(completed.low.values[1], mean - 1.281551566 * deviation, 0.06);
  EXPECT_NEAR(completed.high.values[1], mean + 1.281551566 * deviation, 0.06);
}

TEST(Impute, RowsMayComeInParts) {
  ELBO_REQUIRE_DEVICE();
  Model model(small_missing_recipe(), 4, device());
  const Dataset data = gappy();
  const Table all = to_table(data.train, 0, 40), part = to_table(data.train, 31, 2);
  const Imputation whole = model.impute(all, {.samples = 33});
  EXPECT_EQ(whole.values.values, model.impute(all, {.samples = 33}).values.values);
  const Imputation later = model.impute(part, {.samples = 33, .first_row = 31});
  for (std::size_t at = 0; at < part.values.size(); ++at) {
    EXPECT_NEAR(later.values.values[at], whole.values.values[31 * 4 + at], 1e-5);
    EXPECT_NEAR(later.low.values[at], whole.low.values[31 * 4 + at], 1e-4);
    EXPECT_FALSE(std::isnan(later.values.values[at]));
    EXPECT_LE(later.low.values[at], later.high.values[at]);
    if (!std::isnan(part.values[at])) {
      EXPECT_EQ(later.values.values[at], part.values[at]);
    }
  }
  EXPECT_TRUE(model.impute(part, {.interval = std::nullopt}).low.values.empty());
}

// A row that needs more samples gets what it would get with so many from the start; others stay.
TEST(Impute, RowsWithFewEffectiveSamplesAreDrawnAgain) {
  ELBO_REQUIRE_DEVICE();
  Model model(small_missing_recipe(), 4, device());
  const Table x = to_table(gappy().train, 0, 40);
  const Imputation few = model.impute(x, {.samples = 8});
  auto effective = few.effective_samples;
  std::ranges::nth_element(effective, effective.begin() + 20);
  const double enough = effective[20];
  const Imputation four_times = model.impute(x, {.samples = 32});
  const Imputation chosen = model.impute(x, {.samples = 8, .min_effective = enough, .max_samples = 32});
  int again = 0;
  for (std::int64_t i = 0; i < x.rows; ++i) {
    const bool gaps = std::ranges::any_of(x.row(i), [](float value) { return std::isnan(value); });
    const bool redrawn = gaps && few.effective_samples[static_cast<std::size_t>(i)] < enough;
    const Imputation& source = redrawn ? four_times : few;
    again += redrawn;
    EXPECT_NEAR(chosen.effective_samples[static_cast<std::size_t>(i)],
                source.effective_samples[static_cast<std::size_t>(i)], 1e-4);
    for (std::int64_t j = 0; j < x.cols; ++j) {
      const auto at = static_cast<std::size_t>(i * x.cols + j);
      EXPECT_NEAR(chosen.values.values[at], source.values.values[at], 1e-5);
      EXPECT_NEAR(chosen.low.values[at], source.low.values[at], 1e-4);
    }
  }
  EXPECT_GT(again, 3);
  EXPECT_LT(again, 37);
}

// With weights so large that the decoder overflows, results are NaN.
TEST(Impute, OutlivesADecoderThatOverflows) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_missing_recipe();
  Model model(recipe, 4, device());
  ModelState& state = state_of(model);
  std::vector<float> values = to_host(*state.context, state.vae->parameters().values());
  for (float& value : values) value *= 1e30f;
  state.context->copy_to_device(state.vae->parameters().values().data, values.data(),
                                values.size() * sizeof(float));
  const Table x = to_table(gappy().train, 0, 8);
  const Imputation completed = model.impute(x, {.samples = 50});
  EXPECT_GT(completed.missing, 0);
  for (std::size_t at = 0; at < x.values.size(); ++at) {
    if (!std::isnan(x.values[at])) continue;
    EXPECT_FALSE(std::isfinite(completed.values.values[at]));
    EXPECT_FALSE(std::isfinite(completed.low.values[at]));
    EXPECT_FALSE(std::isfinite(completed.high.values[at]));
  }
}

TEST(Impute, RefusesWhatCannotBe) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_missing_recipe();
  Model model(recipe, 4, device());
  const Table x = to_table(gappy().train, 0, 2);
  EXPECT_THROW(model.impute(x, {.samples = 0}), ConfigError);
  EXPECT_THROW(model.impute(x, {.interval = 1.0}), ConfigError);
  EXPECT_THROW(model.impute(Table{1, 3, {1.0f, 2.0f, 3.0f}}), ShapeError);
  recipe.model.kind = "autoencoder";
  Model autoencoder(recipe, 4, device());
  EXPECT_THROW(autoencoder.impute(x), ConfigError);
}

TEST(Impute, TheCommandCompletesATableAndSaysItsError) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  std::string gaps = "a,b\n", truth = "a,b\n", mask;
  Random random(9);
  for (int i = 0; i < 60; ++i) {
    const double z = random.gaussian();
    const std::string a = std::to_string(z + 0.1 * random.gaussian()), b = std::to_string(2.0 * z);
    truth += a + "," + b + "\n";
    gaps += (i % 5 == 1 ? "" : a) + "," + (i % 5 == 3 ? "nan" : b) + "\n";
    mask += std::string(i % 5 == 1 ? "0," : "1,") + (i % 5 == 3 ? "0\n" : "1\n");
  }
  const auto data = write(folder / "gaps.csv", gaps).string();
  const auto whole = write(folder / "truth.csv", truth).string();
  const auto present = write(folder / "mask.csv", mask).string();
  const auto run = (folder / "run").string();
  const auto trained = run_elbo(
      small_training({"--data", data, "--out", run, "--epochs", "2", "--set", "model.likelihood=gaussian",
                      "--set", "data.missing=mask", "--set", "model.encode_mask=true", "--set",
                      "model.latent=1", "--set", "data.validation=0"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  const std::vector<std::string> impute = {"impute",    run,
                                           "--split",   "train",
                                           "--samples", "20",
                                           "--truth",   whole,
                                           "--out",     (folder / "full.csv").string(),
                                           "--device",  device().name(),
                                           "--json"};
  const auto result = run_elbo(impute);
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json.at("missing"), 24);
  EXPECT_GT(json.at("rmse").get<double>(), 0.0);
  EXPECT_GT(json.at("rmse_of_means").get<double>(), 0.0);
  EXPECT_GE(json.at("coverage").get<double>(), 0.0);
  const Dataset full = load_dataset((folder / "full.csv").string()), was = load_dataset(data);
  ASSERT_EQ(full.train.floats.size(), 120u);
  EXPECT_EQ(full.columns, (std::vector<std::string>{"a", "b"}));
  for (std::size_t i = 0; i < 120; ++i) {
    EXPECT_TRUE(std::isfinite(full.train.floats[i]));
    if (!std::isnan(was.train.floats[i])) {
      EXPECT_EQ(full.train.floats[i], was.train.floats[i]);
    }
  }
  EXPECT_EQ(load_dataset((folder / "full-low.csv").string()).train.count, 60);

  // The truth with a mask equals the data with gaps.
  auto masked = impute;
  masked.insert(masked.end(), {"--data", whole, "--mask", present});
  const auto by_mask = run_elbo(masked);
  ASSERT_EQ(by_mask.code, 0) << by_mask.err;
  EXPECT_EQ(nlohmann::json::parse(by_mask.out).at("rmse"), json.at("rmse"));
  masked.back() = write(folder / "short.csv", "1,0\n").string();
  expect_complaint(run_elbo(masked), 1, {"short.csv", "1 x 2", "60 x 2"});
}

// The command completes a file's rows in order, though the training held some out, and finds the same file by
// any path.
TEST(Impute, TheCommandCompletesAWholeFile) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  std::string gaps = "a,b\n";
  for (int i = 0; i < 40; ++i) {
    gaps += std::to_string(i);
    gaps += ',';
    if (i % 4 != 0) gaps += std::to_string(-i);
    gaps += '\n';
  }
  const auto data = write(folder / "gaps.csv", gaps).string();
  const auto run = (folder / "run").string(), out = (folder / "full.csv").string();
  ASSERT_EQ(run_elbo(small_training({"--data", data, "--out", run, "--epochs", "1", "--set",
                                     "model.likelihood=gaussian", "--set", "data.missing=mask", "--set",
                                     "data.validation=0.25"}))
                .code,
            0);
  const auto completed = run_elbo({"impute", run, "--split", "all", "--samples", "5", "--out", out, "--truth",
                                   data, "--device", device().name(), "--json"});
  ASSERT_EQ(completed.code, 0) << completed.err;
  EXPECT_EQ(nlohmann::json::parse(completed.out).at("missing"), 10);
  const Dataset full = load_dataset(out);
  ASSERT_EQ(full.train.count, 40);
  for (std::int64_t i = 0; i < 40; ++i) EXPECT_EQ(full.train.value(i, 0), static_cast<float>(i));
  const auto examples = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all = {"eval", run, "--device", device().name(), "--json"};
    all.insert(all.end(), more.begin(), more.end());
    const auto result = run_elbo(all);
    EXPECT_EQ(result.code, 0) << result.err;
    return nlohmann::json::parse(result.out).at("examples").get<int>();
  };
  EXPECT_EQ(examples({}), 10);
  std::filesystem::create_symlink(data, folder / "link.csv");
  for (const char* name : {"./gaps.csv", "link.csv"})
    EXPECT_EQ(examples({"--data", (folder / name).string()}), 10) << name;
  EXPECT_EQ(examples({"--split", "all"}), 40);
}

}  // namespace
}  // namespace elbo::test
