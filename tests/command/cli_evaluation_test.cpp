// elbo eval's scores of anomalies, probes of codes, annealing and collapse report; maps of codes.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <span>
#include <sstream>

#include "elbo/analysis.h"
#include "io/file.h"
#include "support/cli.h"
#include "tools/elbo/drawing/code_map.h"
#include "tools/elbo/reports/latent_report.h"

namespace elbo::test {
namespace {

using Json = nlohmann::json;

/// Writes rows of three columns to a CSV: normal rows on a line, every `rare`-th far off it and labelled
/// `anomaly`.
std::string evaluation_rows(const std::filesystem::path& file, int count, int rare,
                            const char* anomaly = "1") {
  std::string text = "a,b,c,label\n";
  for (int i = 0; i < count; ++i) {
    const double t = std::sin(1.7 * i);
    const bool odd = rare > 0 && i % rare == 0;
    char line[96];
    std::snprintf(line, sizeof line, "%.4f,%.4f,%.4f,%s\n", t, odd ? -3.0 * t : 2.0 * t, odd ? 4.0 : 0.5 * t,
                  odd ? anomaly : "0");
    text += line;
  }
  write(file, text);
  return file.string();
}

/// A run on rows of three columns, trained long enough to learn them.
std::string train_for_evaluation(const TempFolder& folder, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"--set", "data.test=0.2"});
  return train_columns(evaluation_rows(folder / "train.csv", 120, 0), folder / "run", more);
}

CommandResult eval(const std::string& run, std::vector<std::string> more) {
  more.insert(more.begin(), {"eval", run, "--device", device().name()});
  return run_elbo(more);
}

TEST(CliEvaluation, TellsAnomaliesAndWritesTheirScores) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = train_for_evaluation(folder);
  const auto rows = evaluation_rows(folder / "rows.csv", 60, 6);
  const auto json = Json::parse(eval(run, {"--data", rows, "--anomaly", "--json"}).out);
  EXPECT_EQ(json.at("anomalies"), 10);
  for (const char* score : {"elbo", "nll", "squared_error"})
    EXPECT_GT(json.at("auroc").at(score).get<double>(), 0.95) << score;

  const std::string scores = folder / "scores.csv";
  const auto text = eval(run, {"--data", rows, "--anomaly", "--scores", scores, "--nll-samples", "0"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_SAYS(text.out, "AUROC of 10 anomalies among 50");
  EXPECT_SAYS(text.out, "nats per example                     new\n");
  const auto table = io::read_file(scores);
  EXPECT_TRUE(table.starts_with("label,negative_elbo,squared_error\n1,"))
      << "no NLL of no samples: " << table;
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 61);
}

TEST(CliEvaluation, ScoresNeedNoLabelsButAnomaliesDo) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = train_for_evaluation(folder);
  write(folder / "plain.csv", "a,b,c\n1,2,3\n0,0,1\n");
  const std::string plain = folder / "plain.csv", scores = folder / "scores.csv";
  EXPECT_EQ(eval(run, {"--data", plain, "--scores", scores}).code, 0);
  EXPECT_TRUE(io::read_file(scores).starts_with("negative_elbo,nll,squared_error\n"));
  expect_complaint(eval(run, {"--data", plain, "--anomaly"}), 1, {"plain", "no labels", "--scores"});
  const auto normal = evaluation_rows(folder / "normal.csv", 9, 0),
             all = evaluation_rows(folder / "all.csv", 9, 1);
  expect_complaint(eval(run, {"--data", normal, "--anomaly"}), 1, {"normal", "both kinds"});
  expect_complaint(eval(run, {"--data", all, "--anomaly"}), 1, {"anomaly", "both kinds"});
  expect_complaint(eval(run, {"--data", plain, "--scores", "scores.txt"}), 2, {"scores.txt", ".csv"});
  expect_complaint(eval(run, {"--data", plain, "--scores", folder / "plain.csv/x.csv"}), 1, {"plain.csv"});
  expect_complaint(eval(run, {"--probe"}), 1, {"labelled 0"});
}

TEST(CliEvaluation, CallsDataNewThatTheModelWasNotTrainedOn) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = train_for_evaluation(folder);
  const std::string rows = evaluation_rows(folder / "rows.csv", 9, 0), out = folder / "codes.csv";
  const auto encoded = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"encode", run, "--out", out, "--device", device().name()});
    return run_elbo(more).out;
  };
  EXPECT_SAYS(encoded({"--data", rows}), "9 new examples encoded");
  EXPECT_SAYS(encoded({}), "24 test examples encoded");
  EXPECT_SAYS(encoded({"--split", "train"}), " train examples encoded");
  const std::string own = folder / "train.csv";
  EXPECT_SAYS(encoded({"--data", own, "--split", "train"}), " train examples encoded");
}

TEST(CliEvaluation, AnnealingAgreesWithImportanceWeighting) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = train_for_evaluation(folder);
  const auto json = Json::parse(
      eval(run, {"--nll-samples", "500", "--ais", "8", "--ais-steps", "40", "--ais-examples", "24", "--json"})
          .out);
  EXPECT_EQ(json.at("ais_examples"), 24);
  EXPECT_EQ(json.at("ais_examples_nll"), json.at("nll")) << "over all examples it is the same";
  const auto some = Json::parse(
      eval(run, {"--nll-samples", "5", "--ais", "1", "--ais-steps", "1", "--ais-examples", "10", "--json"})
          .out);
  EXPECT_NE(some.at("ais_examples_nll"), some.at("nll"));
  EXPECT_NEAR(json.at("ais_nll").get<double>(), json.at("nll").get<double>(), 0.3);
  EXPECT_GT(json.at("ais_acceptance").get<double>(), 0.2);
  EXPECT_GT(json.at("nll_effective_samples").get<double>(), 1.0);
  expect_complaint(eval(run, {"--ais", "4", "--ais-steps", "0"}), 2, {"ais-steps", "from 1"});
  expect_complaint(eval(run, {"--ais", "1000000", "--ais-steps", "1000000"}), 2, {"fewer chains or steps"});
  const auto plain = train_for_evaluation(folder, {"--set", "model.kind=autoencoder", "--force"});
  expect_complaint(eval(plain, {"--ais", "4"}), 2, {"--ais", "autoencoder"});
}

TEST(CliEvaluation, SaysWhatEachDimensionCarriesAndHowTheKlDivides) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = train_for_evaluation(folder);
  const auto json = Json::parse(eval(run, {"--json"}).out);
  ASSERT_EQ(json.at("kl_per_dimension").size(), 2u);
  const double kl = json.at("test").at("kl");
  EXPECT_NEAR(json.at("kl_per_dimension")[0].get<double>() + json.at("kl_per_dimension")[1].get<double>(), kl,
              1e-4);
  EXPECT_NEAR(json.at("mutual_information").get<double>() + json.at("aggregate_kl").get<double>(), kl, 1e-4);
  EXPECT_LE(json.at("mutual_information").get<double>(), std::log(24.0) + 1e-9);
  EXPECT_EQ(json.at("aggregate_examples"), 24);
  EXPECT_GT(json.at("mutual_information_error").get<double>(), 0.0);
  EXPECT_NEAR(json.at("mutual_information_limit").get<double>(), std::log(24.0), 1e-9);
  double reconstruction = 0.0;
  ASSERT_EQ(json.at("reconstruction_per_value").size(), 3u);
  for (const double cost : json.at("reconstruction_per_value")) reconstruction += cost;
  EXPECT_NEAR(reconstruction, json.at("test").at("reconstruction"), 1e-4);
  const auto text = eval(run, {});
  EXPECT_SAYS(text.out, "mutual information");
  EXPECT_SAYS(text.out, "KL of each latent dimension");
  EXPECT_SAYS(text.out, "Reconstruction of each value");
  EXPECT_SAYS(text.out, "  b  ");
}

// Columns' names are shown, whatever their length and characters; nothing is listed for pictures.
TEST(CliEvaluation, ListsWhatTheColumnsCost) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const std::string table = folder / "wide.csv", run = folder / "run";
  const std::string same(60, 'n');
  std::ostringstream text;
  text << "größe,\x01\x02," << same << "1," << same << "2";
  for (int j = 4; j < 60; ++j) text << ",c" << j;
  for (int i = 0; i < 20; ++i) {
    text << '\n';
    for (int j = 0; j < 60; ++j) text << (j ? "," : "") << (j < 4 ? i * (9 - j) % 7 : 0);
  }
  text << '\n';
  write(table, text.str());
  ASSERT_EQ(run_elbo(small_training({"--data", table, "--out", run, "--epochs", "1", "--set",
                                     "model.likelihood=gaussian", "--quiet"}))
                .code,
            0);
  const auto listed = eval(run, {}).out;
  for (const char* part : {" größe  ", " \\x01\\x02  ", " nnnnnnnnnnn…nnnnnnnnnnn1  ",
                           " nnnnnnnnnnn…nnnnnnnnnnn2  ", "  and 10 with less\n"})
    EXPECT_SAYS(listed, part);
  const std::string pictures = write_pictures(folder / "pictures", 20, 4), seen = folder / "seen";
  ASSERT_EQ(run_elbo(small_training({"--data", pictures, "--out", seen, "--epochs", "1", "--quiet"})).code,
            0);
  const auto without = eval(seen, {}).out;
  EXPECT_SAYS(without, "KL of each latent dimension");
  EXPECT_EQ(without.find("each value"), std::string::npos);
}

TEST(CliEvaluation, AVeryLargeBetaCollapsesAndIsReported) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = (folder / "run").string();
  const auto trained = run_elbo(
      small_training({"--data", evaluation_rows(folder / "x.csv", 60, 0), "--out", run, "--epochs", "60",
                      "--batch", "20", "--set", "objective.beta=1000", "--set", "model.latent=3", "--set",
                      "train.learning_rate=0.02", "--set", "model.likelihood=gaussian", "--quiet"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_SAYS(trained.out, "Posterior collapse");
  EXPECT_SAYS(trained.out, "lower objective.beta (now 1000)");
  const auto json = Json::parse(eval(run, {"--json"}).out);
  EXPECT_EQ(json.at("dead_units").size(), 3u);
  EXPECT_SAYS(json.at("collapse").at(0).get<std::string>(), "Posterior collapse");
}

TEST(CliEvaluation, SeveralSeedsEndWithTheReportOfTheLast) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto trained = run_elbo(small_training(
      {"latent-2d", "--out", (folder / "runs").string(), "--repeat", "2", "--epochs", "1", "--quiet"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  const auto report = Json::parse(io::read_file(folder / "runs/seed-2/result.json"))
                          .at("collapse")
                          .get<std::vector<std::string>>();
  EXPECT_EQ(trained.out.find("The last seed: ") != std::string::npos, !report.empty());
  for (const auto& line : report) EXPECT_SAYS(trained.out, line);
}

TEST(CollapseReport, IsSilentWhereNothingIsWrongAndShortElsewhere) {
  Recipe recipe;
  Evaluation evaluation;
  evaluation.examples = 100;
  evaluation.terms.kl = 5.02;
  evaluation.units = {{3.0, 0.8}, {2.0, 0.5}};
  EXPECT_TRUE(command::collapse_report(recipe, evaluation).empty());
  evaluation.units.push_back({0.02, 0.001});
  const auto partial = command::collapse_report(recipe, evaluation);
  ASSERT_EQ(partial.size(), 2u);
  EXPECT_SAYS(partial[0], "1 of 3 latent dimensions is dead (z2): 0.02 of 5.02 nats");
  EXPECT_SAYS(partial[1], "model.latent=2");
  evaluation.units = {{0.2, 0.02}, {2.0, 0.001}};
  evaluation.terms.kl = 2.2;
  EXPECT_SAYS(command::collapse_report(recipe, evaluation).at(1), "Train for longer");
  evaluation.units = {{0.001, 0.0}, {0.002, 0.001}};
  EXPECT_SAYS(command::collapse_report(recipe, evaluation).at(0), "all latent dimensions are dead");
  evaluation.units.assign(30, {0.0, 0.0});
  evaluation.units[0].mean_variance = 1.0;
  EXPECT_SAYS(command::collapse_report(recipe, evaluation).at(0), "z12 and 17 more");
  recipe.model.kind = "autoencoder";
  EXPECT_TRUE(command::collapse_report(recipe, evaluation).empty());
  recipe.model.kind = "vae";
  evaluation.examples = 1;
  EXPECT_TRUE(command::collapse_report(recipe, evaluation).empty()) << "one mean never varies";
}

// A mixture's KL has no parts to report.
TEST(CollapseReport, SaysNothingOfPartsThatTheKlDoesNotHave) {
  Recipe recipe;
  recipe.model.prior = "vamp";
  Evaluation evaluation;
  evaluation.examples = 100;
  evaluation.terms.kl = 5.0;
  evaluation.units = {{0.0, 0.8}, {0.0, 0.5}, {0.0, 0.001}};
  const auto report = command::collapse_report(recipe, evaluation);
  ASSERT_EQ(report.size(), 2u);
  EXPECT_SAYS(report[0],
              "1 of 3 latent dimensions is dead (z2): the posterior means there hardly move with x.");
  EXPECT_SAYS(report[1], "objective.capacity");
  EXPECT_EQ(report[1].find("free_bits"), std::string::npos) << report[1];
  command::Json json = command::Json::object();
  command::add_latents(json, recipe, evaluation, std::nullopt);
  EXPECT_TRUE(json.at("kl_per_dimension").is_null());
}

// The advice excludes settings that a recipe refuses or already has.
TEST(CollapseReport, SaysWhatTheRecipeCanChange) {
  Evaluation evaluation;
  evaluation.examples = 100;
  evaluation.units.assign(2, {0.0, 0.0});
  const auto advice = [&](auto change) {
    Recipe recipe;
    change(recipe.objective);
    return command::collapse_report(recipe, evaluation).at(1);
  };
  const auto lacks = [](const std::string& text, const std::string& part) {
    EXPECT_EQ(text.find(part), std::string::npos) << text;
  };
  const auto plain = advice([](ObjectiveSettings&) {});
  EXPECT_SAYS(plain, "lower objective.beta (now 1), set objective.warmup_epochs or set objective.free_bits;");
  const auto weighted = advice([](ObjectiveSettings& o) { o.kind = "iwae"; });
  EXPECT_SAYS(weighted, "raise objective.samples (now 1)");
  lacks(weighted, "free_bits");
  const auto bounded = advice([](ObjectiveSettings& o) { o.capacity = 2.0; });
  EXPECT_SAYS(bounded, "raise objective.capacity (now 2)");
  lacks(bounded, "free_bits");
  const auto cycled = advice([](ObjectiveSettings& o) { o.cycles = 2, o.free_bits = 0.1; });
  lacks(cycled, "warmup_epochs");
  EXPECT_SAYS(cycled, "raise objective.free_bits (now 0.1)");
  lacks(advice([](ObjectiveSettings& o) { o.beta = 0.0; }), "beta");
}

TEST(CliEvaluation, ProbesAndMapsCodesOfLabelledPictures) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto data = write_pictures(folder / "pictures", 90, 30);
  const auto run = (folder / "run").string();
  const auto trained =
      run_elbo(small_training({"--data", data, "--out", run, "--epochs", "10", "--batch", "10", "--set",
                               "data.validation=0", "--set", "model.latent=4", "--quiet"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  const auto json = Json::parse(eval(run, {"--probe", "--json"}).out);
  EXPECT_SAYS(eval(run, {"--probe"}).out, "Accuracy on 3 labels");
  expect_complaint(eval(run, {"--probe", "--split", "train"}), 1, {"--probe", "data.test"});

  const auto encode = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"encode", run, "--device", device().name()});
    return run_elbo(more);
  };
  const auto codes = [&](const char* split) {
    const std::string file = folder / (std::string(split) + ".npy");
    EXPECT_EQ(encode({"--split", split, "--out", file}).code, 0);
    const auto read = load_dataset(file).train;
    return to_table(read, 0, read.count);
  };
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 90; ++i) labels.push_back(i % 3);
  const auto quality = code_quality(codes("train"), labels, codes("test"), std::span(labels).first(30));
  EXPECT_EQ(json.at("linear_probe_accuracy").get<double>(), quality.linear_probe);
  EXPECT_EQ(json.at("nearest_neighbour_accuracy").get<double>(), quality.nearest_neighbours);

  const std::string png = folder / "codes.png", svg = folder / "codes.svg", table = folder / "map.csv";
  EXPECT_EQ(encode({"--out", png}).code, 0);
  EXPECT_TRUE(io::read_file(png).starts_with("\x89PNG"));
  const auto drawn = encode({"--out", svg, "--map", "pca"});
  EXPECT_EQ(drawn.code, 0) << drawn.err;
  const auto document = io::read_file(svg);
  EXPECT_TRUE(document.starts_with("<svg ") && document.ends_with("</svg>\n"));
  EXPECT_SAYS(document, "component 1, ");
  EXPECT_SAYS(document, "test data of pictures");
  std::size_t dots = 0;
  for (auto at = document.find("<circle"); at != std::string::npos; at = document.find("<circle", at + 1))
    ++dots;
  EXPECT_GE(dots, 3u + 20u) << "a legend and the points but for the outermost";
  EXPECT_LE(dots, 3u + 30u);
  EXPECT_EQ(encode({"--out", table, "--map", "tsne", "-n", "12"}).code, 0);
  const auto points = load_dataset(table).train;
  EXPECT_EQ(points.count, 12);
  EXPECT_EQ(points.dims, 2);
  EXPECT_TRUE(io::read_file(table).starts_with("label,tsne0,tsne1\n"));
  ASSERT_EQ(points.labels.size(), 12u);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(points.labels[i], static_cast<int>(i * 30 / 12 % 3)) << i;
  EXPECT_EQ(encode({"--out", table, "-n", "7"}).code, 0);
  EXPECT_EQ(load_dataset(table).train.dims, 4);
  EXPECT_EQ(load_dataset(table).train.count, 7);

  expect_complaint(encode({"--out", png, "--map", "umap"}), 2, {"umap", "tsne"});
  expect_complaint(encode({"--out", png, "--map", "none"}), 2, {"4 dimensions", "--map pca"});
  expect_complaint(encode({"--out", png, "--log-variance"}), 2, {"--log-variance", "tables"});
  expect_complaint(encode({"--out", png, "-n", "3"}), 1, {"four rows"});
  expect_complaint(encode({"--out", folder / "codes.png/x.svg", "--map", "pca"}), 1, {"codes.png"});
}

TEST(CodeMap, OfOneDimensionIsALine) {
  const auto panel = command::lay_out(Table{3, 1, {1, 2, 4}}, "pca");
  EXPECT_EQ(panel.points.cols, 2);
  EXPECT_EQ(panel.points.values[1], 0.0f);
  EXPECT_EQ(panel.x_axis, "component 1, 100 % of variance");
  EXPECT_EQ(panel.y_axis, "");
}

}  // namespace
}  // namespace elbo::test
