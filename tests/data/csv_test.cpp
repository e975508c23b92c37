// CSV, good and bad.

#include <gtest/gtest.h>

#include <cmath>

#include "data/check.h"
#include "data/sources/csv.h"
#include "elbo/dataset.h"
#include "support/data.h"

namespace elbo {
namespace {

using test::expect_error;

Dataset parse(const std::string& text) {
  return data::parse_csv(text, "table.csv", "table");
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
  expect_error<DataError>([&] { data::check_support(dataset, {}); },
                          {"line 34 of table.csv, column \"height\"", "missing"});
  Dataset plain = parse("1,2\n3,4\n5,nan\n");
  expect_error<DataError>([&] { data::check_support(plain, {}); },
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

}  // namespace
}  // namespace elbo
