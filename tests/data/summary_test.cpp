// summarize: splits and columns in figures.

#include <gtest/gtest.h>

#include <cmath>

#include "data/table/table.h"
#include "elbo/summary.h"

namespace elbo {
namespace {

using Counts = Frequencies;

Dataset parse(const std::string& text, const TableOptions& options = {}) {
  return data::parse_table(text, "table.csv", "table", options);
}

TEST(Summary, HasTheFiguresOfEachColumn) {
  const Dataset data = parse(
      "customer_id,age,plan,day,notes,empty,spare,class\n"
      "7,30,pro,2024-01-01,a,,1,x\n"
      "8,40,basic,2024-01-05,b,,2,y\n"
      "9,,basic,2024-01-03,c,,3,\n"
      "10,50,basic,2024-01-03,d,,4,y\n",
      {.drop = {"spare"}, .kinds = {"plan=categorical", "notes=ignored"}});
  const DatasetSummary summary = summarize(data);
  ASSERT_EQ(summary.columns.size(), 8u);
  const auto& c = summary.columns;
  const ColumnSummary &id = c[0], &age = c[1], &plan = c[2], &day = c[3], &notes = c[4], &empty = c[5],
                      &spare = c[6], &label = c[7];
  EXPECT_EQ(id.column.kind, ColumnKind::id);
  EXPECT_EQ(id.why, "its name, and no cell occurs twice");
  EXPECT_EQ(id.present, 4);
  EXPECT_FALSE(id.moments);
  EXPECT_EQ(age.present, 3);
  EXPECT_EQ(age.missing, 1);
  EXPECT_EQ(age.moments->min, 30.0);
  EXPECT_EQ(age.moments->max, 50.0);
  EXPECT_DOUBLE_EQ(age.moments->mean, 40.0);
  EXPECT_DOUBLE_EQ(age.moments->deviation, std::sqrt(200.0 / 3.0));
  EXPECT_EQ(age.why, "");
  EXPECT_EQ(plan.levels, (Counts{{"basic", 3}, {"pro", 1}}));
  EXPECT_EQ(plan.why, "data.kinds");
  EXPECT_EQ(day.moments->min, 19723.0);
  EXPECT_EQ(day.moments->mean, 19725.0);
  EXPECT_EQ(notes.column.kind, ColumnKind::ignored);
  EXPECT_EQ(notes.why, "data.kinds");
  EXPECT_EQ(empty.why, "no cell has a value");
  EXPECT_EQ(empty.missing, 4);
  EXPECT_EQ(spare.why, "data.drop");
  EXPECT_EQ(spare.present, 4);
  EXPECT_EQ(label.levels, (Counts{{"y", 2}, {"x", 1}}));
  EXPECT_EQ(label.missing, 1);
  EXPECT_EQ(label.why, "its name");
  ASSERT_EQ(summary.splits.size(), 1u);
  EXPECT_EQ(summary.splits[0].labels, (Counts{{"y", 2}, {"none", 1}, {"x", 1}}));
}

TEST(Summary, SaysWhatDecidedAboutAColumn) {
  const Dataset data = parse("a,b,c,d\n1,2,x,4\n2,3,y,4\n", {.label = "c", .id = "d", .columns = {"a"}});
  ASSERT_EQ(data.readings.size(), 4u);
  EXPECT_EQ(data.readings[0].why, "");
  EXPECT_EQ(data.readings[1].why, "not in data.columns");
  EXPECT_EQ(data.readings[2].why, "data.label");
  EXPECT_EQ(data.readings[3].why, "data.id");
  EXPECT_TRUE(data::parse_table("a\n1\n", "later.csv", "later", {}, Schema{{Column{}}}).readings.empty());
}

TEST(Summary, OfSplitsCountsTogetherInColumnsAndApartInSplits) {
  Dataset data = Dataset::from_floats({1, NAN, 3, 5}, 2);
  data.test = data.train.slice(0, 1);
  data.test.floats = {9, 1};
  data.train.labels = {1, 0};
  const DatasetSummary summary = summarize(data);
  ASSERT_EQ(summary.splits.size(), 2u);
  EXPECT_EQ(summary.splits[0].missing, 1);
  EXPECT_EQ(summary.splits[0].moments->max, 5.0);
  EXPECT_EQ(summary.splits[0].labels, (Counts{{"0", 1}, {"1", 1}}));
  EXPECT_EQ(summary.splits[1].name, "test");
  EXPECT_EQ(summary.splits[1].examples, 1);
  EXPECT_TRUE(summary.splits[1].labels.empty());
  ASSERT_EQ(summary.columns.size(), 2u);
  EXPECT_EQ(summary.columns[0].moments->max, 9.0);
  EXPECT_EQ(summary.columns[0].present, 3);
  EXPECT_EQ(summary.columns[1].missing, 1);
}

TEST(Summary, OfPicturesHasNoColumns) {
  const Dataset data = Dataset::from_bytes({0, 255, 51, 102}, 4, {2, 2, 1});
  const DatasetSummary summary = summarize(data);
  EXPECT_TRUE(summary.columns.empty());
  EXPECT_NEAR(summary.splits[0].moments->mean, 0.4, 1e-6);
  EXPECT_EQ(summary.splits[0].moments->max, 1.0);
}

}  // namespace
}  // namespace elbo
