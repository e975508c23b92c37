// Models that infer labels, by the command.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/file.h"
#include "support/cli.h"
#include "support/file_formats.h"

namespace elbo::test {
namespace {

/// Two kinds of stones, by weight and colour; `labelled` of them say which.
std::string write_stones(const std::filesystem::path& file, int count, int labelled) {
  std::string text = "weight,colour,gloss,kind\n";
  for (int i = 0; i < count; ++i) {
    const bool other = i % 2 == 1;
    const std::string kind = i < labelled ? (other ? "opal" : "jade") : "";
    text += std::to_string((other ? 3.0 : 1.0) + 0.05 * (i % 9)) + "," + std::to_string(0.1 * (i % 5)) + "," +
            std::to_string((other ? 0.2 : 0.9) + 0.02 * (i % 7)) + "," + kind + "\n";
  }
  write(file, text);
  return file.string();
}

class CliM2 : public testing::Test {
 protected:
  CommandResult train(const std::string& data, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"--data", data, "--out", run_, "--epochs", "80"};
    for (const char* setting :
         {"data.label=kind", "model.condition=[\"label\"]", "model.kind=m2", "train.labelled_rows=4"})
      arguments.insert(arguments.end(), {"--set", setting});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_elbo(small_training(arguments));
  }
  std::string path(const char* name) const { return (folder_ / name).string(); }

  TempFolder folder_;
  std::string run_ = (folder_ / "run").string();
};

TEST_F(CliM2, ClassifiesFromFewLabels) {
  const auto trained = train(write_stones(folder_ / "some.csv", 200, 10));
  ASSERT_EQ(trained.code, 0) << trained.err;
  const auto found =
      run_elbo({"classify", run_, "--data", write_stones(folder_ / "all.csv", 100, 100), "--json"});
  ASSERT_EQ(found.code, 0) << found.err;
  const auto metrics = nlohmann::json::parse(found.out)["metrics"];
  EXPECT_EQ(metrics["examples"], 100);
  EXPECT_GT(metrics["accuracy"].get<double>(), 0.97);
  // Data without any label is evaluated and encoded as well, and written with the classes found.
  const std::string plain = write_stones(folder_ / "none.csv", 40, 0);
  EXPECT_EQ(run_elbo({"classify", run_, "--data", plain, "--out", path("classes.csv")}).code, 0);
  EXPECT_SAYS(io::read_file(path("classes.csv"), io::kMaxTextBytes), "p(jade),p(opal)\n");
  for (const char* command : {"eval", "anomalies"}) {
    const auto result = run_elbo({command, run_, "--data", plain});
    EXPECT_EQ(result.code, 0) << command << ": " << result.err;
  }
  write(path("gaps.csv"), "weight,colour,gloss\n3.1,,0.25\n");
  const auto imputed = run_elbo({"impute", run_, "--data", path("gaps.csv"), "--out", path("full.csv")});
  EXPECT_EQ(imputed.code, 0) << imputed.err;
  EXPECT_EQ(run_elbo({"augment", run_, "-n", "400", "--out", path("more.csv")}).code, 0);
  EXPECT_EQ(run_elbo({"encode", run_, "--data", plain, "--out", path("codes.csv")}).code, 0);
  EXPECT_EQ(run_elbo({"sample", run_, "--label", "opal", "-n", "3", "--out", path("opals.csv")}).code, 0);
  EXPECT_SAYS(run_elbo({"classify", run_, "--data", plain, "--samples", "3"}).err, "has one");
}

// Even where the first rows, by which a step is timed, have no label.
TEST_F(CliM2, TakesLabelsThatComeLast) {
  std::string text = "weight,gloss,kind\n";
  for (int i = 0; i < 800; ++i)
    text += std::to_string(i % 2 + 0.01 * (i % 7)) + "," + std::to_string(0.1 * (i % 5)) + "," +
            (i < 780 ? ""
             : i % 2 ? "opal"
                     : "jade") +
            "\n";
  write(path("late.csv"), text);
  const auto trained = run_elbo({"train", "--data", path("late.csv"), "--out", run_, "--epochs", "1", "--set",
                                 "data.label=kind", "--set", "model.condition=[\"label\"]", "--set",
                                 "model.kind=m2", "--set", "train.labelled_rows=4"});
  EXPECT_EQ(trained.code, 0) << trained.err;
  EXPECT_SAYS(run_elbo({"info", "--plan", run_ + "/recipe.toml"}).out, "classifier.logits");
}

TEST_F(CliM2, KeepsAndReportsLabels) {
  const std::string data = write_stones(folder_ / "all.csv", 120, 120);
  const auto trained = train(
      data, {"--set", "data.labels=10", "--set", "data.validation=0.2", "--set", "train.best_by=accuracy"});
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_SAYS(trained.out + trained.err, "10 of 96 training examples keep their labels (data.labels)");
  EXPECT_SAYS(io::read_file(folder_ / "run" / "metrics.jsonl", io::kMaxMetricsBytes), "\"accuracy\":");
}

// M1+M2: the second model learns from the codes of the first, which is trained on the way.
TEST_F(CliM2, LearnsFromTheCodesOfAFirstStage) {
  const std::string data = write_stones(folder_ / "some.csv", 200, 12);
  const std::string reading = "[data]\nname = \"" + data + "\"\nlabel = \"kind\"\n";
  write(path("first.toml"), reading +
                                "standardize = true\n[model]\nencoder = [16]\ndecoder = [16]\nlatent = 2\n"
                                "likelihood = \"gaussian-learned\"\n[train]\nepochs = 30\nbatch = 16\n");
  write(path("second.toml"),
        reading + "codes_of = \"" + path("first.toml") + "\"\nstandardize = true\n" +
            "[model]\nkind = \"m2\"\ncondition = [\"label\"]\nencoder = [8]\ndecoder = [8]\n"
            "classifier = [8]\nlatent = 2\nlikelihood = \"gaussian-learned\"\n"
            "[train]\nepochs = 60\nbatch = 16\nlabelled_rows = 4\n");
  const auto trained = run_elbo({"train", path("second.toml"), "--out", run_, "--quiet"});
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_SAYS(trained.err, "its codes are the data (data.codes_of)");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "run" / "codes" / "model.safetensors"));
  const auto found =
      run_elbo({"classify", run_, "--data", write_stones(folder_ / "all.csv", 100, 100), "--json"});
  ASSERT_EQ(found.code, 0) << found.err;
  EXPECT_GT(nlohmann::json::parse(found.out)["metrics"]["accuracy"].get<double>(), 0.9);
  // The first stage is not trained again, by another run or a resumed one.
  const auto again = run_elbo({"train", path("second.toml"), "--out", path("other"), "--quiet", "--set",
                               "data.codes_of=" + run_ + "/codes"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "other" / "codes"));
  EXPECT_EQ(run_elbo({"train", "--resume", "--out", run_, "--quiet"}).code, 0) << "is finished";
  EXPECT_EQ(run_elbo({"train", "--resume", "--out", run_, "--epochs", "61", "--quiet"}).code, 0);
  // What cannot be meant.
  const auto refusal = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"train", path("second.toml"), "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = run_elbo(arguments);
    EXPECT_NE(result.code, 0);
    return result.err;
  };
  EXPECT_SAYS(refusal({"--out", run_, "--force"}), "--force does not replace a run in stages");
  EXPECT_SAYS(refusal({"--out", path("no"), "--set", "data.codes_of=" + run_}), "reads the labels itself");
  EXPECT_SAYS(
      refusal({"--out", path("no"), "--set", "data.binarize=threshold", "--set", "data.standardize=false"}),
      "data.codes_of makes codes");
  std::filesystem::create_directories(folder_ / "begun");
  std::filesystem::copy(folder_ / "run" / "codes", folder_ / "begun" / "codes");
  EXPECT_SAYS(refusal({"--out", path("begun")}), "holds a run already");
  EXPECT_SAYS(refusal({"--out", path("begun"), "--resume", "--seed", "7"}),
              "was begun with other data or another seed");
  EXPECT_EQ(run_elbo({"train", path("second.toml"), "--out", path("begun"), "--resume", "--quiet"}).code, 0);
  EXPECT_SAYS(run_elbo({"train", path("second.toml"), "--out", path("none"), "--set",
                        "data.codes_of=" + path("nowhere")})
                  .err,
              "is no trained run");
}

TEST_F(CliM2, RefusesCodesOfAModelThatIsItsOwnFirstStage) {
  const std::string data = write_stones(folder_ / "some.csv", 60, 60);
  const std::vector<std::string> train =
      small_training({"--data", data, "--out", path("loop"), "--epochs", "1", "--set", "data.label=kind",
                      "--set", "model.latent=3", "--set", "model.likelihood=gaussian-learned"});
  ASSERT_EQ(run_elbo(train).code, 0);
  std::vector<std::string> again = train;
  again.insert(again.end(), {"--force", "--set", "data.codes_of=" + path("loop")});
  ASSERT_EQ(run_elbo(again).code, 0) << "three columns, and codes of three numbers";
  EXPECT_SAYS(run_elbo({"eval", path("loop")}).err, "or in a circle");
}

TEST_F(CliM2, RefusesWhatItCannotLearnFrom) {
  const auto none = train(write_stones(folder_ / "none.csv", 60, 0));
  EXPECT_NE(none.code, 0);
  EXPECT_SAYS(none.err, "\"kind\" cannot be label");
  EXPECT_SAYS(train(write_stones(folder_ / "few.csv", 60, 2)).err, "train.labelled_rows is 4, but only");
  write(path("one.csv"), "weight,kind\n1.5,jade\n2.5,jade\n1.25,\n3.5,jade\n2.75,jade\n1.75,jade\n");
  EXPECT_SAYS(train(path("one.csv")).err, "one alone");
  const std::string data = write_stones(folder_ / "all.csv", 60, 60);
  EXPECT_SAYS(train(data, {"--set", "data.labels=61"}).err, "data.labels = 61");
  EXPECT_SAYS(train(data, {"--set", "objective.kind=iwae"}).err, "objective.kind");
  EXPECT_SAYS(train(data, {"--set", "train.best_by=accuracy", "--set", "train.patience=0", "--set",
                           "data.validation=0"})
                  .err,
              "validation examples with labels");
  EXPECT_SAYS(train(data, {"--set", "train.labelled_rows=100000"}).err, "train.labelled_rows");
}

}  // namespace
}  // namespace elbo::test
