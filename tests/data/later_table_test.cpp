// Later tables, matched with a model's columns: their labels, and the style of their numbers.

#include <gtest/gtest.h>

#include <algorithm>

#include "data/table/table.h"
#include "support/data.h"

namespace elbo {
namespace {

using test::expect_error;
using Labels = std::vector<std::int32_t>;
using Names = std::vector<std::string>;

Dataset train(const std::string& text, const TableOptions& options = {}) {
  return data::parse_table(text, "train.csv", "train", options);
}

Dataset later(const std::string& text, const Schema& like, const TableOptions& options = {}) {
  return data::parse_table(text, "later.csv", "later", options, like);
}

bool says(const Dataset& data, const std::string& text) {
  return std::ranges::any_of(data.notes,
                             [&](const auto& note) { return note.find(text) != std::string::npos; });
}

Schema two_columns() {
  return train("a,b\n1.5,2\n2.5,3\n").schema;
}

TEST(DataLaterTable, AColumnThatHoldsTheNormalLabelIsTheLabel) {
  const std::string text = "a,verdict,b,city\n1.5,fine,2,Rome\n2,faulty,3,Oslo\n3,fine,4,Rome\n";
  EXPECT_TRUE(later(text, two_columns()).train.labels.empty());
  const Dataset data = later(text, two_columns(), {.label_value = "fine"});
  EXPECT_EQ(data.train.labels, (Labels{1, 0, 1}));
  EXPECT_EQ(data.label_names, (Names{"faulty", "fine"}));
  EXPECT_TRUE(says(data, "labels from \"verdict\", which holds \"fine\": faulty 1, fine 2"));
  EXPECT_TRUE(says(data, "left out, unknown to the model: \"city\""));
  EXPECT_TRUE(later(text, two_columns(), {.label_value = "good"}).train.labels.empty());
  EXPECT_TRUE(later(text, two_columns(), {.label = "none", .label_value = "fine"}).train.labels.empty());
}

TEST(DataLaterTable, NumbersMayBeTheNormalLabel) {
  // The column n counts the rows, and x has fractions: neither can be labels.
  const std::string text = "n,a,b,fault,x\n0,1.5,2,1,0\n1,2,3,0,0.5\n2,3,4,0,1\n";
  const Dataset data = later(text, two_columns(), {.label_value = "0"});
  EXPECT_EQ(data.train.labels, (Labels{1, 0, 0}));
  EXPECT_TRUE(says(data, "labels from \"fault\", which holds \"0\": 0 2, 1 1"));
}

TEST(DataLaterTable, OfSeveralColumnsNoneIsTaken) {
  const std::string text = "a,b,first,second\n1.5,2,ok,ok\n2,3,bad,ok\n3,4,ok,bad\n";
  const Dataset data = later(text, two_columns(), {.label_value = "ok"});
  EXPECT_TRUE(data.train.labels.empty());
  EXPECT_TRUE(says(data, "\"ok\" occurs in \"first\", \"second\": none is taken for the label"));
  const Dataset named =
      later(text, two_columns(), {.label = "second", .label_required = true, .label_value = "ok"});
  EXPECT_EQ(named.train.labels, (Labels{1, 1, 0}));
}

TEST(DataLaterTable, ACustomaryNameGoesBeforeTheCells) {
  const Dataset data =
      later("a,b,verdict,label\n1.5,2,ok,x\n2,3,ok,y\n3,4,bad,x\n", two_columns(), {.label_value = "ok"});
  EXPECT_EQ(data.label_names, (Names{"x", "y"}));
}

TEST(DataLaterTable, ARequiredLabelMustBeThere) {
  const Schema schema = train("a,b,kind\n1.5,2,x\n2.5,3,y\n", {.label = "kind"}).schema;
  const std::string text = "a,b,kind,sort\n1.5,2,x,p\n2,3,y,q\n";
  EXPECT_EQ(later(text, schema).label_names, (Names{"x", "y"}));
  // Training's setting may name a column that is not here; the later table's own may not.
  EXPECT_EQ(later(text, schema, {.label = "gone"}).label_names, (Names{"x", "y"}));
  expect_error<ConfigError>([&] { later(text, schema, {.label = "srt", .label_required = true}); },
                            {"data.label", "\"srt\"", "\"sort\""});
  const Dataset data = later(text, schema, {.label = "sort", .label_required = true});
  EXPECT_EQ(data.train.labels.size(), 2u);
  EXPECT_EQ(label_name(data, data.train.labels[0]), "p");
  EXPECT_EQ(later(text, schema, {.label = "4", .label_required = true}).train.labels, data.train.labels);
}

TEST(DataLaterTable, ARequiredIdMustBeThere) {
  const Schema schema = train("a,b,plant\n1.5,2,p\n2.5,3,q\n", {.id = "plant"}).schema;
  const std::string text = "a,b,plant,tree\n1.5,2,x,r\n2,3,y,s\n";
  EXPECT_EQ(later(text, schema).train.ids, (Names{"x", "y"}));
  EXPECT_EQ(later(text, schema, {.id = "gone"}).train.ids, (Names{"x", "y"}));
  EXPECT_EQ(later(text, schema, {.id = "tree", .id_required = true}).train.ids, (Names{"r", "s"}));
  EXPECT_TRUE(later(text, schema, {.id = "none"}).train.ids.empty());
  expect_error<ConfigError>([&] { later(text, schema, {.id = "gone", .id_required = true}); },
                            {"data.id", "\"gone\"", "tree"});
}

TEST(DataLaterTable, NoneOfATableWithoutNamesIsNone) {
  const Schema schema = train("1.5,2,7\n2.5,3,8\n", {.label = "3"}).schema;
  EXPECT_EQ(later("1,2,9\n", schema).train.labels, (Labels{9}));
  EXPECT_TRUE(later("1,2,9\n", schema, {.label = "none"}).train.labels.empty());
}

// "1.234" may be one and a bit, or more than a thousand: it is what it was in training.
TEST(DataLaterTable, AmbiguousSignsAreReadAsInTraining) {
  const Schema commas = train("a;b\n1,5;2\n2.500,25;3\n").schema;
  const Schema points = train("a;b\n1.5;2\n2.25;3\n").schema;
  EXPECT_EQ(commas.decimal, DecimalSign::comma);
  EXPECT_EQ(points.decimal, DecimalSign::point);
  const std::string text = "a;b\n1.234;2\n5.678;3\n";
  const Dataset thousands = later(text, commas);
  EXPECT_EQ(thousands.train.floats, (std::vector<float>{1234, 2, 5678, 3}));
  EXPECT_TRUE(says(thousands, "commas were taken for the decimal sign, as in the training data"));
  EXPECT_EQ(later(text, points).train.floats, (std::vector<float>{1.234f, 2, 5.678f, 3}));
  const std::string with_commas = "a;b\n1,234;2\n5,678;3\n";
  EXPECT_EQ(later(with_commas, points).train.floats, (std::vector<float>{1234, 2, 5678, 3}));
  EXPECT_EQ(later(with_commas, commas).train.floats, (std::vector<float>{1.234f, 2, 5.678f, 3}));
  // A setting, and signs that are not ambiguous, go before the training's.
  EXPECT_EQ(later(text, commas, {.decimal = DecimalSign::point}).train.floats[0], 1.234f);
  EXPECT_EQ(later("a;b\n1.25;2\n", commas).train.floats[0], 1.25f);
}

TEST(DataLaterTable, TheDecimalSignIsKeptWhereThereIsOne) {
  EXPECT_EQ(train("a;b\n1;2\n2;3\n").schema.decimal, DecimalSign::automatic);
  EXPECT_EQ(train("a;b\n1.234;2\n").schema.decimal, DecimalSign::point) << "as it was read";
  EXPECT_EQ(train("a;b\n1;2\n", {.decimal = DecimalSign::comma}).schema.decimal, DecimalSign::comma);
  const Schema unknown = train("a;b\n1;2\n2;3\n").schema;
  const Dataset data = later("a;b\n1.234;2\n", unknown);
  EXPECT_EQ(data.train.floats[0], 1.234f);
  EXPECT_FALSE(says(data, "as in the training data"));
  EXPECT_EQ(later("a;b\n1.234;2\n", train("a;b\n1,5;2\n").schema).schema.decimal, DecimalSign::comma);
}

}  // namespace
}  // namespace elbo
