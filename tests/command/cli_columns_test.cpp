// Models conditioned on columns of a table, by the command.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>

#include "io/file.h"
#include "support/cli.h"
#include "support/file_formats.h"

namespace elbo::test {
namespace {

/// People whose height is near 10 or near 20 by their sex, and whose weight grows with their age.
std::string write_people(const std::filesystem::path& file, int count = 120, bool other_order = false,
                         const std::string& last = "") {
  std::string text = other_order ? "age,colour,weight,sex,height\n" : "height,weight,sex,age\n";
  for (int i = 0; i < count; ++i) {
    const bool tall = i % 2 == 1;
    const int age = 20 + 7 * i % 41;
    const std::string height = std::to_string((tall ? 20.0 : 10.0) + 0.1 * (i % 7)),
                      weight = std::to_string(0.1 * age + 0.1 * (i % 5)), sex = tall ? "m" : "f";
    text += other_order ? std::to_string(age) + ",red," + weight + "," + sex + "," + height + "\n"
                        : height + "," + weight + "," + sex + "," + std::to_string(age) + "\n";
  }
  write(file, text + last);
  return file.string();
}

/// The rows of a text table below its header, as cells.
std::vector<std::vector<std::string>> cells_of(const std::string& file) {
  std::istringstream lines(io::read_file(file, io::kMaxTextBytes));
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    std::vector<std::string>& row = rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
  }
  return rows;
}

double mean_of(const std::vector<std::vector<std::string>>& rows, std::size_t column) {
  double sum = 0.0;
  for (const auto& row : rows) sum += std::stod(row[column]) / static_cast<double>(rows.size());
  return sum;
}

/// By prior.
class CliColumns : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto trained =
        run_elbo(small_training({"--data", write_people(folder_ / "people.csv"), "--out", run_, "--set",
                                 "model.condition=[\"sex\",\"age\"]", "--set", "train.learning_rate=0.01",
                                 "--epochs", "60", "--set", std::string("model.prior=") + GetParam()}));
    ASSERT_EQ(trained.code, 0) << trained.err;
    EXPECT_SAYS(trained.out + trained.err, "read beside the values, as conditions: \"sex\", \"age\"");
  }
  CommandResult elbo(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, run_);
    return run_elbo(arguments);
  }
  std::vector<std::vector<std::string>> written(const std::vector<std::string>& arguments,
                                                const std::string& header) {
    const std::string file = path("written.csv");
    std::vector<std::string> all = arguments;
    all.insert(all.end(), {"--out", file});
    const CommandResult result = elbo(all);
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_TRUE(io::read_file(file, io::kMaxTextBytes).starts_with(header + "\n"))
        << io::read_file(file, io::kMaxTextBytes).substr(0, 200);
    said_ = result.out;
    return cells_of(file);
  }
  std::string path(const char* name) const { return (folder_ / name).string(); }

  TempFolder folder_;
  std::string run_ = (folder_ / "run").string(), said_;
};

TEST_P(CliColumns, SamplesHaveTheConditionsThatAreAsked) {
  const auto tall =
      written({"sample", "-n", "20", "--given", "sex=m", "--given", "age=30"}, "sex,age,height,weight");
  ASSERT_EQ(tall.size(), 20u);
  for (const auto& row : tall) EXPECT_EQ(row[0] + row[1], "m30");
  EXPECT_NEAR(mean_of(tall, 2), 20.3, 1.5);
  EXPECT_NEAR(mean_of(tall, 3), 3.2, 0.7);
  EXPECT_SAYS(said_, "given sex m, age 30");
  const auto old = written({"sample", "-n", "20", "--given", "age=55"}, "sex,age,height,weight");
  for (std::size_t i = 0; i < old.size(); ++i) EXPECT_EQ(old[i][0], i % 2 ? "m" : "f");
  EXPECT_NEAR(mean_of(old, 3), 5.7, 0.7);
  EXPECT_SAYS(said_, "given age 55,\neach code with every sex in turn: f, m");
  const auto usual = written({"sample", "-n", "4"}, "sex,age,height,weight");
  EXPECT_NEAR(std::stod(usual[0][1]), 40.0, 3.0);
  EXPECT_SAYS(said_, "(the training mean)");
  EXPECT_LT(std::stod(usual[0][2]) + 5.0, std::stod(usual[1][2]));
}

TEST_P(CliColumns, WhatIsNoConditionIsRefusedBeforeAFileIsBegun) {
  const auto message = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--out", path("none.csv")});
    const CommandResult result = elbo(arguments);
    EXPECT_NE(result.code, 0);
    EXPECT_FALSE(std::filesystem::exists(path("none.csv")));
    return result.err;
  };
  EXPECT_SAYS(message({"sample", "--given", "sax=m"}), "reads no \"sax\"");
  EXPECT_SAYS(message({"sample", "--given", "sex=x"}), "knows no sex called \"x\"");
  EXPECT_SAYS(message({"sample", "--given", "age=old"}), "\"age\" takes a number");
  EXPECT_SAYS(message({"sample", "--given", "sex"}), "is not NAME=VALUE");
  EXPECT_SAYS(message({"sample", "--given", "age=2", "--given", "age=3"}), "given twice");
  EXPECT_SAYS(message({"sample", "--label", "m"}), "reads no labels");
  EXPECT_SAYS(message({"reconstruct", "--as", "m"}), "reads no labels");
  EXPECT_SAYS(message({"classify"}), "conditioned on the label alone, and this one reads [\"sex\", \"age\"]");
  EXPECT_SAYS(message({"anomalies", "--suspect-labels"}), "conditioned on the label alone");
  EXPECT_SAYS(message({"decode", "--codes", path("people.csv"), "--given", "sex=m"}),
              "give --given age=VALUE");
  EXPECT_SAYS(elbo({"edit", "--dimension", "0"}).err, "without conditions");
}

TEST_P(CliColumns, RowsAreDecodedAsIfOfOtherConditions) {
  const std::string header = "sex,age,height,weight";
  const auto own = written({"reconstruct", "--split", "train"}, header);
  ASSERT_EQ(own.size(), 108u);
  const auto as = written({"reconstruct", "--split", "train", "--as", "sex=m"}, header);
  EXPECT_SAYS(said_, "as if of sex=m");
  for (std::size_t i = 0; i < as.size(); ++i) EXPECT_GT(std::stod(as[i][2]), 15.0) << i;
  EXPECT_LT(mean_of(own, 2), 17.0);
  EXPECT_NEAR(mean_of(as, 3), mean_of(own, 3), 0.4) << "the age stays";
  const auto young = written({"reconstruct", "--split", "train", "--as", "sex=f", "--as", "age=20"}, header);
  EXPECT_NEAR(mean_of(young, 2), 10.3, 1.5);
  EXPECT_NEAR(mean_of(young, 3), 2.2, 0.7);
}

TEST_P(CliColumns, LaterColumnsAreMatchedByName) {
  const auto codes = [&](const std::string& data) {
    const auto result = elbo({"encode", "--data", data, "--out", path("codes.npy")});
    EXPECT_EQ(result.code, 0) << result.err;
    return io::read_file(path("codes.npy"), io::kMaxTextBytes);
  };
  EXPECT_EQ(codes(write_people(folder_ / "a.csv", 12)), codes(write_people(folder_ / "b.csv", 12, true)));
  const auto refused = [&](const std::string& text) {
    write(folder_ / "later.csv", text);
    const auto result = elbo({"eval", "--data", path("later.csv")});
    EXPECT_EQ(result.code, 1);
    return result.err;
  };
  const std::string head = "height,weight,sex,age\n10,3,f,30\n";
  EXPECT_SAYS(refused(head + "10,3,x,30\n"), "later.csv:3: \"x\" in \"sex\"");
  EXPECT_SAYS(refused(head + "10,3,,30\n"), "line 3");
  EXPECT_SAYS(refused(head + "10,3,,30\n"), "has no \"sex\"");
  EXPECT_SAYS(refused(head + "10,3,m,\n"), "has no \"age\"");
  EXPECT_SAYS(refused("height,weight,sex\n10,3,f\n"), "has no column \"age\"");
}

TEST_P(CliColumns, TablesHaveTheConditionsBesideTheValues) {
  const std::string data = write_people(folder_ / "hole.csv", 6, false, ",3,m,30\n");
  const auto imputed = written({"impute", "--data", data}, "sex,age,height,weight");
  ASSERT_EQ(imputed.size(), 7u);
  EXPECT_EQ(imputed[6][0] + imputed[6][1], "m30");
  EXPECT_NEAR(std::stod(imputed[6][2]), 20.3, 2.0);
  const auto made = written({"augment", "-n", "6", "--split", "train"}, "sex,age,made_from,height,weight");
  EXPECT_TRUE(made[0][2].starts_with("line ")) << made[0][2];
  const auto drawn = written({"augment", "-n", "6", "--from", "prior"}, "sex,age,made_from,height,weight");
  EXPECT_EQ(drawn[0][0] + drawn[1][0] + drawn[0][2], "fmprior");
  EXPECT_SAYS(elbo({"augment", "-n", "6", "--out", path("more.npz")}).err, "name a .csv or .tsv file");
  const auto codes = written({"encode", "--data", data}, "sex,age,z0,z1");
  EXPECT_EQ(codes[6][0] + codes[6][1], "m30");
}

TEST_P(CliColumns, CodesAreDecodedWithTheConditionsThatAreGiven) {
  ASSERT_EQ(elbo({"encode", "--out", path("codes.npy")}).code, 0);
  const auto rows = written({"decode", "--codes", path("codes.npy"), "--given", "sex=m", "--given", "age=30"},
                            "sex,age,height,weight");
  for (const auto& row : rows) EXPECT_GT(std::stod(row[2]), 15.0);
}

TEST_P(CliColumns, InfoTellsThem) {
  const std::string told = run_elbo({"info", run_}).out;
  EXPECT_SAYS(told, "Conditions:\n  sex ");
  EXPECT_SAYS(told, "2 levels: f, m");
  EXPECT_SAYS(told, "mean 3");
  const auto json = nlohmann::json::parse(run_elbo({"info", run_, "--json"}).out).at("conditions");
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[0].at("levels"), (std::vector<std::string>{"f", "m"}));
  EXPECT_NEAR(json[1].at("mean").get<double>(), 40.0, 3.0);
}

INSTANTIATE_TEST_SUITE_P(Priors, CliColumns, testing::Values("normal", "conditional"));

TEST(CliColumnsAlone, ATableWithoutTheColumnIsRefused) {
  const TempFolder folder;
  const std::string data = write_people(folder / "people.csv");
  const auto message = [&](const std::string& condition, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {
        "--data", data, "--out", (folder / "run").string(), "--set", "model.condition=" + condition};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = run_elbo(small_training(arguments));
    EXPECT_NE(result.code, 0);
    return result.err;
  };
  EXPECT_SAYS(message("[\"sax\"]"), "model.condition: there is no column \"sax\"; did you mean \"sex\"?");
  EXPECT_SAYS(message("[\"sex\"]", {"--set", "data.label=sex"}), "is the label, which it calls \"label\"");
  EXPECT_SAYS(message("[\"sex\",\"label\"]"), "reads labels, and the data");
  EXPECT_SAYS(message("[\"sex\"]", {"--set", "model.kind=m2"}), "[\"label\"] alone");
}

/// The label beside a column.
TEST(CliColumnsAlone, LabelsAndColumnsAreReadTogether) {
  const TempFolder folder;
  const std::string data = write_people(folder / "people.csv"), run = (folder / "run").string(),
                    file = (folder / "s.csv").string();
  const auto trained =
      run_elbo(small_training({"--data", data, "--out", run, "--epochs", "2", "--set", "data.label=sex",
                               "--set", "model.condition=[\"age\",\"label\"]"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  const auto sampled =
      run_elbo({"sample", run, "-n", "3", "--given", "label=m", "--given", "age=30", "--out", file});
  ASSERT_EQ(sampled.code, 0) << sampled.err;
  EXPECT_TRUE(io::read_file(file, io::kMaxTextBytes).starts_with("age,label,height,weight\n30,m,"));
  EXPECT_EQ(run_elbo({"sample", run, "-n", "3", "--label", "f", "--out", file}).code, 0);
  EXPECT_EQ(cells_of(file)[2][1], "f");
  EXPECT_EQ(run_elbo({"reconstruct", run, "--as", "f", "--as", "age=20", "--out", file}).code, 0);
  const auto table = run_elbo({"reconstruct", run, "--as", "x", "--out", file});
  EXPECT_SAYS(table.err, "knows no label called \"x\"");
}

}  // namespace
}  // namespace elbo::test
