// Columns that are read beside the values: taken out of a table, matched later, refused where they cannot be
// read.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "data/check.h"
#include "data/classes.h"
#include "data/resident.h"
#include "data/table/table.h"
#include "support/data.h"

namespace elbo {
namespace {

using test::expect_error;
using Floats = std::vector<float>;
using Names = std::vector<std::string>;

constexpr const char* kPeople =
    "height,sex,age,member,kind\n"
    "1.5,f,30,0,oak\n"
    "2.5,m,40,1,elm\n"
    "3.5,f,50,1,oak\n";

Dataset people(const Names& conditions, TableOptions options = {}) {
  options.conditions = conditions;
  return data::parse_table(kPeople, "people.csv", "people", options);
}

Dataset later_people(const std::string& text, const Schema& like) {
  return data::parse_table(text, "later.csv", "later", {}, like);
}

TEST(ConditionColumns, AreTakenOutOfTheValuesInTheOrderOfTheirNames) {
  const Dataset data = people({"age", "member", "sex"});
  EXPECT_EQ(data.columns, (Names{"height", "kind"}));
  EXPECT_EQ(data.train.floats, (Floats{1.5f, 1, 2.5f, 0, 3.5f, 1}));
  ASSERT_EQ(data.train.conditions.cols, 3);
  EXPECT_EQ(data.train.conditions.values, (Floats{30, 0, 0, 40, 1, 1, 50, 1, 0}));
  const std::vector<Column> columns = condition_columns(data.schema);
  ASSERT_EQ(columns.size(), 3u);
  EXPECT_EQ(columns[0].name, "age");
  EXPECT_TRUE(columns[0].levels.empty());
  EXPECT_EQ(columns[1].levels, (Names{"0", "1"})) << "two values are levels";
  EXPECT_EQ(columns[2].levels, (Names{"f", "m"}));
  EXPECT_EQ(modelled_columns(data.schema).size(), 2u);
}

TEST(ConditionColumns, StayWithTheirExamples) {
  const Dataset data = people({"sex", "age"});
  const std::vector<std::int64_t> numbers = {2, 1};
  EXPECT_EQ(data.train.chosen(numbers).conditions.values, (Floats{0, 50, 1, 40}));
  EXPECT_EQ(data.train.slice(1, 1).conditions.values, (Floats{1, 40}));
  EXPECT_EQ(data.train.evenly_spaced(1).conditions.rows, 1);
  Examples changed = data.train;
  changed.conditions.values[1] = 31.0f;
  EXPECT_NE(data::fingerprint(changed), data::fingerprint(data.train));
}

TEST(ConditionColumns, AreMatchedByNameInAnyOrder) {
  const Schema like = people({"sex", "age", "member"}).schema;
  const Dataset data = later_people("member,age,kind,colour,sex,height\n1.0,20,elm,red,m,9\n", like);
  EXPECT_EQ(data.train.conditions.values, (Floats{1, 20, 1}));
  EXPECT_EQ(data.train.floats, (Floats{9, 0}));
  const Dataset bare = later_people("9,m,20,0,elm\n", like);
  EXPECT_EQ(bare.train.conditions.values, (Floats{1, 20, 0})) << "a table laid out alike, without names";
  EXPECT_EQ(bare.train.floats, (Floats{9, 0}));
}

TEST(ConditionColumns, ThatAreMissingOrHoldOthersAreRefusedByName) {
  const Schema like = people({"sex", "age"}).schema;
  expect_error<DataError>([&] { later_people("height,age,member,kind\n1,2,0,oak\n", like); },
                          {"later.csv", "has no column \"sex\""});
  expect_error<DataError>(
      [&] { later_people("height,sex,age,member,kind\n1,f,2,0,oak\n1,x,2,0,oak\n", like); },
      {"later.csv:3", "\"x\"", "\"sex\"", "f, m"});
  expect_error<DataError>([&] { later_people("height,sex,age,member,kind\n1,f,old,0,oak\n", like); },
                          {"later.csv:2", "\"old\"", "\"age\"", "is not a number"});
  EXPECT_EQ(later_people("height,sex,age,member,kind\n1,f,2,0,oak\n1,,2,0,oak\n", like).train.count, 2)
      << "what is missing is refused where it is read, by check_conditions";
}

TEST(ConditionColumns, ThatCannotBeReadAreRefused) {
  expect_error<ConfigError>([] { people({"sax"}); }, {"model.condition", "no column \"sax\"", "\"sex\""});
  expect_error<ConfigError>([] { people({"sex"}, {.drop = {"sex"}}); }, {"data.drop", "\"sex\""});
  expect_error<ConfigError>([] { people({"kind"}, {.label = "kind"}); },
                            {"\"kind\" is the label", "\"label\""});
  expect_error<DataError>([] { people({"height", "sex", "age", "member", "kind"}); }, {"none is a value"});
  expect_error<ConfigError>(
      [] { data::parse_table("1,2\n3,4\n", "bare.csv", "bare", {.conditions = {"1"}}); },
      {"the file has no names of columns"});
  expect_error<DataError>(
      [] { data::parse_table("a,b\n1,\n2,\n", "empty.csv", "empty", {.conditions = {"b"}}); },
      {"cannot read \"b\"", "no cell has a value"});
  EXPECT_EQ(people({"sex"}, {.columns = {"height"}}).columns, (Names{"height"}))
      << "data.columns may lack it";
}

TEST(ConditionColumns, MissingUnknownAndInfiniteOnesAreRefusedWithTheirLine) {
  const std::vector<std::string> names = {"sex", "age"};
  const std::vector<std::int32_t> levels = {2, 0};
  Dataset data = people({"sex", "age"});
  const auto check = [&] { data::check_conditions(data.train, names, levels, "x"); };
  EXPECT_NO_THROW(check());
  data.train.conditions.values[3] = NAN;
  expect_error<DataError>(check, {"line 3 of people.csv", "has no \"age\"", "model.condition"});
  data.train.conditions.values[3] = INFINITY;
  expect_error<DataError>(check, {"line 3 of people.csv", "infinite \"age\""});
  data.train.conditions.values[3] = 40.0f;
  for (const float wrong : {2.0f, -1.0f, 0.5f}) {
    data.train.conditions.values[4] = wrong;
    expect_error<DataError>(check, {"line 4 of people.csv", "\"sex\"", "knows 0 to 1"});
  }
  data.train.conditions = {};
  expect_error<DataError>(check, {"people.csv", "has no column \"sex\""});
}

TEST(ConditionColumns, LevelsThatNoTrainingExampleHasAreTold) {
  Dataset data = people({"sex", "age"});
  data.test = data.train.slice(1, 1);
  data.train = data.train.slice(0, 1);
  data.notes.clear();
  data::note_unlearned_levels(data);
  ASSERT_EQ(data.notes.size(), 1u);
  EXPECT_NE(data.notes[0].find("no training example has \"m\" for \"sex\""), std::string::npos)
      << data.notes[0];
}

}  // namespace
}  // namespace elbo
