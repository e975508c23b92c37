// `elbo train --data FILE` without a recipe: the settings follow the data.

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include <nlohmann/json.hpp>

#include "support/cli.h"

namespace elbo::test {
namespace {

using Json = nlohmann::json;

/// A table with columns of all kinds, in two groups of rows.
std::string shop(int rows) {
  std::string text = "id,city,price,items,gift,stars\n";
  for (int i = 0; i < rows; ++i) {
    const int group = i % 2, wobble = i * 37 % 11;
    const std::string price = i % 9 == 4 ? "" : std::to_string(10.5 + 40 * group + 0.25 * wobble);
    text += "o" + std::to_string(i) +
            (group        ? ",Oslo,"
             : wobble % 3 ? ",Bern,"
                          : ",\"Rome, old\",") +
            price + ',' + std::to_string(group ? 9 + wobble : wobble % 4) + (group ? ",yes," : ",no,") +
            std::to_string(1 + i % 5) + '\n';
  }
  return text;
}

CommandSettings in(const TempFolder& folder) {
  CommandSettings settings;
  settings.folder = folder.path().string();
  return settings;
}

CommandResult train_on(const TempFolder& folder, const std::string& data,
                       std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"train", "--data", data, "--device", device().name(), "-q"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_elbo(arguments, in(folder));
}

TEST(CliFollow, ATableAloneTrainsAModelNamedAfterIt) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  write(folder / "shop.csv", shop(120));
  const std::vector<std::string> quick = {"--epochs",          "3",     "--set",
                                          "model.encoder=[8]", "--set", "model.decoder=[8]"};
  const auto trained = train_on(folder, "shop.csv", quick);
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_SAYS(trained.err, "no recipe is named, so the settings follow the data");
  EXPECT_SAYS(trained.err, "missing cells");
  const Recipe recipe = Recipe::from_file(folder / "runs/shop-1/recipe.toml");
  EXPECT_EQ(recipe.name, "shop");
  EXPECT_EQ(recipe.model.likelihood, "mixed");
  EXPECT_EQ(recipe.model.column_likelihoods,
            (std::vector<std::string>{"categorical 3", "gaussian-learned", "negative-binomial", "bernoulli",
                                      "negative-binomial"}));
  EXPECT_EQ(recipe.data.missing, MissingValues::mask);
  EXPECT_EQ(recipe.data.validation, 0.1);
  EXPECT_EQ(recipe.train.epochs, 3);
  EXPECT_GT(recipe.train.patience, 0);
  EXPECT_TRUE(recipe.data.standardize);

  const auto again = train_on(folder, "shop.csv", quick);
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_TRUE(std::filesystem::exists(folder / "runs/shop-2/model.safetensors"));

  // Outputs have the file's ids and texts.
  const auto imputed = run_elbo({"impute", "runs/shop-1", "--split", "all", "--out", "full.csv", "--samples",
                                 "20", "--device", device().name()},
                                in(folder));
  ASSERT_EQ(imputed.code, 0) << imputed.err;
  const std::string full = io::read_file(folder / "full.csv", 1 << 20);
  EXPECT_TRUE(full.starts_with("id,city,price,items,gift,stars\no0,")) << full.substr(0, 80);
  EXPECT_SAYS(full, "o1,Oslo,51.500000,");
  EXPECT_SAYS(full, "\"Rome, old\"");
  EXPECT_EQ(full.find(",,"), std::string::npos);
  const auto mapped = run_elbo({"encode", "runs/shop-1", "--split", "all", "--map", "pca", "--out", "map.csv",
                                "--device", device().name()},
                               in(folder));
  ASSERT_EQ(mapped.code, 0) << mapped.err;
  EXPECT_TRUE(io::read_file(folder / "map.csv").starts_with("id,pca0,pca1\no0,"));
  const auto sampled = run_elbo(
      {"sample", "runs/shop-1", "--draw", "--out", "new.csv", "-n", "40", "--device", device().name()},
      in(folder));
  ASSERT_EQ(sampled.code, 0) << sampled.err;
  const std::string fresh = io::read_file(folder / "new.csv", 1 << 20);
  EXPECT_TRUE(fresh.find(",yes,") != std::string::npos || fresh.find(",no,") != std::string::npos) << fresh;
}

TEST(CliFollow, ImputationIsComparedByKind) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  write(folder / "shop.csv", shop(120));
  std::string whole = shop(120);
  for (std::size_t at; (at = whole.find(",,")) != std::string::npos;) whole.replace(at, 2, ",12.5,");
  write(folder / "whole.csv", whole);
  ASSERT_EQ(
      train_on(folder, "shop.csv",
               {"--epochs", "2", "--set", "model.encoder=[8]", "--set", "model.decoder=[8]", "--out", "run"})
          .code,
      0);
  const auto result = run_elbo({"impute", "run", "--split", "all", "--truth", "whole.csv", "--json",
                                "--samples", "20", "--device", device().name()},
                               in(folder));
  ASSERT_EQ(result.code, 0) << result.err;
  const Json json = Json::parse(result.out);
  ASSERT_EQ(json.at("by_kind").size(), 1u) << result.out;
  EXPECT_EQ(json["by_kind"][0]["kind"], "numeric");
  EXPECT_EQ(json["by_kind"][0]["values"], json["missing"]);
  EXPECT_TRUE(json["by_kind"][0]["nrmse"].is_number());
}

TEST(CliFollow, SettingsThatAreGivenStay) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  write(folder / "shop.csv", shop(60));
  const auto trained = train_on(folder, "shop.csv",
                                {"--epochs", "1", "--set", "model.latent=3", "--set", "data.drop=[city]",
                                 "--set", "model.encoder=[8]", "--out", "run"});
  EXPECT_NE(trained.code, 0) << "a list of bare words is no TOML";
  const auto dropped = train_on(folder, "shop.csv",
                                {"--epochs", "1", "--set", "model.latent=3", "--set", "data.drop=[\"city\"]",
                                 "--set", "model.encoder=[8]", "--out", "run"});
  ASSERT_EQ(dropped.code, 0) << dropped.err;
  const Recipe recipe = Recipe::from_file(folder / "run/recipe.toml");
  EXPECT_EQ(recipe.model.latent, 3);
  EXPECT_EQ(recipe.model.encoder, std::vector<Layer>{8});
  EXPECT_EQ(recipe.model.column_likelihoods.size(), 4u);
  expect_complaint(train_on(folder, "shop.csv", {"--set", "train.decay_factor=0.5", "--out", "other"}), 2,
                   {"train.decay_factor", "train.schedule"});
  expect_complaint(train_on(folder, "shop.csv", {"--set", "model.likelihood=bernoulli", "--out", "other"}), 1,
                   {"shop.csv", "city"});
}

TEST(CliFollow, AResumedRunGoesOn) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  write(folder / "shop.csv", shop(60));
  const std::vector<std::string> small = {
      "--set", "model.encoder=[8]", "--set", "model.decoder=[8]", "--epochs", "2"};
  ASSERT_EQ(train_on(folder, "shop.csv", small).code, 0);
  const auto resumed = train_on(folder, "shop.csv", {"--resume", "--epochs", "4", "--json"});
  ASSERT_EQ(resumed.code, 2) << "--data cannot change in a resumed run";
  const auto named = run_elbo({"train", "--resume", "--out", "runs/shop-1", "--epochs", "4", "--json", "-q",
                               "--device", device().name()},
                              in(folder));
  ASSERT_EQ(named.code, 0) << named.err;
  EXPECT_EQ(Json::parse(named.out).at("epochs"), 4);
}

TEST(CliFollow, CountsAloneGetACountModel) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  std::string text = "a,b,c\n";
  for (int i = 0; i < 50; ++i)
    text += std::to_string(i % 7) + ',' + std::to_string(i * i % 30) + ',' + std::to_string(i % 3) + '\n';
  write(folder / "counts.csv", text);
  const auto trained =
      train_on(folder, "counts.csv",
               {"--epochs", "1", "--set", "model.encoder=[8]", "--set", "model.decoder=[8]", "--out", "run"});
  ASSERT_EQ(trained.code, 0) << trained.err;
  const Recipe recipe = Recipe::from_file(folder / "run/recipe.toml");
  EXPECT_EQ(recipe.model.likelihood, "negative-binomial");
  EXPECT_FALSE(recipe.data.standardize);
}

// Unix times have no more digits than a 32-bit float takes, and yet they differ.
TEST(CliFollow, DigitsBeyondAFloatsAreKept) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto table = [](long long offset) {
    std::string text = "a,b\n";
    for (int i = 0; i < 60; ++i)
      text += std::to_string(0.5 * (i % 7)) + ',' + std::to_string(offset + 3 * (i % 7) + i % 2) + '\n';
    return text;
  };
  write(folder / "near.csv", table(-5));
  write(folder / "far.csv", table(1600000000));
  const auto cost = [&](const std::string& name) {
    const auto result = train_on(folder, name + ".csv",
                                 {"--epochs", "2", "--set", "model.encoder=[8]", "--set", "model.decoder=[8]",
                                  "--out", name, "--json"});
    EXPECT_EQ(result.code, 0) << result.err;
    return Json::parse(result.out).at("train").at("elbo").get<double>();
  };
  EXPECT_NEAR(cost("far"), cost("near"), 1e-3);
  ASSERT_EQ(run_elbo({"reconstruct", "far", "--split", "all", "--out", "far.csv.out.csv", "--device",
                      device().name()},
                     in(folder))
                .code,
            0);
  EXPECT_SAYS(io::read_file(folder / "far.csv.out.csv", 1 << 20), ",16000000");
}

TEST(CliFollow, AnInfiniteFirstCostSpeaksOfTheDatasScale) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  std::string text = "a,\"large\"\n";
  for (int i = 0; i < 40; ++i)
    text += std::to_string(0.1 * (i % 7)) + ',' + std::to_string(0.5 + 1e20 * (i % 5)) + '\n';
  write(folder / "wide.csv", text);
  const auto result = run_elbo({"train", "digits", "--data", "wide.csv", "--set", "model.likelihood=gaussian",
                                "--out", "run", "--device", device().name(), "-q"},
                               in(folder));
  expect_complaint(result, 1, {"step 1", "large in scale", "\"large\"", "data.standardize = true"});
}

}  // namespace
}  // namespace elbo::test
