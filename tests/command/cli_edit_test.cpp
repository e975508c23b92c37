// elbo edit: codes moved towards another class, along a dimension, and from one example to another.

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "io/file.h"
#include "support/cli.h"
#include "support/file_formats.h"

namespace elbo::test {
namespace {

constexpr int kRows = 60;

/// Rows of three columns, two numbers and a level, in two named classes that differ in all of them.
std::string write_classes(const std::filesystem::path& file, bool labels) {
  std::string text = labels ? "a,b,plan,label\n" : "a,b,plan\n";
  for (int i = 0; i < kRows; ++i) {
    const bool storm = i % 2 == 1;
    const double t = std::sin(1.3 * i);
    char line[96];
    std::snprintf(line, sizeof line, "%.3f,%.3f,%s", 0.3 * t + (storm ? 2.0 : -2.0), t,
                  storm ? "high" : "low");
    text += line;
    text += labels ? (storm ? ",storm\n" : ",calm\n") : "\n";
  }
  return write(file, text).string();
}

/// A run on all rows, by settings that follow the table: a likelihood for each column.
std::string train_classes(const TempFolder& folder, bool labels = true) {
  const std::string run = folder / "run";
  const auto trained = run_elbo(
      small_training({"--data", write_classes(folder / "train.csv", labels), "--out", run, "--epochs", "60",
                      "--batch", "20", "--set", "model.latent=2", "--set", "data.validation=0", "--set",
                      "train.patience=0", "--set", "train.learning_rate=0.01", "--quiet"}));
  EXPECT_EQ(trained.code, 0) << trained.err;
  return run;
}

CommandResult edit(const std::string& run, std::vector<std::string> more) {
  more.insert(more.begin(), {"edit", run, "--device", device().name()});
  return run_elbo(more);
}

std::vector<std::string> lines_of(const std::string& file) {
  std::istringstream text(io::read_file(file));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

/// The fields of a line.
std::vector<std::string> fields(const std::string& line) {
  std::istringstream text(line);
  std::vector<std::string> all;
  for (std::string field; std::getline(text, field, ',');) all.push_back(field);
  return all;
}

TEST(CliEdit, AddsTheDifferenceOfTwoClassesMeanCodes) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const std::string run = train_classes(folder), out = folder / "edit.csv";
  const auto edited =
      edit(run, {"--from", "calm", "--to", "storm", "--columns", "4", "-n", "5", "--out", out});
  ASSERT_EQ(edited.code, 0) << edited.err;
  EXPECT_SAYS(edited.out,
              "5 train examples edited: from class calm to storm, strengths 0 to 1.5, in 4 steps");
  const auto lines = lines_of(out);
  ASSERT_EQ(lines.size(), 1u + 5 * 4);
  EXPECT_EQ(lines[0], "example,label,strength,a,b,plan");

  // The same by the library: even rows are calm, odd ones storm.
  const Model model = Model::load(run, device());
  const Dataset data = load_dataset(model.recipe(), &model);
  const Table codes = model.encode(data.train).mean;
  std::vector<double> difference(2);
  for (std::int64_t i = 0; i < kRows; ++i) {
    for (std::size_t j = 0; j < 2; ++j)
      difference[j] += (i % 2 == 1 ? 1.0 : -1.0) * codes.row(i)[j] / (kRows / 2);
  }
  for (int step = 0; step < 4; ++step) {
    const auto cells = fields(lines[static_cast<std::size_t>(1 + 4 + step)]);  // the second example's
    ASSERT_EQ(cells.size(), 6u);
    EXPECT_EQ(cells[0], "1");
    EXPECT_EQ(cells[1], "calm");
    EXPECT_EQ(std::stod(cells[2]), 0.5 * step);
    Table code{1, 2, {}};
    const std::int64_t row = 2 * 6;  // of 30 calm rows, five evenly spaced
    for (std::size_t j = 0; j < 2; ++j)
      code.values.push_back(static_cast<float>(codes.row(row)[j] + 0.5 * step * difference[j]));
    const Table decoded = model.decode(code);
    EXPECT_NEAR(std::stod(cells[3]), decoded.values[0], 1e-4);
    EXPECT_NEAR(std::stod(cells[4]), decoded.values[1], 1e-4);
    EXPECT_TRUE(cells[5] == "low" || cells[5] == "high") << cells[5];
  }
  const auto first = fields(lines[1]), last = fields(lines[4]);
  EXPECT_LT(std::stod(first[3]), 0.0);
  EXPECT_GT(std::stod(last[3]), 0.0) << "what was calm is now like a storm";
  EXPECT_EQ(first[5], "low");
  EXPECT_EQ(last[5], "high");
  EXPECT_EQ(edit(run, {"--from", "0", "--to", "1", "--out", folder / "by-number.npy"}).code, 0);
}

TEST(CliEdit, MovesOneDimensionOverItsQuantiles) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const std::string run = train_classes(folder);
  const auto edited = edit(run, {"--dimension", "1", "--columns", "3"});
  ASSERT_EQ(edited.code, 0) << edited.err;
  const auto lines = lines_of(run + "/edit.csv");
  ASSERT_EQ(lines.size(), 1u + kRows * 3) << "a table has every example";
  EXPECT_EQ(lines[0], "example,label,z1,a,b,plan");
  const Model model = Model::load(run, device());
  const Table codes = model.encode(load_dataset(model.recipe(), &model).train).mean;
  std::vector<double> values;
  for (std::int64_t i = 0; i < codes.rows; ++i) values.push_back(codes.row(i)[1]);
  const double low = quantile(values, 0.01), high = quantile(values, 0.99);
  const double expected[] = {low, (low + high) / 2.0, high};
  for (std::size_t step = 0; step < 3; ++step)
    EXPECT_NEAR(std::stod(fields(lines[1 + step])[2]), expected[step],
                1e-4 * (1.0 + std::abs(expected[step])));
  EXPECT_EQ(fields(lines[1])[2], fields(lines[4])[2]) << "the values are the same for every example";
}

TEST(CliEdit, GoesFromOneRowToAnother) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const std::string run = train_classes(folder, false), out = folder / "between.csv";
  const std::string one = write(folder / "one.csv", "a,b,plan\n-2,0.5,low\n").string(),
                    other = write(folder / "other.csv", "plan,b,a\nhigh,0.5,2\n").string();
  const auto edited = edit(run, {"--between", one, other, "--columns", "5", "--out", out});
  ASSERT_EQ(edited.code, 0) << edited.err;
  const auto lines = lines_of(out);
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[0], "example,position,a,b,plan");
  EXPECT_EQ(fields(lines[2])[1], "0.25");
  EXPECT_EQ(fields(lines[1])[4], "low");
  EXPECT_EQ(fields(lines[5])[4], "high") << "columns are matched by name";
  ASSERT_EQ(edit(run, {"--between", "0", "1", "--columns", "5", "--out", folder / "rows.csv"}).code, 0);
  EXPECT_EQ(lines_of(folder / "rows.csv").size(), 6u);
  expect_complaint(edit(run, {"--between", "0", "60"}), 2, {"60", "from 0 to 59"});
  expect_complaint(edit(run, {"--between", one, folder / "train.csv"}), 2,
                   {"train.csv", "60 examples", "--data"});
  const std::string narrow =
      write(folder / "narrow.npy", npy("<f4", "(1, 2)", std::vector<float>{1, 2})).string();
  expect_complaint(edit(run, {"--between", one, narrow}), 1, {"narrow.npy", "2"});
}

TEST(CliEdit, RefusesWhatItCannotDo) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const std::string run = train_classes(folder);
  expect_complaint(edit(run, {}), 2, {"--from", "--dimension", "--between"});
  expect_complaint(edit(run, {"--dimension", "0", "--from", "calm", "--to", "storm"}), 2, {"one of"});
  expect_complaint(edit(run, {"--from", "calm"}), 2, {"--from and --to"});
  expect_complaint(edit(run, {"--from", "calm", "--to", "gale"}), 2, {"\"gale\"", "calm, storm"});
  expect_complaint(edit(run, {"--from", "calm", "--to", "calm"}), 2, {"same class"});
  for (const char* dimension : {"2", "-1"})
    expect_complaint(edit(run, {"--dimension", dimension}), 2, {dimension, "from 0 to 1"});
  expect_complaint(edit(run, {"--dimension", "0", "--out", folder / "x.png"}), 2,
                   {"x.png", "would be a picture"});
}

TEST(CliEdit, ClassesNeedLabels) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const std::string run = train_classes(folder, false);
  expect_complaint(edit(run, {"--from", "calm", "--to", "storm"}), 1, {"no labels", "--dimension"});
}

TEST(CliEdit, PicturesBecomeAGrid) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const std::string run = folder / "run", dev = device().name();
  const auto trained = run_elbo(small_training({"--data", write_pictures(folder / "pictures", 60, 21),
                                                "--out", run, "--epochs", "1", "--set", "model.latent=2"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  const auto edited = edit(run, {"--from", "0", "--to", "2", "-n", "3"});
  ASSERT_EQ(edited.code, 0) << edited.err;
  EXPECT_SAYS(edited.out, "edit.png: 3 test images edited");
  const auto grid = load_dataset(run + "/edit.png");
  EXPECT_EQ(edit(run, {"--dimension", "0", "-n", "4", "--columns", "7", "--out", folder / "more.png"}).code,
            0);
  const auto more = load_dataset((folder / "more.png").string());
  EXPECT_GT(more.picture.height, grid.picture.height) << "a row more";

  write(folder / "one.png", png(5, 6, 1, 10));
  write(folder / "other.png", png(5, 6, 1, 90));
  write(folder / "large.png", png(9, 6, 1, 90));
  const std::string one = folder / "one.png", out = folder / "way.png";
  const auto way = edit(run, {"--between", one, folder / "other.png", "--out", out});
  ASSERT_EQ(way.code, 0) << way.err;
  EXPECT_GT(load_dataset(out).picture.width, load_dataset(out).picture.height) << "one row of 13 pictures";
  expect_complaint(edit(run, {"--between", one, folder / "large.png"}), 1, {"large.png", "9x6", "5x6"});
}

}  // namespace
}  // namespace elbo::test
