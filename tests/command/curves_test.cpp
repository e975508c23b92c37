// Training curves: a run's metrics as a picture and as a table.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "io/file.h"
#include "support/cli.h"
#include "tools/elbo/drawing/curves.h"
#include "tools/elbo/reports/metrics_table.h"

namespace elbo::test {
namespace {

command::Json terms(double cost) {
  return {{"elbo", -cost}, {"reconstruction", 0.75 * cost}, {"kl", 0.25 * cost}};
}

/// Epochs whose costs fall from `first` by a twentieth each.
std::vector<command::Json> training_epochs(int count, double first, bool validation) {
  std::vector<command::Json> all;
  for (int e = 1; e <= count; ++e) {
    command::Json epoch = {{"epoch", e}, {"train", terms(first)}, {"objective", first}};
    if (validation) epoch["validation"] = terms(first + 1.0);
    all.push_back(epoch);
    first *= 0.95;
  }
  return all;
}

/// The number of pixels of about this colour at (x, y) with x and y in the given ranges.
std::int64_t pixels_of(const command::Canvas& canvas, command::Colour colour, std::int64_t left,
                       std::int64_t right, std::int64_t top, std::int64_t bottom) {
  const auto near = [](std::uint8_t a, std::uint8_t b) { return std::abs(a - b) < 60; };
  std::int64_t count = 0;
  for (std::int64_t x = left; x < right; ++x) {
    for (std::int64_t y = top; y < bottom; ++y) {
      const command::Colour at = canvas.at(x, y);
      count += near(at.red, colour.red) && near(at.green, colour.green) && near(at.blue, colour.blue);
    }
  }
  return count;
}
/// Above the legend.
std::int64_t pixels_of(const command::Canvas& canvas, command::Colour colour, std::int64_t left,
                       std::int64_t right) {
  return pixels_of(canvas, colour, left, right, 0, canvas.height() - 50);
}

TEST(Curves, EveryCostHasAPanelAndEverySplitAColour) {
  const auto both = command::draw_curves(training_epochs(10, 100.0, true), true);
  const auto loss = command::draw_curves(training_epochs(10, 100.0, false), false);
  EXPECT_GT(both.width(), 2 * loss.width()) << "three panels, an autoencoder has one";
  for (std::int64_t panel = 0; panel < 3; ++panel) {
    const std::int64_t from = panel * both.width() / 3, to = (panel + 1) * both.width() / 3;
    EXPECT_GT(pixels_of(both, command::palette(0), from, to), 100) << panel;
    EXPECT_GT(pixels_of(both, command::palette(1), from, to), 100) << panel;
  }
  EXPECT_GT(pixels_of(loss, command::palette(0), 0, loss.width()), 100);
  EXPECT_EQ(pixels_of(loss, command::palette(1), 0, loss.width()), 0) << "there is no validation data";
}

TEST(Curves, ASteepBeginningDoesNotFlattenTheRest) {
  auto steep = training_epochs(100, 100.0, false);
  steep[0]["train"] = terms(1e6);
  const auto canvas = command::draw_curves(steep, false),
             plain = command::draw_curves(training_epochs(100, 100.0, false), false);
  // Flattened, all epochs but the first would lie along the bottom.
  const auto upper = pixels_of(canvas, command::palette(0), 90, canvas.width(), 60, 200);
  EXPECT_GT(upper, 20);
  EXPECT_NEAR(upper, pixels_of(plain, command::palette(0), 90, plain.width(), 60, 200), 60);
}

TEST(Curves, OneEpochAndEqualCostsCanBeDrawn) {
  const auto one = command::draw_curves(training_epochs(1, 5.0, true), true);
  EXPECT_GT(pixels_of(one, command::palette(0), 0, one.width() / 3), 10) << "a dot";
  std::vector<command::Json> equal(3, training_epochs(1, 5.0, false)[0]);
  for (int e = 0; e < 3; ++e) equal[static_cast<std::size_t>(e)]["epoch"] = e + 1;
  EXPECT_GT(pixels_of(command::draw_curves(equal, false), command::palette(0), 0, 500), 100);
}

TEST(Curves, MetricsBecomeATable) {
  const TempFolder folder;
  write(folder / "metrics.jsonl",
        "{\"epoch\":1,\"train\":{\"elbo\":-3.5,\"kl\":0.25}}\n"
        "{\"epoch\":2,\"train\":{\"elbo\":-2.5,\"kl\":null},\"validation\":{\"elbo\":-4}}\n"
        "{\"epoch\":3,\"tra");
  const auto read = command::read_metrics(folder.path());
  ASSERT_EQ(read.size(), 2u) << "a line that a killed training left half written does not count";
  command::write_metrics_csv(folder / "metrics.csv", read);
  EXPECT_EQ(io::read_file(folder / "metrics.csv"),
            "epoch,train_elbo,train_kl,validation_elbo\n1,-3.5,0.25,\n2,-2.5,,-4\n");
  EXPECT_TRUE(command::read_metrics(folder / "nothing").empty());
}

TEST(Curves, ARunHasThemAsAPictureAndAsATable) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const std::string run = folder / "run";
  const auto trained = run_elbo(small_training(
      {"latent-2d", "--out", run, "--epochs", "3", "--quiet", "--set", "data.validation=0.2"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_SAYS(trained.out, "curves.png");
  EXPECT_TRUE(std::filesystem::exists(run + "/curves.png"));
  const auto written = run_elbo({"info", run, "--metrics-csv"});
  ASSERT_EQ(written.code, 0) << written.err;
  EXPECT_SAYS(written.out, "metrics.csv: the costs of 3 epochs");
  const std::string table = io::read_file(run + "/metrics.csv");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 4);
  EXPECT_SAYS(table, "train_elbo,train_reconstruction,train_kl");
  EXPECT_SAYS(table, "validation_elbo");
  EXPECT_EQ(run_elbo({"info", run, "--metrics-csv", "--out", folder / "other.csv"}).code, 0);
  EXPECT_EQ(io::read_file(folder / "other.csv"), table);
  expect_complaint(run_elbo({"info", "--metrics-csv"}), 2, {"RUN"});
  expect_complaint(run_elbo({"info", folder / "empty", "--metrics-csv"}), 1, {"metrics.jsonl"});
  expect_complaint(run_elbo({"info", run, "--metrics-csv", "--out", folder / "x.txt"}), 2, {"x.txt", ".csv"});
}

}  // namespace
}  // namespace elbo::test
