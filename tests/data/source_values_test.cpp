// The values of files as they are there, beyond a float's digits.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "data/table/table.h"
#include "support/data.h"
#include "support/file_formats.h"

namespace elbo {
namespace {

using test::TempFolder;
using test::write;

Dataset parse(const std::string& text) {
  return data::parse_table(text, "table.csv", "table", {}, {}, true);
}

TEST(DataSource, OfATableIsItsText) {
  const Dataset data =
      parse("id,a,b,kind\n7,0.10,1e3,\"x, y\"\n\n8,0.12345678901234567,,z\n9,\"1,234\",5,\n");
  const auto first = data.train.source_cells(0), second = data.train.source_cells(1),
             third = data.train.source_cells(2);
  ASSERT_EQ(first.size(), 3u);
  EXPECT_EQ(first[0].text, "0.10");
  EXPECT_EQ(first[0].number, 0.1);
  EXPECT_EQ(first[1].text, "1e3");
  EXPECT_EQ(first[2].text, "x, y");
  EXPECT_FALSE(first[2].number);
  EXPECT_EQ(second[0].text, "0.12345678901234567");
  EXPECT_EQ(second[1].text, "");
  EXPECT_FALSE(second[1].number) << "missing";
  EXPECT_EQ(third[0].text, "") << "beside 1300.5 it would be another number";
  EXPECT_EQ(third[0].number, 1234.0);
  EXPECT_EQ(third[2].text, "");
  EXPECT_FALSE(data.train.source->binary());
  EXPECT_FALSE(data::parse_table("a\n1\n", "t.csv", "t").train.source);
}

TEST(DataSource, OfDecimalCommasAndOtherDatesIsTheirValue) {
  const Dataset data = parse("a;when\n0,10;31.01.2024\n-1.234,5;2024-02-01\n17;2024/02/02\n");
  EXPECT_EQ(data.train.source_cells(0)[0].text, "");
  EXPECT_EQ(data.train.source_cells(0)[0].number, 0.1);
  EXPECT_EQ(data.train.source_cells(0)[1].text, "");
  EXPECT_EQ(data.train.source_cells(0)[1].number, 19753.0);
  EXPECT_EQ(data.train.source_cells(1)[0].number, -1234.5);
  EXPECT_EQ(data.train.source_cells(1)[1].text, "2024-02-01");
  EXPECT_EQ(data.train.source_cells(2)[0].text, "17");
  EXPECT_EQ(data.train.source_cells(2)[1].text, "");
}

TEST(DataSource, GoesWithExamplesWhereverTheyGo) {
  std::string text =
      "\xEF\xBB\xBF"
      "a,b\n";
  for (int i = 0; i < 40; ++i) text += std::to_string(i) + ".0," + std::to_string(i) + ".50\n";
  Dataset data = parse(text);
  hold_out(data, 0.25, 0.25, 4);
  for (const Examples& examples : {data.train, data.test, data.validation.evenly_spaced(3)}) {
    for (std::int64_t i = 0; i < examples.count; ++i) {
      const auto number = std::to_string(static_cast<int>(examples.value(i, 0)));
      EXPECT_EQ(examples.source_cells(i)[0].text, number + ".0");
      EXPECT_EQ(examples.source_cells(i)[1].text, number + ".50");
    }
  }
}

TEST(DataSource, OfAnArrayIsItsDoubles) {
  const TempFolder folder;
  const double third = 1.0 / 3.0, none = std::numeric_limits<double>::quiet_NaN();
  const auto load = [&](const char* name, const std::string& bytes) {
    LoadOptions options;
    options.keep_source = true;
    return load_dataset(write(folder / name, bytes).string(), options);
  };
  const Dataset doubles = load("d.npy", test::npy<double>("<f8", "(2, 3)", {third, none, 1, 2, 3, 4}));
  ASSERT_TRUE(doubles.train.source && doubles.train.source->binary());
  EXPECT_EQ(doubles.train.source_cells(0)[0].number, third);
  EXPECT_FALSE(doubles.train.source_cells(0)[1].number);
  EXPECT_EQ(doubles.train.source_cells(1)[2].number, 4.0);
  const Dataset columns = load("f.npy", test::npy<double>("<f8", "(2, 2)", {1, 2, third, 4}, true));
  EXPECT_EQ(columns.train.source_cells(0)[1].number, third);
  const Dataset large = load("i.npy", test::npy<std::int64_t>("<i8", "(1, 2)", {16777217, 2}));
  EXPECT_EQ(large.train.source_cells(0)[0].number, 16777217.0);
  EXPECT_FALSE(load("s.npy", test::npy<float>("<f4", "(1, 2)", {1, 2})).train.source);
  EXPECT_FALSE(load("u.npy", test::npy<std::uint8_t>("|u1", "(1, 2)", {1, 2})).train.source);
}

}  // namespace
}  // namespace elbo
