// elbo data show, and a table on standard input.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>

#include "io/file.h"
#include "support/cli.h"
#include "support/file_formats.h"

namespace elbo::test {
namespace {

using Json = nlohmann::json;

std::string write_customers(const std::filesystem::path& file) {
  std::string text = "customer_id,age,plan,since,comment,class\n";
  for (int i = 0; i < 30; ++i) {
    text += std::to_string(100 + i) + "," + (i == 4 ? "" : std::to_string(20 + i)) + "," +
            (i % 3 == 0   ? "professional"
             : i % 3 == 1 ? "basic"
                          : "team") +
            ",2024-01-" + (i < 9 ? "0" : "") + std::to_string(i + 1) + ",text " + std::to_string(i) + "," +
            (i % 5 == 0 ? "left" : "stayed") + "\n";
  }
  write(file, text);
  return file.string();
}

/// Expects no line to be longer than 80 characters.
void expect_narrow(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

TEST(CliData, ShowsEachColumnOfATable) {
  const TempFolder folder;
  const auto file = write_customers(folder / "customers.csv");
  CommandSettings here;
  here.folder = folder.path().string();
  const auto shown = run_elbo({"data", "show", "customers.csv"}, here);
  ASSERT_EQ(shown.code, 0) << shown.err;
  expect_narrow(shown.out);
  EXPECT_SAYS(shown.out, "customers.csv: 6 columns, 3 with values; 30 rows\n");
  EXPECT_SAYS(shown.out, "customer_id    id                30       0 by its name, and no cell occurs\n");
  EXPECT_SAYS(shown.out, "age            numeric           29       1       20       49");
  EXPECT_SAYS(shown.out, "3 levels: basic 10,\n");
  EXPECT_SAYS(shown.out, "2024-01-01 to 2024-01-30,\n");
  EXPECT_SAYS(shown.out, "text that differs in every row\n");
  EXPECT_SAYS(shown.out, "2 labels: stayed 24, left 6; by its");
  EXPECT_EQ(shown.out.find("\nlabel  "), std::string::npos) << "its column says it all";

  const auto split = run_elbo({"data", "show", file, "--set", "data.test=0.2", "--set", "data.label=plan"});
  EXPECT_SAYS(split.out, "24 rows to train, 6 rows to test");
  EXPECT_SAYS(split.out, "team 10; by\n");
  EXPECT_SAYS(split.out, "\nlabel                             train        test\n");

  const auto json = Json::parse(run_elbo({"data", "show", file, "--json"}).out);
  EXPECT_EQ(json.at("values"), 3);
  EXPECT_EQ(json.at("splits").at(0).at("examples"), 30);
  const auto& columns = json.at("columns");
  ASSERT_EQ(columns.size(), 6u);
  EXPECT_EQ(columns[0].at("why"), "its name, and no cell occurs twice");
  EXPECT_EQ(columns[1].at("missing"), 1);
  EXPECT_EQ(columns[1].at("max"), 49.0);
  EXPECT_EQ(columns[2].at("levels").size(), 3u);
  EXPECT_EQ(columns[3].at("last"), "2024-01-30");
  EXPECT_EQ(columns[5].at("levels")[0], Json({{"level", "stayed"}, {"count", 24}}));
}

TEST(CliData, ShowsPicturesAndTheirLabels) {
  const TempFolder folder;
  const auto data = write_pictures(folder / "pictures", 30, 12);
  const auto shown = run_elbo({"data", "show", data});
  ASSERT_EQ(shown.code, 0) << shown.err;
  EXPECT_SAYS(shown.out, ": pictures, 5 x 6, grey, bytes that stand for byte/255\n");
  EXPECT_SAYS(shown.out, "train                            30       0        0");
  EXPECT_SAYS(shown.out, "0                                    10           4\n");
  EXPECT_EQ(shown.out.find("column"), std::string::npos);
  const auto json = Json::parse(run_elbo({"data", "show", data, "--json"}).out);
  EXPECT_EQ(json.at("picture"), Json({{"height", 6}, {"width", 5}, {"channels", 1}}));
  EXPECT_EQ(json.at("splits").at(1).at("labels").size(), 3u);
  EXPECT_EQ(json.at("type"), "bytes");
  EXPECT_FALSE(json.contains("columns"));
}

// Pictures of several sizes and kinds in two classes, and a file that is none.
std::string write_photos(const std::filesystem::path& folder) {
  for (int i = 0; i < 6; ++i) {
    const std::string name = "p" + std::to_string(i) + ".png";
    write(folder / (i % 3 == 0 ? "train/cat" : "train/dog") / name, png(6 + i % 2, 4, i == 5 ? 3 : 1, i));
  }
  write(folder / "test/cat/q.png", png(6, 4, 1));
  write(folder / "train/cat/readme.txt", "no picture");
  return folder.string();
}

TEST(CliData, ShowsAFolderOfPicturesOfAllSizes) {
  const TempFolder folder;
  const auto photos = write_photos(folder / "photos");
  write(folder / "photos/train/dog/bad.png", "no picture");
  const auto shown = run_elbo({"data", "show", photos});
  ASSERT_EQ(shown.code, 0) << shown.err;
  EXPECT_SAYS(shown.out, "photos: 7 pictures\n");
  EXPECT_SAYS(shown.out, "train         6\n");
  EXPECT_SAYS(shown.out, "test          1\n");
  EXPECT_SAYS(shown.out, "6 x 4           grey               4\n");
  EXPECT_SAYS(shown.out, "7 x 4           grey               2\n");
  EXPECT_SAYS(shown.out, "7 x 4           3 channels         1\n");
  EXPECT_SAYS(shown.out, "cat                                   2           1\n");
  EXPECT_SAYS(shown.out, "dog                                   4           0\n");
  EXPECT_SAYS(shown.out, "1 file cannot be read:\n  ");
  EXPECT_SAYS(shown.out, "bad.png: not a PNG");
  EXPECT_SAYS(shown.out, "Not to be trained on as they are:");
  EXPECT_SAYS(shown.out, "data.skip_bad");
  EXPECT_SAYS(shown.err, "1 files that are no pictures were left out: \"readme.txt\"");

  const auto json = Json::parse(run_elbo({"data", "show", photos, "--json"}).out);
  EXPECT_EQ(json.at("sizes")[0], Json({{"height", 4}, {"width", 6}, {"channels", 1}, {"pictures", 4}}));
  EXPECT_EQ(json.at("unread").size(), 1u);
  EXPECT_EQ(json.at("splits")[0].at("labels")[0], Json({{"label", "dog"}, {"count", 4}}));
  EXPECT_TRUE(json.at("problem").is_string());

  std::filesystem::remove(folder / "photos/train/dog/bad.png");
  EXPECT_SAYS(run_elbo({"data", "show", photos}).out, "data.picture_size");
  const auto resized = run_elbo({"data", "show", photos, "--set", "data.picture_size=4"});
  ASSERT_EQ(resized.code, 0) << resized.err;
  EXPECT_SAYS(resized.out, "photos: pictures, 4 x 4, 3 channels, bytes");
  EXPECT_SAYS(resized.out, "6 x 4           grey               4\n");
  EXPECT_EQ(resized.out.find("Not to be trained"), std::string::npos);
  EXPECT_FALSE(Json::parse(run_elbo({"data", "show", photos, "--set", "data.picture_size=4", "--json"}).out)
                   .contains("problem"));
  expect_complaint(run_elbo({"data", "show", photos, "--set", "data.resize=big"}), 2, {"data.resize"});
}

TEST(CliData, ShowTakesSettingsOfDataAlone) {
  const TempFolder folder;
  const auto file = write_customers(folder / "customers.csv");
  expect_complaint(run_elbo({"data", "show", file, "--set", "model.latent=3"}), 2,
                   {"model.latent=3", "would change nothing"});
  expect_complaint(run_elbo({"data", "show", file, "--set", "data.name=digits"}), 2, {"data.name=digits"});
  expect_complaint(run_elbo({"data", "show", file, "--set", "data.labl=plan"}), 2, {"\"data.label\""});
  expect_complaint(run_elbo({"data", "show", "dgits"}), 2, {"\"digits\""});
  expect_complaint(run_elbo({"data", "show", file, "--set", "data.label=nobody"}), 2, {"nobody"});
}

TEST(CliData, ATableMayComeFromStandardInput) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto file = write_customers(folder / "customers.csv");
  const std::string run = folder / "run", scores = folder / "scores.csv";
  CommandSettings piped;
  piped.standard_input = file;
  const auto shown = run_elbo({"data", "show", "-"}, piped);
  EXPECT_SAYS(shown.out, "-: 6 columns, 3 with values; 30 rows\n");
  const auto trained = run_elbo(
      small_training({"--data", "-", "--out", run, "--epochs", "1", "--set", "data.validation=0.2", "--set",
                      "data.columns=[\"age\", \"since\"]", "--set", "data.standardize=true", "--set",
                      "model.likelihood=gaussian", "--set", "data.missing=mask", "--quiet"}),
      piped);
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_SAYS(trained.err, "standard input: 30 rows, 2 columns");
  // Another table, not the training's own with its splits.
  const auto scored =
      run_elbo({"eval", run, "--data", "-", "--scores", scores, "--device", device().name()}, piped);
  ASSERT_EQ(scored.code, 0) << scored.err;
  const auto table = io::read_file(scores);
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 31);
  expect_complaint(run_elbo({"anomalies", run, "--data", "-", "--device", device().name()}, piped), 1,
                   {"standard input", "--contamination"});
  expect_complaint(run_elbo({"data", "show", "-"}), 1, {"standard input"});
}

}  // namespace
}  // namespace elbo::test
