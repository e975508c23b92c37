// elbo augment: labelled examples made by a model.

#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "io/file.h"
#include "support/cli.h"
#include "support/file_formats.h"

namespace elbo::test {
namespace {

/// Low mosses and high ferns, and one row without a label.
std::string write_labelled(const std::filesystem::path& file) {
  std::string text = "kind,height,colour\n";
  for (int i = 0; i < 40; ++i)
    text += std::string(i % 2 ? "fern," : "moss,") + std::to_string((i % 2 ? 20.0 : 10.0) + 0.1 * (i % 7)) +
            (i % 3 ? ",green\n" : ",brown\n");
  text += ",10.2,green\n";
  write(file, text);
  return file.string();
}

struct MadeLine {
  std::string label, source;
  double height = 0.0;
};

std::vector<MadeLine> made_in(const std::filesystem::path& file) {
  std::istringstream text(io::read_file(file, io::kMaxTextBytes));
  std::vector<MadeLine> lines;
  std::string line;
  std::getline(text, line);
  EXPECT_EQ(line, "label,made_from,height,colour");
  while (std::getline(text, line)) {
    std::istringstream fields(line);
    MadeLine made;
    std::string height;
    std::getline(fields, made.label, ',');
    std::getline(fields, made.source, ',');
    std::getline(fields, height, ',');
    made.height = std::stod(height);
    EXPECT_TRUE(line.ends_with(",green") || line.ends_with(",brown")) << line;
    lines.push_back(made);
  }
  return lines;
}

TEST(CliAugment, PosteriorsKeepTheirExamplesLabels) {
  const TempFolder folder;
  const auto data = write_labelled(folder / "plants.csv");
  const auto run = (folder / "run").string(), out = (folder / "more.csv").string();
  ASSERT_EQ(run_elbo(small_training({"--data", data, "--out", run, "--set", "data.label=kind", "--set",
                                     "data.validation=0", "--set", "train.patience=0", "--set",
                                     "train.learning_rate=0.02", "--epochs", "150"}))
                .code,
            0);
  const auto result = run_elbo({"augment", run, "-n", "90", "--out", out});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.out, "90 examples made by");
  const auto lines = made_in(out);
  ASSERT_EQ(lines.size(), 90u);
  std::map<std::string, std::pair<double, int>> heights;
  for (const MadeLine& line : lines) {
    heights[line.label].first += line.height;
    ++heights[line.label].second;
  }
  EXPECT_EQ(heights[""].second, 2) << "the row without a label, twice";
  const auto mean = [&](const char* label) { return heights[label].first / heights[label].second; };
  EXPECT_GT(mean("fern"), mean("moss") + 3.0);
  EXPECT_EQ(lines[0].source, "line 2");
  EXPECT_EQ(lines[41].source, "line 2") << "each example in turn";
  EXPECT_NE(lines[41].height, lines[0].height) << "another draw";
  EXPECT_SAYS(run_elbo({"augment", run, "-n", "9", "--from", "prior", "--out", out}).err,
              "needs a conditional model");
}

TEST(CliAugment, ThePriorMakesEachLabelInTurn) {
  const TempFolder folder;
  const auto data = write_labelled(folder / "plants.csv");
  std::string text = io::read_file(data, io::kMaxTextBytes);
  text.resize(text.rfind(",10.2,green"));  // a conditional model needs every label
  write(folder / "all.csv", text);
  const auto run = (folder / "run").string(), out = (folder / "more.csv").string();
  ASSERT_EQ(
      run_elbo(small_training({"--data", (folder / "all.csv").string(), "--out", run, "--set",
                               "data.label=kind", "--set", "model.condition=[\"label\"]", "--epochs", "40"}))
          .code,
      0);
  ASSERT_EQ(run_elbo({"augment", run, "-n", "6", "--from", "prior", "--draw", "--out", out}).code, 0);
  const auto lines = made_in(out);
  ASSERT_EQ(lines.size(), 6u);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].label, i % 2 ? "moss" : "fern");
    EXPECT_EQ(lines[i].source, "prior");
  }
  EXPECT_EQ(run_elbo({"augment", run, "--from", "prior", "--out", out}).code, 2) << "how many?";
  EXPECT_EQ(run_elbo({"augment", run, "--out", (folder / "more.png").string()}).code, 2);
}

}  // namespace
}  // namespace elbo::test
