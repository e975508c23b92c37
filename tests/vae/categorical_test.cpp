// Data of classes: the formula by hand, refused data, a model that learns how classes depend on each other,
// and imputation.

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <limits>

#include "cases/likelihood.h"
#include "data/check.h"
#include "elbo/train.h"
#include "model/model_file.h"
#include "recipe/data_settings.h"
#include "support/cli.h"
#include "support/file_formats.h"
#include "support/reference_vae.h"
#include "train/output_bias.h"

namespace elbo::test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr auto kCategorical = LikelihoodKind::categorical;

LikelihoodConstants of_classes(std::size_t count) {
  LikelihoodConstants constants;
  constants.classes = static_cast<std::int32_t>(count);
  return constants;
}

/// The ops on one value.
struct Outcome {
  float nll, mode;
  std::vector<float> gradient;
};
Outcome outcome_of(Context& context, float x, const std::vector<float>& logits,
                   LikelihoodKind kind = kCategorical) {
  const auto width = static_cast<std::int64_t>(logits.size());
  const Buffer<float> p(context, logits), data(context, std::vector<float>{x});
  Buffer<float> nll(context, 1), mode(context, 1), gradient(context, width);
  const LikelihoodConstants constants = of_classes(std::max<std::size_t>(logits.size(), 2));
  ops::likelihood(context, kind, constants, nll.view(), gradient.matrix(1, width), p.matrix(1, width),
                  data.matrix(1, 1), {}, {});
  ops::likelihood_mean(context, kind, constants, mode.matrix(1, 1), p.matrix(1, width));
  return {nll.to_host()[0], mode.to_host()[0], gradient.to_host()};
}

TEST(CategoricalLikelihood, ByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const std::vector<float> logits = {1.0f, 2.0f, 3.0f};
  EXPECT_NEAR(outcome_of(context, 2.0f, logits).nll, 0.407605964f, 1e-7f);  // log(1 + e⁻¹ + e⁻²)
  EXPECT_NEAR(outcome_of(context, 1.0f, logits).nll, 1.407605964f, 2e-7f);
  EXPECT_NEAR(outcome_of(context, 0.0f, logits).nll, 2.407605964f, 4e-7f);
  const auto slopes = outcome_of(context, 1.0f, logits).gradient;
  EXPECT_NEAR(slopes[0], 0.090030573f, 1e-7f);
  EXPECT_NEAR(slopes[1], 0.244728471f - 1.0f, 1e-7f);
  EXPECT_NEAR(slopes[2], 0.665240956f, 1e-7f);
  for (const std::size_t classes : {2u, 10u, 1000u}) {  // equal logits give equal probabilities
    const Outcome even = outcome_of(context, 1.0f, std::vector<float>(classes, -7.5f));
    EXPECT_NEAR(even.nll, std::log(static_cast<float>(classes)), 2e-6f);
    EXPECT_NEAR(even.gradient[0], 1.0f / static_cast<float>(classes), 1e-6f);
  }
}

TEST(CategoricalLikelihood, OfTwoClassesIsTheBernoulliOfTheirDifference) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  for (const float a : {-3.0f, 0.0f, 0.25f, 40.0f}) {
    for (const float b : {-20.0f, 0.25f, 2.0f}) {
      for (const float x : {0.0f, 1.0f}) {
        const Outcome two = outcome_of(context, x, {a, b});
        const Outcome one = outcome_of(context, x, {b - a}, LikelihoodKind::bernoulli);
        EXPECT_NEAR(two.nll, one.nll, 2e-7f + 1e-6f * one.nll) << a << ' ' << b << ' ' << x;
        EXPECT_NEAR(two.gradient[1], one.gradient[0], 2e-7f);
        EXPECT_NEAR(two.gradient[0], -one.gradient[0], 2e-7f);
      }
    }
  }
}

TEST(CategoricalLikelihood, NoFiniteLogitIsTooLarge) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const Outcome sure = outcome_of(context, 0.0f, {1000.0f, -1000.0f, 0.0f});
  EXPECT_EQ(sure.nll, 0.0f);
  EXPECT_EQ(sure.gradient, (std::vector<float>{0.0f, 0.0f, 0.0f}));
  const Outcome wrong = outcome_of(context, 1.0f, {1000.0f, -1000.0f, 0.0f});
  EXPECT_EQ(wrong.nll, 2000.0f);
  EXPECT_EQ(wrong.gradient, (std::vector<float>{1.0f, -1.0f, 0.0f}));
  EXPECT_EQ(outcome_of(context, 1.0f, {1e38f, -1e38f}).nll, 2e38f);
  EXPECT_EQ(outcome_of(context, 0.0f, {-1e38f, 1e38f}).nll, 2e38f);
}

TEST(CategoricalLikelihood, WhatIsNoClassIsNotANumber) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  for (const float x : {-1.0f, 3.0f, 0.5f, kNan}) {
    const Outcome outcome = outcome_of(context, x, {1.0f, 2.0f, 3.0f});
    EXPECT_TRUE(std::isnan(outcome.nll)) << x;
    for (const float slope : outcome.gradient) EXPECT_TRUE(std::isnan(slope)) << x;
  }
}

TEST(CategoricalLikelihood, ItsMeanIsTheLowestOfTheMostProbableClasses) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  EXPECT_EQ(outcome_of(context, 0.0f, {1.0f, 3.0f, 3.0f}).mode, 1.0f);
  EXPECT_EQ(outcome_of(context, 0.0f, {-2.0f, -2.0f}).mode, 0.0f);
  std::vector<float> many(1024, -1.0f);
  many.back() = -0.5f;
  EXPECT_EQ(outcome_of(context, 0.0f, many).mode, 1023.0f);
  for (const std::size_t at : {0u, 1u, 2u}) {
    std::vector<float> diverged = {1.0f, 3.0f, 2.0f};
    diverged[at] = kNan;
    EXPECT_TRUE(std::isnan(outcome_of(context, 0.0f, diverged).mode)) << at;
  }
}

TEST(CategoricalLikelihood, TheFormulasDerivativeIsRightAndItsMassOne) {
  const math::Categorical likelihood(of_classes(5));
  Random random(3);
  for (int trial = 0; trial < 50; ++trial) {
    const auto drawn = random.normal(5, 0.0, 3.0);
    const std::vector<double> logits(drawn.begin(), drawn.end());
    const double x = static_cast<double>(trial % 5);
    const auto softmax_of = [&](std::span<const double> l, double value) {
      return likelihood.softmax(value, [&](int c) { return l[static_cast<std::size_t>(c)]; });
    };
    const auto softmax = softmax_of(logits, x);
    std::vector<double> gradient;
    double mass = 0.0;
    for (int c = 0; c < 5; ++c) {
      const double l = logits[static_cast<std::size_t>(c)];
      gradient.push_back(likelihood.nll_gradient(softmax, likelihood.max_probability(softmax), x, c, l));
      mass += std::exp(-likelihood.nll(softmax_of(logits, c)));
    }
    EXPECT_NEAR(mass, 1.0, 1e-12);
    const auto nll = [&](std::span<const double> l) { return likelihood.nll(softmax_of(l, x)); };
    EXPECT_TRUE(is_gradient<double>(gradient, nll, logits, {1e-9, 1e-8}));
  }
}

Recipe class_recipe(std::int64_t classes) {
  Recipe recipe;
  recipe.model.likelihood = "categorical";
  recipe.model.classes = classes;
  recipe.model.encoder = recipe.model.decoder = {16};
  recipe.model.latent = 2;
  recipe.train.batch = 32;
  recipe.train.learning_rate = 0.01;
  recipe.train.precision = Precision::fp32;
  return recipe;
}

TEST(CategoricalLikelihood, DataThatIsNoClassIsRefused) {
  const auto range = value_range(kCategorical, {}, of_classes(4));
  Dataset data = Dataset::from_floats({0.0f, 3.0f, 1.0f, 2.0f}, 2);
  EXPECT_NO_THROW(data::check_support(data, range));
  data.name = "survey.csv";
  data.columns = {"colour", "size"};
  for (const auto& [value, shown] : {std::pair{4.0f, "is 4,"}, {-1.0f, "is -1,"}, {1.5f, "is 1.5,"}}) {
    data.train.floats[3] = value;
    expect_error<DataError>([&] { data::check_support(data, range); },
                            {"row 1 of survey.csv, train, dimension 1 \"size\"", shown, "categorical",
                             "whole numbers from 0 to 3", "model.classes"});
  }
  data.train.floats[3] = kNan;
  expect_error<DataError>([&] { data::check_support(data, range); }, {"missing", "data.missing = \"mask\""});
  EXPECT_NO_THROW(data::check_support(Dataset::from_bytes({0, 255}, 2), range)) << "0 and 1";
  expect_error<DataError>(
      [&] {
        data::check_support(Dataset::from_bytes({0, 2}, 2), range);
      },
      {"dimension 1", "the byte 2, which stands for 2/255", "another type"});
}

// A mask turns bytes into floats: byte/255.
TEST(CategoricalLikelihood, SaysThatBytesAreNoClasses) {
  expect_error<DataError>(
      [] {
        data::check_support(Dataset::from_floats({0.0f, 2.0f / 255.0f}, 2),
                            value_range(kCategorical, {}, of_classes(3)));
      },
      {"dimension 1", "whole numbers from 0 to 2", "another type"});
}

TEST(CategoricalLikelihood, WhatReckonsWithNumbersIsRefused) {
  const auto refuse = [](const std::string& setting, std::string amount, const char* key) {
    Recipe recipe = class_recipe(3);
    recipe.set(setting);
    if (!amount.empty()) recipe.set(amount);
    expect_error<ConfigError>([&] { recipe.validate(); }, {key, "categorical", "classes"});
  };
  EXPECT_NO_THROW(class_recipe(3).validate());
  refuse("data.standardize=true", "", "data.standardize");
  refuse("data.binarize=threshold", "", "data.binarize");
  refuse("objective.corruption=gaussian", "objective.corruption_amount=0.1", "objective.corruption");
  refuse("objective.corruption=masking", "objective.corruption_amount=0.1", "objective.corruption");
  for (const char* classes : {"model.classes=1", "model.classes=1025"})
    EXPECT_THROW(Recipe().set(classes), ConfigError);
}

TEST(CategoricalLikelihood, TrainsOnBytesThatAreZeroAndOne) {
  ELBO_REQUIRE_DEVICE();
  std::vector<std::uint8_t> values;
  for (int i = 0; i < 64; ++i) {
    for (int j = 0; j < 6; ++j) values.push_back(i % 2 == j % 2 ? 255 : 0);
  }
  Recipe recipe = class_recipe(2);
  recipe.train.epochs = 40;
  const Dataset data = Dataset::from_bytes(values, 6);
  Model model(recipe, 6, device());
  train(model, data);
  const Evaluation seen = model.evaluate(data.train);
  EXPECT_LT(-seen.terms.elbo, 1.5);  // half of the rows are equal: log 2; independent columns would cost 4.2
  EXPECT_LT(seen.squared_error, 0.5);
  const Table rows = to_table(data.train, 0, 64);
  EXPECT_EQ(model.reconstruct(rows).values, rows.values);
}

/// Six columns of three classes that depend on a hidden class, which is 0 more often than 2. Nine times out
/// of ten, a column's class is the hidden class plus the column's number.
Dataset survey(std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    const double u = random.unit();
    const std::int64_t hidden = u < 0.5 ? 0 : u < 0.8 ? 1 : 2;
    for (std::int64_t j = 0; j < 6; ++j) {
      const std::int64_t error = random.unit() < 0.9 ? 0 : 1 + random.below(2);
      values.push_back(static_cast<float>((hidden + j + error) % 3));
    }
  }
  return Dataset::from_floats(values, 6);
}

/// Σ_j H(x_j): the minimal cost of columns coded separately.
double separate_entropies(const Examples& examples) {
  double total = 0.0;
  for (std::int64_t j = 0; j < examples.dims; ++j) {
    std::array<double, 3> count{};
    for (std::int64_t i = 0; i < examples.count; ++i)
      count[static_cast<std::size_t>(examples.value(i, j))] += 1.0;
    for (const double n : count) total -= n / examples.count * std::log(n / examples.count);
  }
  return total;
}

TEST(CategoricalLikelihood, AModelLearnsHowClassesGoTogether) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = class_recipe(3);
  recipe.train.epochs = 40;
  const Dataset data = survey(600, 1), test = survey(200, 2);
  Model model(recipe, 6, device());
  const TrainReport report = train(model, data);
  const Evaluation evaluation = model.evaluate(test.train, 100);
  const double separate = separate_entropies(test.train);
  EXPECT_LT(separate, 6 * std::log(3.0));
  EXPECT_LT(evaluation.nll->mean, separate - 1.0);
  EXPECT_GT(evaluation.nll->mean, 2.5);  // above six times the noise's entropy, 0.394
  EXPECT_LE(evaluation.nll->mean, -evaluation.terms.elbo + 0.1);
  EXPECT_GT(report.epochs.back().train.reconstruction, 0.0) << "a mass";

  const AnnealedEstimate annealed =
      model.annealed_nll(test.train.slice(0, 20), {.chains = 8, .steps = 100, .leapfrogs = 5});
  EXPECT_NEAR(annealed.nll, model.evaluate(test.train.slice(0, 20), 2000).nll->mean, 0.1);

  // The reconstruction error counts wrong values.
  const Table x = to_table(test.train, 0, 200), reconstructed = model.reconstruct(x);
  const ExampleScores scores = model.scores(test.train, 10);
  for (std::int64_t i = 0; i < x.rows; ++i) {
    double wrong = 0.0;
    for (std::size_t j = 0; j < 6; ++j) wrong += x.row(i)[j] != reconstructed.row(i)[j];
    EXPECT_EQ(scores.squared_error[static_cast<std::size_t>(i)], wrong);
  }
  EXPECT_LT(evaluation.squared_error, 6 * 0.3);
  for (const float value : model.sample(50, 1).values)
    EXPECT_TRUE(value == 0.0f || value == 1.0f || value == 2.0f);
}

TEST(CategoricalLikelihood, TheOutputsBiasIsTheLogOfFrequencies) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = class_recipe(3);
  recipe.data.missing = MissingValues::mask;
  Model model(recipe, 2, device());
  const Examples examples = Dataset::from_floats({0, 2, 0, kNan, 1, 2, 0, 1}, 2).train;
  set_output_bias(state_of(model), output_bias_of(state_of(model), examples));
  ModelState& state = state_of(model);
  const auto tensors =
      to_named(state.vae->parameters().layout(), to_host(*state.context, state.vae->parameters().values()));
  const auto& bias = tensors.at("decoder.output.bias");
  ASSERT_EQ(bias.size(), 6u);
  const std::vector<double> shares = {0.75, 0.001, 0.25, 1.0 / 3, 0.001, 2.0 / 3};
  for (std::size_t at = 0; at < 6; ++at) EXPECT_NEAR(bias[at], std::log(shares[at]), 1e-6) << at;
}

// One latent dimension, integrated on a grid.
TEST(CategoricalLikelihood, WhatIsMissingIsTheClassThatIsMostProbable) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = class_recipe(3);
  recipe.model.encoder = recipe.model.decoder = {};
  recipe.model.latent = 1;
  recipe.model.encode_mask = true;
  recipe.data.missing = MissingValues::mask;
  Model model(recipe, 2, device());
  ModelState& state = state_of(model);
  const auto tensors =
      to_named(state.vae->parameters().layout(), to_host(*state.context, state.vae->parameters().values()));
  const auto& w = tensors.at("decoder.output.weight");
  const auto& b = tensors.at("decoder.output.bias");
  const auto probability = [&](double z, std::size_t j, std::size_t c) {
    double sum = 0.0;
    for (std::size_t k = 0; k < 3; ++k) sum += std::exp(w[2 * k + j] * z + b[2 * k + j]);
    return std::exp(w[2 * c + j] * z + b[2 * c + j]) / sum;
  };
  std::array<double, 3> expected{};
  double evidence = 0.0;
  for (double z = -8.0; z < 8.0; z += 0.01) {
    const double weight = std::exp(-0.5 * z * z) * probability(z, 0, 2);
    evidence += weight;
    for (std::size_t c = 0; c < 3; ++c) expected[c] += weight * probability(z, 1, c);
  }
  const auto likeliest = std::max_element(expected.begin(), expected.end());
  const Imputation completed =
      model.impute(Table{2, 2, {2.0f, kNan, 0.0f, 1.0f}}, {.samples = 20000, .seed = 5});
  EXPECT_EQ(completed.missing, 1);
  EXPECT_TRUE(completed.low.values.empty());
  EXPECT_EQ(completed.values.values,
            (std::vector<float>{2.0f, static_cast<float>(likeliest - expected.begin()), 0.0f, 1.0f}));
  EXPECT_NEAR(completed.probability.values[1], *likeliest / evidence, 0.005);
  EXPECT_EQ(completed.probability.values[0], 1.0f);
  EXPECT_EQ(completed.probability.values[3], 1.0f);
}

std::string to_csv(const Examples& examples, bool gaps) {
  std::string text = "a,b,c,d,e,f\n";
  for (std::int64_t i = 0; i < examples.count; ++i) {
    for (std::int64_t j = 0; j < examples.dims; ++j) {
      const bool gone = gaps && i % 4 == 1 && j == i / 4 % 6;
      text += (gone ? "" : std::to_string(static_cast<int>(examples.value(i, j)))) + (j < 5 ? "," : "\n");
    }
  }
  return text;
}

TEST(CategoricalLikelihood, TheCommandTrainsEvaluatesAndCompletes) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const Dataset whole = survey(200, 4);
  const auto data = write(folder / "gaps.csv", to_csv(whole.train, true)).string();
  const auto truth = write(folder / "truth.csv", to_csv(whole.train, false)).string();
  const auto run = (folder / "run").string();
  const auto trained = run_elbo(small_training({"--data",   data,
                                                "--out",    run,
                                                "--epochs", "15",
                                                "--batch",  "20",
                                                "--set",    "model.likelihood=categorical",
                                                "--set",    "model.classes=3",
                                                "--set",    "model.latent=2",
                                                "--set",    "data.missing=mask",
                                                "--set",    "model.encode_mask=true",
                                                "--set",    "data.validation=0",
                                                "--set",    "train.learning_rate=0.02"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_SAYS(trained.out, "wrong classes");
  const std::vector<std::string> impute = {"impute",   run,
                                           "--split",  "train",
                                           "--truth",  truth,
                                           "--out",    (folder / "full.csv").string(),
                                           "--device", device().name()};
  const auto result = run_elbo(impute);
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.out, "full-probability.csv");
  EXPECT_SAYS(result.out, "most frequent");
  auto in_json = impute;
  in_json.push_back("--json");
  const auto json = nlohmann::json::parse(run_elbo(in_json).out);
  EXPECT_EQ(json.at("missing"), 50);
  EXPECT_LT(json.at("error_rate").get<double>(), json.at("error_rate_of_modes").get<double>());
  EXPECT_FALSE(json.contains("interval"));
  const Dataset full = load_dataset((folder / "full.csv").string());
  for (const float value : full.train.floats) EXPECT_TRUE(value == 0.0f || value == 1.0f || value == 2.0f);
  for (const float value : load_dataset((folder / "full-probability.csv").string()).train.floats) {
    EXPECT_GE(value, 1.0f / 3.0f);
    EXPECT_LE(value, 1.0f);
  }
  auto interval = impute;
  interval.insert(interval.end(), {"--interval", "0.9"});
  expect_complaint(run_elbo(interval), 2, {"--interval", "classes", "FILE-probability"});
}

}  // namespace
}  // namespace elbo::test
