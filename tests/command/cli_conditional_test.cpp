// Conditional models by the command.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <sstream>

#include "io/file.h"
#include "support/cli.h"
#include "support/file_formats.h"

namespace elbo::test {
namespace {

using Json = nlohmann::json;

/// A table of two kinds of plants, whose height is near 10 or near 20.
std::string write_plants(const std::filesystem::path& file, const char* first = "moss",
                         const char* second = "fern", int count = 60) {
  std::string text = "height,leaves,kind\n";
  for (int i = 0; i < count; ++i) {
    const bool other = i % 2 == 1;
    text += std::to_string((other ? 20.0 : 10.0) + 0.1 * (i % 7)) + "," + std::to_string(i % 5 + 1) + "," +
            (other ? second : first) + "\n";
  }
  write(file, text);
  return file.string();
}

class CliConditional : public testing::Test {
 protected:
  void SetUp() override {
    const auto trained = run_elbo(
        small_training({"--data", write_plants(folder_ / "plants.csv"), "--out", run_, "--set",
                        "data.label=kind", "--set", "model.condition=[\"label\"]", "--epochs", "40"}));
    ASSERT_EQ(trained.code, 0) << trained.err;
  }
  CommandResult elbo(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, run_);
    return run_elbo(arguments);
  }
  std::string path(const char* name) const { return (folder_ / name).string(); }

  TempFolder folder_;
  std::string run_ = (folder_ / "run").string();
};

TEST_F(CliConditional, SamplesHaveTheLabelsThatAreAsked) {
  ASSERT_EQ(elbo({"sample", "-n", "6", "--out", path("all.csv")}).code, 0);
  const std::string all = io::read_file(path("all.csv"), io::kMaxTextBytes);
  EXPECT_TRUE(all.starts_with("label,height,leaves\nfern,")) << all;
  EXPECT_SAYS(all, "\nmoss,");
  const auto one = elbo({"sample", "-n", "3", "--label", "moss", "--out", path("one.csv")});
  EXPECT_SAYS(one.out, "with the label moss");
  std::istringstream lines(io::read_file(path("one.csv"), io::kMaxTextBytes));
  int rows = 0;
  for (std::string line; std::getline(lines, line); ++rows) {
    EXPECT_TRUE(rows == 0 || line.starts_with("moss,")) << line;
  }
  EXPECT_EQ(rows, 4);
}

TEST_F(CliConditional, AnUnknownLabelIsRefusedBeforeAFileIsBegun) {
  const auto result = elbo({"sample", "--label", "mos", "--out", path("none.csv")});
  EXPECT_EQ(result.code, 2);
  EXPECT_SAYS(result.err, "knows no label called \"mos\"; did you mean \"moss\"?");
  EXPECT_FALSE(std::filesystem::exists(path("none.csv")));
  EXPECT_EQ(elbo({"reconstruct", "--as", "tree"}).code, 2);
}

TEST_F(CliConditional, RowsAreDecodedAsIfOfAnotherLabel) {
  const auto heights = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"reconstruct", "--split", "train", "--out", path("r.csv")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = elbo(arguments);
    EXPECT_EQ(result.code, 0) << result.err;
    std::istringstream lines(io::read_file(path("r.csv"), io::kMaxTextBytes));
    std::vector<double> values;
    for (std::string line; std::getline(lines, line);) {
      const auto comma = line.find(',');
      if (!line.starts_with("label")) values.push_back(std::stod(line.substr(comma + 1)));
    }
    return values;
  };
  const auto own = heights({}), ferns = heights({"--as", "fern"});
  ASSERT_EQ(own.size(), 54u);
  EXPECT_LT(std::ranges::min(own), 15.0);
  EXPECT_GT(std::ranges::max(own), 15.0);
  EXPECT_GT(std::ranges::min(ferns), 15.0) << "mosses decoded as ferns are high";
}

TEST_F(CliConditional, LaterLabelsAreMatchedByNameAndUnseenOnesRefused) {
  // The training data has moss first; rows of moss alone must not be taken for ferns.
  const auto accuracy = [&](const char* kind) {
    const auto file = write_plants(folder_ / "later.csv", kind, kind, 8);
    std::string text = io::read_file(file, io::kMaxTextBytes);
    for (auto at = text.find("\n20."); at != text.npos; at = text.find("\n20.")) text.replace(at, 4, "\n10.");
    write(file, text);  // all are low, as mosses are
    const auto result = elbo({"classify", "--data", file, "--json"});
    EXPECT_EQ(result.code, 0) << result.err;
    return Json::parse(result.out).at("metrics").at("accuracy").get<double>();
  };
  EXPECT_EQ(accuracy("moss"), 1.0);
  EXPECT_EQ(accuracy("fern"), 0.0);
  const auto unseen = elbo({"eval", "--data", write_plants(folder_ / "trees.csv", "fern", "tree", 8)});
  EXPECT_EQ(unseen.code, 1);
  EXPECT_SAYS(unseen.err, "the label \"tree\", which the model does not know");
  write(folder_ / "bare.csv", "height,leaves\n10,2\n");
  const auto bare = elbo({"encode", "--data", path("bare.csv"), "--out", path("codes.csv")});
  EXPECT_EQ(bare.code, 1);
  EXPECT_SAYS(bare.err, "has no labels, which model.condition reads");
}

TEST_F(CliConditional, ClassifiesAndSuspectsWrongLabels) {
  std::string text = "height,leaves,kind\n";
  for (int i = 0; i < 20; ++i)  // the fourth and the ninth are called wrong
    text += std::string(i % 2 ? "20.3" : "10.3") + ",3," +
            ((i % 2 == 1) != (i == 3 || i == 8) ? "fern" : "moss") + "\n";
  write(folder_ / "later.csv", text);
  const auto result =
      elbo({"classify", "--data", path("later.csv"), "--samples", "8", "--out", path("c.csv"), "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const Json metrics = Json::parse(result.out).at("metrics");
  EXPECT_EQ(metrics.at("examples"), 20);
  EXPECT_DOUBLE_EQ(metrics.at("accuracy").get<double>(), 0.9);
  const std::string classes = io::read_file(path("c.csv"), io::kMaxTextBytes);
  EXPECT_TRUE(classes.starts_with("line,label,likeliest,probability,log_ratio,p(fern),p(moss)\n2,moss,moss,"))
      << classes;
  EXPECT_SAYS(classes, "\n5,moss,fern,");

  const auto listed =
      elbo({"anomalies", "--suspect-labels", "--data", path("later.csv"), "--samples", "8", "--json"});
  ASSERT_EQ(listed.code, 0) << listed.err;
  const Json told = Json::parse(listed.out);
  EXPECT_EQ(told.at("suspects"), 2);
  std::set<int> lines;
  for (const Json& row : told.at("top")) lines.insert(row.at("line").get<int>());
  EXPECT_EQ(lines, (std::set<int>{5, 10}));
  EXPECT_SAYS(elbo({"anomalies", "--suspect-labels", "--data", path("later.csv")}).out,
              "2 of 20 new examples are likelier");

  write(folder_ / "bare.csv", "height,leaves\n10.2,2\n20.4,3\n");
  const auto bare = elbo({"classify", "--data", path("bare.csv"), "--out", path("b.csv")});
  ASSERT_EQ(bare.code, 0) << bare.err;
  EXPECT_TRUE(io::read_file(path("b.csv"), io::kMaxTextBytes).starts_with("line,likeliest,probability"));
  EXPECT_SAYS(elbo({"anomalies", "--suspect-labels", "--data", path("bare.csv")}).err,
              "has no labels to suspect");
}

TEST_F(CliConditional, ARunsRecipeKeepsItsLabels) {
  // A file whose labels sort in another order: the recipe's list says which number is whose.
  write(folder_ / "other.csv", "height,leaves,kind\n20.1,2,fern\n20.4,3,fern\n20.2,4,fern\n10.1,2,moss\n");
  const auto trained =
      run_elbo(small_training({run_ + "/recipe.toml", "--data", path("other.csv"), "--out", path("again"),
                               "--epochs", "1", "--set", "data.validation=0", "--set", "train.patience=0",
                               "--set", "model.condition_classes=[\"moss\", \"fern\"]"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  const auto all = run_elbo({"sample", path("again"), "-n", "2", "--out", path("two.csv")});
  ASSERT_EQ(all.code, 0) << all.err;
  const std::string two = io::read_file(path("two.csv"), io::kMaxTextBytes);
  EXPECT_TRUE(two.starts_with("label,height,leaves\nmoss,")) << two;
  const auto unknown = run_elbo(small_training({run_ + "/recipe.toml", "--data", path("other.csv"), "--out",
                                                path("no"), "--set", "model.condition_classes=[\"moss\"]"}));
  EXPECT_EQ(unknown.code, 1);
  EXPECT_SAYS(unknown.err, "the label \"fern\", which the model does not know");
}

TEST_F(CliConditional, CodesAreDecodedWithALabelAlone) {
  ASSERT_EQ(elbo({"encode", "--out", path("codes.npy")}).code, 0);
  const auto without = elbo({"decode", "--codes", path("codes.npy"), "--out", path("d.csv")});
  EXPECT_EQ(without.code, 2);
  EXPECT_SAYS(without.err, "give one with --label");
  EXPECT_EQ(elbo({"decode", "--codes", path("codes.npy"), "--label", "fern", "--out", path("d.csv")}).code,
            0);
  EXPECT_SAYS(elbo({"edit", "--dimension", "0"}).err, "decodes codes without labels");
  write(folder_ / "holes.csv", "height,leaves,kind\n,2,fern\n");
  const auto imputed = elbo({"impute", "--data", path("holes.csv"), "--out", path("full.csv")});
  ASSERT_EQ(imputed.code, 0) << imputed.err;
  EXPECT_SAYS(io::read_file(path("full.csv"), io::kMaxTextBytes), "fern,");
}

/// Heights of both kinds come from the prior of each, drawn or decoded as if of the other.
TEST(CliConditionalPrior, EveryCommandTakesTheLabelsOwnPrior) {
  const TempFolder folder;
  const std::string run = (folder / "run").string();
  const auto trained = run_elbo(
      small_training({"--data", write_plants(folder / "plants.csv"), "--out", run, "--set", "data.label=kind",
                      "--set", "model.condition=[\"label\"]", "--set", "model.prior=conditional", "--set",
                      "model.prior_layers=[4]", "--set", "train.learning_rate=0.01", "--epochs", "80"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_SAYS(run_elbo({"info", "--plan", run + "/recipe.toml"}).out, "prior.mean");
  const auto expect_heights = [&](std::vector<std::string> arguments, const std::string& kind, bool high) {
    const std::string file = (folder / "made.csv").string();
    arguments.insert(arguments.end(), {"--out", file});
    const auto result = run_elbo(arguments);
    ASSERT_EQ(result.code, 0) << result.err;
    std::istringstream lines(io::read_file(file, io::kMaxTextBytes));
    std::string line;
    std::getline(lines, line);
    int rows = 0;
    for (; std::getline(lines, line); ++rows) {
      EXPECT_TRUE(kind.empty() || line.starts_with(kind)) << line;
      EXPECT_EQ(std::stod(line.substr(line.find(',') + 1)) > 15.0, high) << line;
    }
    EXPECT_GT(rows, 5);
  };
  expect_heights({"sample", run, "-n", "20", "--label", "fern"}, "fern", true);
  expect_heights({"sample", run, "-n", "20", "--label", "moss"}, "moss", false);
  expect_heights({"reconstruct", run, "--split", "train", "--as", "fern"}, "", true);
  ASSERT_EQ(
      run_elbo({"augment", run, "-n", "20", "--from", "prior", "--out", (folder / "a.csv").string()}).code,
      0);
  const auto measured =
      run_elbo({"eval", run, "--nll-samples", "20", "--ais", "2", "--ais-steps", "20", "--json"});
  ASSERT_EQ(measured.code, 0) << measured.err;
  const auto classified = run_elbo({"classify", run, "--json"});
  ASSERT_EQ(classified.code, 0) << classified.err;
  EXPECT_EQ(Json::parse(classified.out).at("metrics").at("accuracy"), 1.0);

  const auto refused =
      run_elbo(small_training({"--data", (folder / "plants.csv").string(), "--out", (folder / "no").string(),
                               "--set", "model.prior=conditional"}));
  EXPECT_NE(refused.code, 0);
  EXPECT_SAYS(refused.err, "set model.condition = [\"label\"] as well");
}

}  // namespace
}  // namespace elbo::test
