// elbo anomalies: scores, percentiles, thresholds, and what makes rows and pictures strange.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

#include "io/file.h"
#include "support/cli.h"
#include "tools/elbo/drawing/anomaly_picture.h"
#include "tools/elbo/drawing/pictures.h"
#include "tools/elbo/reports/anomaly_report.h"
#include "tools/elbo/reports/value_text.h"

namespace elbo::test {
namespace {

using Json = nlohmann::json;

/// Rows with ids: normal ones on a line, every `rare`-th off it in column `c` alone, labelled odd.
std::string write_rows(const std::filesystem::path& file, int count, int rare) {
  std::string text = "id,a,b,c,label\n";
  for (int i = 0; i < count; ++i) {
    const double t = std::sin(1.7 * i);
    const bool odd = rare > 0 && i % rare == 0;
    char line[96];
    std::snprintf(line, sizeof line, "r%d,%.4f,%.4f,%.4f,%s\n", i, t, 2.0 * t, odd ? 6.0 + 0.01 * i : 0.5 * t,
                  odd ? "odd" : "normal");
    text += line;
  }
  write(file, text);
  return file.string();
}

/// A run on 160 normal rows, 40 of them held out.
std::string train_rows(const TempFolder& folder, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"--set", "data.validation=0.25"});
  return train_columns(write_rows(folder / "train.csv", 160, 0), folder / "run", more);
}

CommandResult anomalies(const std::string& run, std::vector<std::string> more) {
  more.insert(more.begin(), {"anomalies", run, "--device", device().name()});
  return run_elbo(more);
}

/// The scores that the library gives, −ELBO of 64 samples.
std::vector<double> own_scores(const Model& model, const Examples& examples) {
  return model.scores(examples, 64).negative_elbo;
}

TEST(CliAnomalies, ComparesRowsWithTheRunsHeldOutOnes) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = train_rows(folder), rows = write_rows(folder / "rows.csv", 60, 6);
  const std::string scores = folder / "scores.csv";
  const auto result = anomalies(run, {"--data", rows, "--json", "-n", "10", "--out", scores});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.err, "label normal is taken for normal");
  const auto json = Json::parse(result.out);
  const Model model = Model::load(run, device());
  const Dataset own = load_dataset(model.recipe(), &model);
  ASSERT_EQ(own.validation.count, 40);
  const std::vector<double> normal = own_scores(model, own.validation);
  EXPECT_EQ(json.at("compared_with").at("split"), "validation");
  EXPECT_EQ(json.at("compared_with").at("examples"), 40);
  EXPECT_EQ(json.at("rule"), "normal_quantile");
  EXPECT_NEAR(json.at("threshold").get<double>(), quantile(normal, 0.95), 1e-9);
  EXPECT_EQ(json.at("anomalies"), 10);
  EXPECT_GT(json.at("auroc").at("elbo").get<double>(), 0.99);
  EXPECT_GT(json.at("average_precision").at("elbo").get<double>(), 0.99);

  std::int64_t flagged = 0;
  ASSERT_EQ(json.at("rows").size(), 60u);
  for (const auto& row : json.at("rows")) {
    const double score = row.at("score");
    EXPECT_EQ(row.at("flagged").get<bool>(), score > json.at("threshold").get<double>());
    EXPECT_NEAR(row.at("percentile").get<double>(), percentile_ranks(std::vector{score}, normal)[0], 1e-9);
    flagged += row.at("flagged").get<bool>();
  }
  EXPECT_EQ(json.at("flagged"), flagged);
  EXPECT_EQ(json.at("rows")[6].at("id"), "r6");
  EXPECT_EQ(json.at("rows")[6].at("line"), 8);
  for (const auto& row : json.at("top")) {
    EXPECT_EQ(row.at("label"), "odd") << row;
    EXPECT_EQ(row.at("flagged"), true);
    EXPECT_EQ(row.at("columns").size(), 3u);
    EXPECT_EQ(row.at("columns")[0].at("column"), "c") << row;
    EXPECT_TRUE(row.at("columns")[0].at("value").get<std::string>().starts_with("6")) << row;
    EXPECT_GT(row.at("columns")[0].at("above_average").get<double>(), 10.0);
  }
  const auto table = io::read_file(scores);
  EXPECT_TRUE(table.starts_with("line,id,label,negative_elbo,percentile,flagged\n2,r0,odd,")) << table;
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 61);
}

TEST(CliAnomalies, FlagsTheShareThatIsAskedFor) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = train_rows(folder), rows = write_rows(folder / "rows.csv", 60, 6);
  const auto json = Json::parse(anomalies(run, {"--data", rows, "--contamination", "0.1", "--json"}).out);
  EXPECT_EQ(json.at("rule"), "contamination");
  EXPECT_EQ(json.at("contamination"), 0.1);
  EXPECT_EQ(json.at("flagged"), 6);
  std::vector<double> scores;
  for (const auto& row : json.at("rows")) scores.push_back(row.at("score"));
  EXPECT_NEAR(json.at("threshold").get<double>(), quantile(scores, 0.9), 1e-9);

  const auto text = anomalies(run, {"--data", rows, "-n", "2", "--normal-quantile", "0.5"});
  ASSERT_EQ(text.code, 0) << text.err;
  EXPECT_SAYS(text.out, "40 validation examples of ");
  EXPECT_SAYS(text.out, ": above 50 % of those (--normal-quantile)");
  EXPECT_SAYS(text.out, "AUROC of 10 anomalies among 50 normal examples; average precision");
  EXPECT_SAYS(text.out, "        c = 6.");
  EXPECT_SAYS(text.out, "100.0  flagged\n");
}

// Without the run's own data examples are compared with each other, if the threshold is theirs alone.
TEST(CliAnomalies, NeedsTheRunsDataOrAContamination) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = train_rows(folder), rows = write_rows(folder / "rows.csv", 60, 6);
  std::filesystem::remove(folder / "train.csv");
  expect_complaint(anomalies(run, {"--data", rows}), 1, {"train.csv", "--contamination"});
  const auto result = anomalies(run, {"--data", rows, "--contamination", "0.2", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.err, "compared with each other");
  const auto json = Json::parse(result.out);
  EXPECT_TRUE(json.at("compared_with").is_null());
  EXPECT_EQ(json.at("flagged"), 12);
  EXPECT_EQ(json.at("top")[0].at("percentile"), 100.0) << "of the 50 that are normal";
}

TEST(CliAnomalies, SaysWhyThereIsNoAuroc) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = train_rows(folder);
  const auto normal = anomalies(run, {"--data", write_rows(folder / "normal.csv", 20, 0), "--json"});
  EXPECT_SAYS(normal.err, "all 20 labels are normal");
  EXPECT_FALSE(Json::parse(normal.out).contains("auroc"));
  write(folder / "plain.csv", "a,b,c\n0.1,0.2,0.05\n5,5,5\n");
  const auto plain = Json::parse(anomalies(run, {"--data", folder / "plain.csv", "--json"}).out);
  EXPECT_FALSE(plain.contains("auroc"));
  EXPECT_EQ(plain.at("top")[0].at("line"), 3);
  EXPECT_FALSE(plain.at("top")[0].contains("label"));
}

/// The rows of `file` with another name for their label, and a further column.
std::string with_verdict(const std::string& file, const std::filesystem::path& to) {
  std::string text = io::read_file(file);
  text.replace(text.find("label"), 5, "verdict");
  write(to, text);
  return to.string();
}

TEST(CliAnomalies, LaterLabelsAreFoundByTheNormalOneOrNamed) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = train_rows(folder);
  const auto rows = with_verdict(write_rows(folder / "rows.csv", 60, 6), folder / "later.csv");
  EXPECT_FALSE(Json::parse(anomalies(run, {"--data", rows, "--json"}).out).contains("auroc"));
  const auto found = anomalies(run, {"--data", rows, "--normal", "normal", "--json"});
  ASSERT_EQ(found.code, 0) << found.err;
  EXPECT_SAYS(found.err, "labels from \"verdict\", which holds \"normal\": normal 50, odd 10\n");
  EXPECT_GT(Json::parse(found.out).at("auroc").at("elbo").get<double>(), 0.99);
  for (const auto& naming : {std::vector<std::string>{"--label", "verdict"},
                             std::vector<std::string>{"--set", "data.label=verdict"}}) {
    auto arguments = naming;
    arguments.insert(arguments.end(), {"--data", rows, "--json"});
    const auto named = anomalies(run, arguments);
    ASSERT_EQ(named.code, 0) << named.err;
    EXPECT_EQ(Json::parse(named.out).at("auroc"), Json::parse(found.out).at("auroc"));
  }
  const auto evaluated = run_elbo({"eval", run, "--data", rows, "--anomaly", "--normal", "normal", "--device",
                                   device().name(), "--json"});
  ASSERT_EQ(evaluated.code, 0) << evaluated.err;
  EXPECT_EQ(Json::parse(evaluated.out).at("anomalies"), 10);
  expect_complaint(anomalies(run, {"--data", rows, "--label", "verdikt"}), 2,
                   {"data.label", "\"verdikt\"", "\"verdict\""});
  expect_complaint(anomalies(run, {"--data", rows, "--set", "data.drop=[\"a\"]"}), 2,
                   {"data.drop", "would change nothing", "data.decimal"});
  EXPECT_EQ(anomalies(run, {"--data", rows, "--set", "data.label = verdict"}).code, 0);
  expect_complaint(anomalies(run, {"--data", rows, "--set", "data.id=plant"}), 2, {"data.id", "\"plant\""});
}

TEST(CliAnomalies, MistakesAreNamed) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = train_rows(folder, {"--set", "model.kind=autoencoder"});
  expect_complaint(anomalies(run, {"--contamination", "0.7"}), 2, {"--contamination 0.7", "0.5"});
  expect_complaint(anomalies(run, {"--normal-quantile", "1"}), 2, {"--normal-quantile 1"});
  expect_complaint(anomalies(run, {"--contamination", "0.1", "--normal-quantile", "0.9"}), 2,
                   {"contamination", "normal-quantile"});
  expect_complaint(anomalies(run, {"--score", "square_error"}), 2, {"\"squared_error\""});
  expect_complaint(anomalies(run, {"--score", "nll"}), 2, {"--score nll", "autoencoder"});
  expect_complaint(anomalies(run, {"--out", "scores.txt"}), 2, {"scores.txt", ".csv"});
  expect_complaint(anomalies(run, {"--picture", "x.png"}), 2, {"--picture", "no pictures"});
  expect_complaint(anomalies(run, {"--normal", "fine"}), 2, {"--normal fine", "no example"});
  const auto json = Json::parse(anomalies(run, {"--json", "--split", "train"}).out);
  EXPECT_EQ(json.at("score"), "squared_error") << "an autoencoder has no other";
}

TEST(CliAnomalies, DrawsPicturesBesideWhatTheirPixelsCost) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto data = write_pictures(folder / "pictures", 40, 12), run = (folder / "run").string();
  ASSERT_EQ(run_elbo(small_training({"--data", data, "--out", run, "--epochs", "1", "--set",
                                     "data.validation=0", "--quiet"}))
                .code,
            0);
  const auto text = anomalies(run, {"-n", "4"});
  ASSERT_EQ(text.code, 0) << text.err;
  EXPECT_SAYS(text.out, "anomalies.png: these 4");
  EXPECT_SAYS(text.out, "train examples of ");
  EXPECT_SAYS(text.out, "which were trained on");
  EXPECT_SAYS(text.err, "--normal LABEL");
  EXPECT_TRUE(io::read_file(run + "/anomalies.png").starts_with("\x89PNG"));
  const std::string file = folder / "odd.png";
  const auto json = Json::parse(anomalies(run, {"--picture", file, "--json", "--normal", "2"}).out);
  EXPECT_EQ(json.at("picture"), file);
  EXPECT_EQ(json.at("anomalies"), 8);
  EXPECT_FALSE(json.at("top")[0].contains("columns"));
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST(AnomalyReport, NamesTheValuesThatCostMostAboveTheirAverage) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  command::AnomalyReport report;
  report.costs = Table{1, 4, {5.0f, 1.0f, NAN, 3.0f}};
  report.normals.usual = {4.75, 0.0, 2.0, kNone};
  const auto values = command::costliest(report, 0, 9);
  ASSERT_EQ(values.size(), 3u) << "a missing value costs nothing";
  EXPECT_EQ(values[0].value, 3) << "a value that was never there has no average";
  EXPECT_EQ(values[1].value, 1);
  EXPECT_EQ(values[2].value, 0);
  EXPECT_EQ(values[2].cost, 5.0);
  EXPECT_EQ(values[2].above, 0.25);
  EXPECT_EQ(command::costliest(report, 0, 2).size(), 2u);
}

TEST(ValueText, IsWhatTheOwnerWrote) {
  const Column plan{"plan", ColumnKind::categorical, {"basic", "pro"}}, day{"day", ColumnKind::date, {}};
  EXPECT_EQ(command::value_text(plan, 1.0), "pro");
  EXPECT_EQ(command::value_text(day, 0.0), "1970-01-01");
  EXPECT_EQ(command::value_text(day, 19753.25), "2024-01-31");
  Column instant;
  instant.kind = ColumnKind::date;
  instant.origin = 19753.0;
  instant.has_times = true;
  EXPECT_EQ(command::value_text(instant, 0.5), "2024-01-31T12:00:00");
  Column far;
  far.origin = 1600000000.0;
  EXPECT_EQ(command::value_text(far, 7.0), "1600000007");
  EXPECT_EQ(command::value_text(day, -1.0), "1969-12-31");
  EXPECT_EQ(command::value_text(Column{}, 2.5), "2.5");
  EXPECT_EQ(command::value_text(Column{}, NAN), "missing");
}

TEST(AnomalyPicture, IsWhiteWhereAPixelCostsMost) {
  const PictureShape shape{2, 2, 1};
  const Table picture{1, 4, {0.0f, 1.0f, 0.5f, 0.0f}};
  const Table costs{1, 4, {3.0f, 2.0f, NAN, 1.0f}};
  const auto canvas = command::draw_costs(picture, picture, costs, {1.0, 1.5, 0.0, 5.0}, shape);
  const std::int64_t scale = command::enlargement(shape), left = 16;
  const std::int64_t height = canvas.height() - 16;  // the map is the last row
  const auto pixel = [&](std::int64_t x, std::int64_t y) {
    return canvas.at(left + x * scale, height - (2 - y) * scale).red;
  };
  EXPECT_EQ(pixel(0, 0), 255) << "2 above its average";
  EXPECT_EQ(pixel(1, 0), 64) << "a quarter of that";
  EXPECT_EQ(pixel(0, 1), 0) << "missing";
  EXPECT_EQ(pixel(1, 1), 0) << "below its average";
  EXPECT_THROW(command::draw_costs(picture, picture, Table{1, 3, {1, 2, 3}}, {0, 0, 0, 0}, shape),
               ShapeError);
}

}  // namespace
}  // namespace elbo::test
