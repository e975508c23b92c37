// CSV, good and bad.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "data/check.h"
#include "data/table/table.h"
#include "elbo/dataset.h"
#include "support/data.h"

namespace elbo {
namespace {

using test::expect_error;

Dataset parse(const std::string& text) {
  return data::parse_table(text, "table.csv", "table");
}

using Floats = std::vector<float>;
using Labels = std::vector<std::int32_t>;
using Names = std::vector<std::string>;

TEST(DataCsv, WithAndWithoutHeader) {
  const Dataset plain = parse("1,2\n3,-4.5e1\n");
  EXPECT_EQ(plain.train.floats, (Floats{1, 2, 3, -45}));
  EXPECT_EQ(plain.dims(), 2);
  EXPECT_TRUE(plain.columns.empty());
  const Dataset named = parse("width,height\n1,2\n");
  EXPECT_EQ(named.columns, (Names{"width", "height"}));
  EXPECT_EQ(named.train.count, 1);
  // A name may be missing, but a first line with a number is data.
  EXPECT_EQ(parse(",b\n3,4\n").columns, (Names{"", "b"}));
  expect_error<DataError>([] { parse("1,b\n3,4\n"); }, {"table.csv:1", "\"b\" in column 2", "first line"});
  EXPECT_EQ(parse(",NA\n3,4\n").train.count, 2);
}

TEST(DataCsv, Separators) {
  EXPECT_EQ(parse("1;2;3\n4;5;6").train.floats, (Floats{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(parse("1\t2\n4\t5").dims(), 2);
  EXPECT_EQ(parse("\"a;b\",c\n1,2").columns, (Names{"a;b", "c"}));
  EXPECT_EQ(parse("7\n8\n").dims(), 1);
}

TEST(DataCsv, QuotesSpacesAndLineEnds) {
  const Dataset dataset =
      parse("\xEF\xBB\xBF\"first \"\"one\"\"\",\"two\nlines\"\r\n 1 , +2 \r\n\r\n\"3\",4");
  EXPECT_EQ(dataset.columns, (Names{"first \"one\"", "two\nlines"}));
  EXPECT_EQ(dataset.train.floats, (Floats{1, 2, 3, 4}));
}

TEST(DataCsv, MissingValuesAreNaN) {
  const Dataset dataset = parse("a,b\n1,\n,2\nNA,nan\n");
  EXPECT_EQ(dataset.train.count, 3);
  EXPECT_EQ(dataset.train.floats[0], 1.0f);
  EXPECT_TRUE(std::isnan(dataset.train.floats[1]));
  EXPECT_TRUE(std::isnan(dataset.train.floats[2]));
  EXPECT_TRUE(std::isnan(dataset.train.floats[4]));
  EXPECT_TRUE(std::isnan(dataset.train.floats[5]));
}

TEST(DataCsv, LabelColumn) {
  const Dataset whole = parse("a,Label,b\n1,7,2\n3,-1,4\n");
  EXPECT_EQ(whole.train.labels, (Labels{7, -1}));
  EXPECT_EQ(whole.columns, (Names{"a", "b"}));
  EXPECT_EQ(whole.train.floats, (Floats{1, 2, 3, 4}));
  const Dataset text = parse("a,class\n1,red\n3,blue\n5,red\n");
  EXPECT_EQ(text.train.labels, (Labels{1, 0, 1}));
  const Dataset fractions = parse("a,target,b\n1,0.5,2\n3,1,4\n");
  EXPECT_TRUE(fractions.train.labels.empty());
  EXPECT_EQ(fractions.columns, (Names{"a", "target", "b"}));
  EXPECT_EQ(fractions.train.floats, (Floats{1, 0.5f, 2, 3, 1, 4}));
}

TEST(DataCsv, BadText) {
  const auto refused = [](const std::string& text, const std::vector<std::string>& parts) {
    auto expected = parts;
    expected.push_back("table.csv");
    expect_error<DataError>([&] { parse(text); }, expected);
  };
  refused("", {"no rows"});
  refused("\n\n", {"no rows"});
  refused("a,b\n", {"header alone"});
  refused("a,b\n1,2\n3,four\n", {"table.csv:3", "\"four\"", "column 2", "\"b\"", "not a number"});
  refused("1,2\n\n3,x\n", {"table.csv:3", "\"x\"", "column 2"});
  refused("1,2\n3\n", {"table.csv:2", "1 field,", "first row has 2"});
  refused("1,2\n3,4,5\n", {"table.csv:2", "3 fields"});
  refused("a,\"b\n1,2\n", {"table.csv:1", "never closed"});
  refused("\"a\"b,c\n1,2\n", {"table.csv:1", "closing quote"});
  refused("\"a\nb\",c\n1,2\n3,z\n", {"table.csv:4", "\"z\""});
  refused("1,2\n3,1e999\n", {"table.csv:2", "\"1e999\"", "column 2", "infinite"});
  refused("1,-1e400\n3,4\n", {"table.csv:1", "\"-1e400\"", "column 2", "infinite"});
  refused("a,b\n1,1e39\n", {"table.csv:2", "\"1e39\"", "(\"b\")", "32-bit"});
  refused(std::string("1,2\n3,4\0z\n", 10), {"table.csv:2", "\"4\\x00z\" in column 2 is not a number"});
  refused(std::string("\xFF\xFE"
                      "1\0,\0",
                      6),
          {"UTF-16", "UTF-8"});
  refused(std::string("\xFE\xFF\0"
                      "1\0,",
                      6),
          {"UTF-16", "UTF-8"});
  refused("label\n1\n2\n", {"labels alone"});
}

TEST(DataCsv, TooSmallForADoubleIsZero) {
  EXPECT_EQ(parse("1e-400,-1e-999\n0." + std::string(400, '0') + "1,2\n").train.floats, (Floats{0, 0, 0, 2}));
}

TEST(DataCsv, ValuesAreFoundByTheirLineAfterASplit) {
  std::string text = "width,class,height\n\n";
  for (int i = 0; i < 50; ++i) text += i == 31 ? "1,x,\n" : "1,x,2\n";
  Dataset dataset = parse(text);
  hold_out(dataset, 0.4, 0.4, 3);
  expect_error<DataError>([&] { data::check_support(dataset, data::ValueRange{}); },
                          {"line 34 of table.csv, column \"height\"", "missing"});
  Dataset plain = parse("1,2\n3,4\n5,nan\n");
  expect_error<DataError>([&] { data::check_support(plain, data::ValueRange{}); },
                          {"line 3 of table.csv, column 2 is missing"});
}

TEST(DataCsv, LoadedByItsEnding) {
  test::TempFolder folder;
  const auto file = test::write(folder / "mine.CSV", "1,2\n3,4\n").string();
  const Dataset dataset = load_dataset(file);
  EXPECT_EQ(dataset.name, file);
  EXPECT_EQ(dataset.train.count, 2);
  test::write(folder / "mine.tsv", "1\t2\n3\tx\n");
  expect_error<DataError>([&] { load_dataset((folder / "mine.tsv").string()); }, {"mine.tsv:2", "\"x\""});
}

using Kinds = std::vector<ColumnKind>;

Kinds kinds_of(const Dataset& data) {
  Kinds kinds;
  for (const Column& column : data.schema.columns) kinds.push_back(column.kind);
  return kinds;
}

Dataset parse_with(const std::string& text, const TableOptions& options) {
  return data::parse_table(text, "table.csv", "table", options);
}

Dataset match(const std::string& text, const Schema& schema, const TableOptions& options = {}) {
  return data::parse_table(text, "new.csv", "new", options, schema);
}

bool has_note(const Dataset& data, const std::string& part) {
  return std::ranges::any_of(data.notes,
                             [&](const std::string& note) { return note.find(part) != note.npos; });
}

TEST(DataTable, KindsAreInferred) {
  const Dataset data = parse(
      "customer_id,age,height,smoker,city,joined,empty,label\n"
      "7,31,1.75,yes,Bonn,2024-01-31,,good\n"
      "8,40,1.80,no,Köln,2024-02-01 12:00,,bad\n"
      "9,?,1.62,yes,Ulm,1970-01-02,NA,\n");
  EXPECT_EQ(kinds_of(data),
            (Kinds{ColumnKind::id, ColumnKind::numeric, ColumnKind::numeric, ColumnKind::binary,
                   ColumnKind::categorical, ColumnKind::date, ColumnKind::ignored, ColumnKind::label}));
  EXPECT_EQ(data.columns, (Names{"age", "height", "smoker", "city", "joined"}));
  EXPECT_EQ(data.train.ids, (Names{"7", "8", "9"}));
  EXPECT_EQ(data.label_names, (Names{"bad", "good"}));
  EXPECT_EQ(data.train.labels, (Labels{1, 0, kNoLabel}));
  EXPECT_EQ(data.schema.columns[3].levels, (Names{"no", "yes"}));
  EXPECT_EQ(data.schema.columns[4].levels, (Names{"Bonn", "Köln", "Ulm"}));
  const Floats first(data.train.floats.begin(), data.train.floats.begin() + 5);
  EXPECT_EQ(first, (Floats{31, 1.75f, 1, 0, 19752}));
  // Dates with times count from the first one; 31 January 2024 is day 19753.
  EXPECT_EQ(data.schema.columns[5].origin, 1.0);
  EXPECT_TRUE(data.schema.columns[5].has_times);
  EXPECT_EQ(data.train.value(1, 4), 19753.5f);
  EXPECT_EQ(data.train.value(2, 4), 0.0f);
  EXPECT_TRUE(std::isnan(data.train.value(2, 0)));
  EXPECT_TRUE(has_note(data, "3 rows, 5 columns: 2 numeric, 1 binary, 1 categorical, 1 date; 1 missing"));
  EXPECT_TRUE(has_note(data, "labels from \"label\": bad 1, good 1, none 1"));
  EXPECT_TRUE(has_note(data, "ids from \"customer_id\""));
  EXPECT_TRUE(has_note(data, "without a value: \"empty\""));
}

TEST(DataTable, SettingsOverride) {
  const std::string text = "id,class,b\n1,3,4\n2,1,6\n";
  EXPECT_EQ(kinds_of(parse(text)), (Kinds{ColumnKind::id, ColumnKind::label, ColumnKind::numeric}));
  const Dataset none = parse_with(text, {.label = "none", .id = "none"});
  EXPECT_EQ(none.columns, (Names{"id", "class", "b"}));
  EXPECT_TRUE(none.train.labels.empty() && none.train.ids.empty());
  EXPECT_EQ(parse_with(text, {.label = "b"}).train.labels, (Labels{4, 6}));
  EXPECT_EQ(parse_with(text, {.id = "2"}).train.ids, (Names{"3", "1"}));  // the second column
  EXPECT_EQ(parse_with(text, {.label = "none", .drop = {"b"}}).columns, (Names{"class"}));
  EXPECT_EQ(parse_with(text, {.columns = {"b"}}).columns, (Names{"b"}));
  const Dataset classes = parse_with(text, {.kinds = {"b=categorical"}});
  EXPECT_EQ(kinds_of(classes).back(), ColumnKind::categorical);
  expect_error<ConfigError>([&] { parse_with(text, {.label = "klass"}); }, {"data.label", "klass", "class"});
  expect_error<ConfigError>([&] { parse_with(text, {.kinds = {"b=number"}}); }, {"number", "kind"});
  expect_error<ConfigError>([&] { parse_with(text, {.kinds = {"b"}}); }, {"data.kinds", "NAME=KIND"});
  expect_error<DataError>([&] { parse_with(text, {.kinds = {"b=binary"}}); }, {"\"b\"", "binary", "0 and 1"});
}

TEST(DataTable, NumbersInOtherStyles) {
  const Dataset comma = parse("a;b\n1,5;1.234,5\n2;3\n");
  EXPECT_EQ(comma.train.floats, (Floats{1.5f, 1234.5f, 2, 3}));
  EXPECT_TRUE(has_note(comma, "decimal comma"));
  const Dataset thousands = parse("a;b\n1,234;0.5\n12,345,678.5;-1\n");
  EXPECT_EQ(thousands.train.floats, (Floats{1234, 0.5f, 12345678.5f, -1}));
  EXPECT_TRUE(has_note(thousands, "thousands"));
  EXPECT_EQ(parse_with("a;b\n1,234;5\n1,5;5\n", {.decimal = DecimalSign::comma}).train.floats[0], 1.234f);
  for (const char* missing : {"", "NA", "n/a", "#N/A", "None", "?", "-", ".", "nan", "NULL"}) {
    EXPECT_TRUE(std::isnan(parse(std::string("a,b\n") + missing + ",1\n2,3\n").train.floats[0])) << missing;
  }
}

TEST(DataTable, HeadersThatCount) {
  const Dataset counted = parse("0,1,2\n5,6,7\n8,9,1\n");
  EXPECT_EQ(counted.columns, (Names{"0", "1", "2"}));
  EXPECT_EQ(counted.train.count, 2);
  const Dataset numbered = parse(",a,b\n0,5,6\n1,7,8\n");
  EXPECT_EQ(numbered.columns, (Names{"a", "b"}));
  EXPECT_EQ(numbered.train.ids, (Names{"0", "1"}));
  EXPECT_EQ(parse("Unnamed: 0,a\n0,5\n1,7\n").columns, (Names{"a"}));
  EXPECT_EQ(parse_with("2019,2020\n1,2\n3,4\n", {.header = HeaderLine::present}).columns,
            (Names{"2019", "2020"}));
  EXPECT_EQ(parse_with("0,1\n3,4\n", {.header = HeaderLine::absent}).train.count, 2);
}

TEST(DataTable, LaterDataIsMatchedByName) {
  const Dataset train = parse("a,b,city,label\n1,2,Rome,x\n3,4,Oslo,y\n5,6,Rome,x\n7,8,Oslo,y\n");
  const Dataset later = match("new,label,city,b,a\n9,y,Oslo,4,3\n9,z,Rome,2,1\n", train.schema);
  EXPECT_EQ(later.columns, train.columns);
  EXPECT_EQ(later.train.floats, (Floats{3, 4, 0, 1, 2, 1}));
  EXPECT_EQ(later.label_names, (Names{"x", "y", "z"}));
  EXPECT_EQ(later.train.labels, (Labels{1, 2}));
  EXPECT_TRUE(has_note(later, "unknown to the model: \"new\""));
  expect_error<DataError>([&] { match("a,town\n1,Rome\n", train.schema); },
                          {"new.csv", "no columns \"b\", \"city\"", "\"town\""});
  expect_error<DataError>([&] { match("a,b,city\n1,2,Bonn\n", train.schema); },
                          {"\"Bonn\"", "\"city\"", "Oslo, Rome"});
  expect_error<DataError>([&] { match("a,b,city\n1,x,Rome\n", train.schema); },
                          {"new.csv:2", "\"x\"", "\"b\""});
  EXPECT_TRUE(match("a,b,city\n1,2,Oslo\n", train.schema).train.labels.empty());
  const Dataset unlabelled = parse("a,b\n1,2\n3,4\n");
  EXPECT_EQ(match("a,b,label\n1,2,bad\n3,4,ok\n", unlabelled.schema).label_names, (Names{"bad", "ok"}));
  EXPECT_EQ(match("a,b,city,kind\n1,2,Oslo,y\n", train.schema, {.label = "kind"}).train.labels, (Labels{1}));
}

TEST(DataTable, WithoutNamesPositionsCount) {
  const Dataset train = parse("a,b\n1,2\n3,4\n");
  const Dataset later = match("5,6\n7,8\n", train.schema);
  EXPECT_EQ(later.train.floats, (Floats{5, 6, 7, 8}));
  EXPECT_TRUE(has_note(later, "in the model's order"));
  expect_error<DataError>([&] { match("5,6,7\n", train.schema); }, {"3 columns", "2"});
  EXPECT_EQ(match("9,5,6\n", train.schema, {.label = "1"}).train.labels, (Labels{9}));
}

TEST(DataTable, CellsThatTheModelDoesNotKnowAreRefused) {
  const Dataset train = parse("a,flag,code\n1,yes,A\n2,no,1\n3,yes,B\n4,no,C\n");
  expect_error<DataError>([&] { match("a,flag,code\n1,1,A\n", train.schema); },
                          {"new.csv:2", "\"1\"", "\"flag\"", "no, yes"});
  expect_error<DataError>([&] { match("a,flag,code\n1,no,3\n", train.schema); },
                          {"\"3\"", "\"code\"", "A, B, C"});
  const Dataset dates = parse("a,day\n1,2024-01-31\n2,2024-02-01\n");
  expect_error<DataError>([&] { match("a,day\n1,20240131\n", dates.schema); }, {"\"day\"", "dates"});
}

TEST(DataTable, SettingsOfTheModelsLabelsMayBeAbsentLater) {
  const TableOptions options = {.label = "species", .id = "plant"};
  const Dataset train = parse_with("a,species,plant\n1,x,p1\n2,y,p2\n", options);
  const Dataset later = match("plant,a\np9,3\n", train.schema, options);
  EXPECT_TRUE(later.train.labels.empty());
  EXPECT_EQ(later.train.ids, (Names{"p9"}));
  const TableOptions numbered = {.label = "3"};
  const Dataset plain = parse_with("1,2,7\n3,4,8\n", numbered);
  EXPECT_EQ(match("5,6,9\n", plain.schema, numbered).train.labels, (Labels{9}));
  EXPECT_EQ(match("5,6\n", plain.schema, {}).train.floats, (Floats{5, 6}));
  EXPECT_EQ(match("species,a\n1,2\n0,3\n", train.schema, options).label_names,
            Names());  // numbers are their own names
}

TEST(DataTable, NamesThatOccurTwiceGetNumbers) {
  const Dataset data = parse("a,a,b\n1,2,3\n4,5,6\n");
  EXPECT_EQ(data.columns, (Names{"a", "a.1", "b"}));
  EXPECT_TRUE(has_note(data, "given a number: a"));
  EXPECT_EQ(match("b,a,a\n3,1,2\n", data.schema).train.floats, (Floats{1, 2, 3}));
}

TEST(DataTable, DecimalCommasOfThreeDigits) {
  const Dataset data = parse("a;b\n1,234;0,125\n2,500;3,750\n");
  EXPECT_EQ(data.train.floats, (Floats{1.234f, 0.125f, 2.5f, 3.75f}));
  const Dataset either = parse("a;b\n1,234;5\n2,500;6\n");
  EXPECT_EQ(either.train.floats[0], 1.234f);
  EXPECT_TRUE(has_note(either, "in two ways"));
  EXPECT_EQ(parse_with("a;b\n1,234;5\n2,500;6\n", {.decimal = DecimalSign::point}).train.floats[0], 1234.0f);
}

TEST(DataTable, RowsAreNotLost) {
  EXPECT_EQ(parse("a\n1\n\"\"\n3\n").train.count, 3);  // as a missing number in a single column is written
  const Dataset two = parse("0,1\n1,1\n");
  EXPECT_EQ(two.train.count, 2);
  EXPECT_TRUE(has_note(two, "the first line is data"));
  std::string text = "uuid,v\n";
  for (int i = 0; i < 1500; ++i) text += "k" + std::to_string(i) + "," + std::to_string(i) + ".5\n";
  EXPECT_EQ(parse(text).train.ids.size(), 1500u);
}

TEST(DataTable, OneColumnHasOneRole) {
  const std::string text = "a,b,c\n1,2,3\n4,5,6\n";
  expect_error<ConfigError>([&] { parse_with(text, {.label = "a", .kinds = {"b=label"}}); },
                            {"label", "\"a\"", "\"b\""});
  expect_error<ConfigError>([&] { parse_with(text, {.label = "a", .id = "a"}); },
                            {"data.id", "\"a\"", "label"});
  expect_error<DataError>([&] { parse_with("a,b\nyes,1\n1,2\n2,3\n", {.kinds = {"a=binary"}}); },
                          {"two texts"});
}

TEST(DataTable, OtherEncodings) {
  const Dataset latin = parse(
      "gr\xF6\xDF"
      "e,b\n1,2\n");
  EXPECT_EQ(latin.columns, (Names{"größe", "b"}));
  EXPECT_TRUE(has_note(latin, "Latin-1"));
}

}  // namespace
}  // namespace elbo
