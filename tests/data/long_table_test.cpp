// Text tables that are read in blocks, beside the same tables read whole; and numbers by the short way.

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "data/table/cell.h"
#include "data/table/table.h"
#include "elbo/dataset.h"
#include "elbo/device.h"
#include "support/data.h"
#include "support/random.h"

namespace elbo {
namespace {

using test::expect_error;

constexpr int kRows = 60000;  // several blocks

/// A table with an id, numbers, gaps, texts, dates, blank lines and labels; quotes in the last row's town
/// keep it whole.
std::string long_table(bool quoted, const char* line_end = "\n") {
  std::string text = std::string("customer_id,row,height,town,seen,visits,label") + line_end;
  test::Random random(1);
  const char* const kTowns[] = {"north", "south", "east", "N/A"};
  for (int row = 0; row < kRows; ++row) {
    char line[160];
    const char* town = kTowns[static_cast<int>(4 * random.unit())];
    const std::string height = random.unit() < 0.1 ? "" : std::to_string(1.5 + random.unit());
    const bool last = row + 1 == kRows;
    std::snprintf(line, sizeof line, "c%05d,%d,%s,%s%s%s,2024-01-%02d,%d,%s", row, row, height.c_str(),
                  quoted && last ? "\"" : "", last ? "west" : town, quoted && last ? "\"" : "", 1 + row % 28,
                  static_cast<int>(50 * random.unit()), row % 3 == 0 ? "yes" : "no");
    text += std::string(line) + line_end;
    if (row % 1000 == 0) text += line_end;
  }
  return text;
}

Dataset read_long(const std::string& text) {
  return data::parse_table(text, "long.csv", "long");
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), sizeof(float) * a.size()) == 0;
}

void expect_same(const Dataset& blocks, const Dataset& whole) {
  EXPECT_EQ(blocks.train.count, whole.train.count);
  EXPECT_EQ(blocks.columns, whole.columns);
  EXPECT_TRUE(same_bits(blocks.train.floats, whole.train.floats));
  EXPECT_EQ(blocks.train.labels, whole.train.labels);
  EXPECT_EQ(blocks.train.ids, whole.train.ids);
  EXPECT_EQ(blocks.train.rows, whole.train.rows);
  EXPECT_EQ(blocks.label_names, whole.label_names);
  EXPECT_EQ(blocks.notes, whole.notes);
}

TEST(DataLongTable, BlocksGiveWhatTheWholeTextGives) {
  const Dataset whole = read_long(long_table(true));
  ASSERT_EQ(whole.train.count, kRows);
  ASSERT_FALSE(whole.train.ids.empty());
  ASSERT_EQ(whole.label_names, (std::vector<std::string>{"no", "yes"}));
  expect_same(read_long(long_table(false)), whole);
  expect_same(read_long(long_table(false, "\r\n")), whole);
  expect_same(read_long(long_table(false, "\r")), whole);
}

TEST(DataLongTable, TheNumberOfThreadsChangesNothing) {
  const int before = cpu_threads();
  const Dataset some = read_long(long_table(false));
  set_cpu_threads(1);
  const Dataset one = read_long(long_table(false));
  set_cpu_threads(before);
  expect_same(one, some);
}

TEST(DataLongTable, NumbersAloneAreTakenAsTheyAre) {
  std::string text = "a,b,c\n";
  test::Random random(2);
  std::vector<float> expected;
  for (int row = 0; row < kRows; ++row) {
    for (int column = 0; column < 3; ++column) {
      const double number = std::round(1e4 * random.unit()) / 1e3 - 5;
      char cell[32];
      std::snprintf(cell, sizeof cell, "%.3f", number);
      expected.push_back(static_cast<float>(std::stod(cell)));
      text += std::string(cell) + (column < 2 ? "," : "\n");
    }
  }
  const Dataset all = read_long(text);
  EXPECT_TRUE(same_bits(all.train.floats, expected));
  EXPECT_EQ(all.train.rows.back(), kRows + 1);
  const Dataset two = data::parse_table(text, "long.csv", "long", {.columns = {"c", "a"}});
  ASSERT_EQ(two.dims(), 2);
  for (const int row : {0, 1, kRows / 2, kRows - 1}) {
    const auto at = static_cast<std::size_t>(row);
    EXPECT_EQ(two.train.floats[2 * at + (two.columns[0] == "c" ? 0 : 1)], expected[3 * at + 2]);
    EXPECT_EQ(two.train.floats[2 * at + (two.columns[0] == "c" ? 1 : 0)], expected[3 * at]);
  }
}

TEST(DataLongTable, RowNumbersAreKnownAcrossBlocks) {
  std::string text = ",a\n";
  for (int row = 0; row < 200000; ++row) text += std::to_string(row) + "," + std::to_string(row % 7) + ".5\n";
  EXPECT_EQ(read_long(text).columns, std::vector<std::string>{"a"});
  text += "7,0.5\n";  // no longer the rows' numbers
  EXPECT_EQ(read_long(text).dims(), 2);
}

TEST(DataLongTable, ErrorsNameTheFirstLineThatIsWrong) {
  std::string text = long_table(false);
  const auto first = text.find("c30000,"), later = text.find("c50000,");
  text.insert(later, "and,this,too\n");
  text.insert(first, "too,short\n");
  expect_error<DataError>([&] { read_long(text); },
                          {"long.csv:30032: has 2 fields, but the first row has 7"});
}

TEST(DataLongTable, AnIdThatOccursAgainInALaterBlockIsNone) {
  std::string text = long_table(false);
  const Dataset distinct = read_long(text);
  text += "c00000,60000,1.5,north,2024-01-01,3,no\n";
  EXPECT_FALSE(distinct.train.ids.empty());
  EXPECT_TRUE(read_long(text).train.ids.empty());
}

TEST(DataCells, ShortNumbersAreRoundedAsLongOnes) {
  test::Random random(3);
  for (int i = 0; i < 200000; ++i) {
    const int digits = 1 + static_cast<int>(15 * random.unit());
    std::string cell;
    for (int j = 0; j < digits; ++j) cell += static_cast<char>('0' + static_cast<int>(10 * random.unit()));
    cell.insert(static_cast<std::size_t>((digits + 1) * random.unit()), ".");
    double expected = 0.0;
    std::from_chars(cell.data(), cell.data() + cell.size(), expected);
    ASSERT_EQ(data::parse_number(cell, data::kPoint), expected) << cell;
    ASSERT_EQ(data::parse_number("-" + cell, data::kPoint), -expected) << cell;
    std::ranges::replace(cell, '.', ',');
    ASSERT_EQ(data::parse_number(cell, data::kComma), expected) << cell;
  }
}

TEST(DataCells, WhatIsNoNumber) {
  for (const char* cell :
       {"", ".", "-", "+", "-.", "1.2.3", "1-2", "--1", "1e", "x", "0x10", "1 2", ",", "1,2"})
    EXPECT_FALSE(data::parse_number(cell, data::kPoint)) << cell;
  for (const char* cell : {"1,234", "1.", ".5", "-.5", "+3", "007", "1e3", "inf", "1234567890123456789"})
    EXPECT_TRUE(data::parse_number(cell, data::kPoint)) << cell;
  EXPECT_TRUE(std::signbit(data::parse_number("-0.0", data::kPoint).value()));
}

}  // namespace
}  // namespace elbo
