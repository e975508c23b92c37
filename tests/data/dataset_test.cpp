// Datasets in memory: values, slices, splits, and whether they suit a likelihood.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/check.h"
#include "elbo/dataset.h"
#include "support/data.h"
#include "support/file_formats.h"

namespace elbo {
namespace {

using test::expect_error;

/// Example i has the values 10 i, 10 i + 1, 10 i + 2, label i and factor −i.
Dataset counted(std::int64_t count) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    for (int j = 0; j < 3; ++j) values.push_back(static_cast<float>(10 * i + j));
  }
  Dataset dataset = Dataset::from_floats(values, 3);
  dataset.train.factors = {count, 1, {}};
  for (std::int64_t i = 0; i < count; ++i) {
    dataset.train.labels.push_back(static_cast<std::int32_t>(i));
    dataset.train.factors.values.push_back(static_cast<float>(-i));
  }
  return dataset;
}

TEST(DataDataset, FromFloats) {
  const Dataset dataset = Dataset::from_floats({1, 2, 3, 4, 5, 6}, 2);
  EXPECT_EQ(dataset.train.count, 3);
  EXPECT_EQ(dataset.dims(), 2);
  EXPECT_EQ(dataset.train.value(2, 1), 6.0f);
  EXPECT_TRUE(dataset.validation.empty());
  EXPECT_THROW(Dataset::from_floats({1, 2, 3}, 2), DataError);
  EXPECT_THROW(Dataset::from_floats({}, 2), DataError);
  EXPECT_THROW(Dataset::from_floats({1, 2}, 0), DataError);
}

TEST(DataDataset, BytesStandForTheirShareOf255) {
  const Dataset dataset = Dataset::from_bytes({0, 255, 51, 128}, 2, {1, 2, 1});
  EXPECT_EQ(dataset.train.value(0, 0), 0.0f);
  EXPECT_EQ(dataset.train.value(0, 1), 1.0f);
  EXPECT_FLOAT_EQ(dataset.train.value(1, 0), 0.2f);
  EXPECT_EQ(dataset.picture.width, 2);
  EXPECT_THROW(Dataset::from_bytes({1, 2, 3, 4}, 2, {2, 2, 1}), DataError);
}

TEST(DataDataset, SliceKeepsLabelsAndFactors) {
  const Dataset dataset = counted(10);
  const Examples part = dataset.train.slice(4, 3);
  EXPECT_EQ(part.count, 3);
  EXPECT_EQ(part.value(0, 0), 40.0f);
  EXPECT_EQ(part.value(2, 2), 62.0f);
  EXPECT_EQ(part.labels, (std::vector<std::int32_t>{4, 5, 6}));
  EXPECT_EQ(part.factors.rows, 3);
  EXPECT_EQ(part.factors.row(1)[0], -5.0f);
  EXPECT_TRUE(dataset.train.slice(10, 0).empty());
  EXPECT_THROW(dataset.train.slice(8, 3), ShapeError);
  EXPECT_THROW(dataset.train.slice(-1, 3), ShapeError);
  EXPECT_THROW(dataset.train.slice(1, std::numeric_limits<std::int64_t>::max()), ShapeError);
}

TEST(DataDataset, IdsStayWithTheirExamples) {
  Dataset dataset = counted(10);
  for (int i = 0; i < 10; ++i) dataset.train.ids.push_back("id " + std::to_string(i));
  EXPECT_EQ(dataset.train.slice(4, 2).ids, (std::vector<std::string>{"id 4", "id 5"}));
  EXPECT_EQ(dataset.train.evenly_spaced(2).ids, (std::vector<std::string>{"id 0", "id 5"}));
  hold_out(dataset, 0.2, 0.3, 1);
  for (const auto* part : {&dataset.train, &dataset.validation, &dataset.test}) {
    ASSERT_EQ(part->ids.size(), part->labels.size());
    for (std::size_t i = 0; i < part->ids.size(); ++i)
      EXPECT_EQ(part->ids[i], "id " + std::to_string(part->labels[i]));
  }
}

TEST(DataDataset, EvenlySpacedExamples) {
  const Dataset dataset = counted(10);
  const Examples some = dataset.train.evenly_spaced(4);
  EXPECT_EQ(some.count, 4);
  EXPECT_EQ(some.labels, (std::vector<std::int32_t>{0, 2, 5, 7}));
  EXPECT_EQ(some.value(2, 1), 51.0f);
  EXPECT_EQ(dataset.train.evenly_spaced(99).floats, dataset.train.floats);
  EXPECT_TRUE(dataset.train.evenly_spaced(0).empty());
  EXPECT_THROW(dataset.train.evenly_spaced(-1), ShapeError);
}

TEST(DataDataset, SplitDividesTheExamplesBySeed) {
  const auto labels_after = [](std::uint64_t seed) {
    Dataset dataset = counted(101);
    hold_out(dataset, 0.2, 0.1, seed);
    EXPECT_EQ(dataset.train.count, 71);
    EXPECT_EQ(dataset.validation.count, 20);
    EXPECT_EQ(dataset.test.count, 10);
    std::vector<std::int32_t> labels;
    for (const auto* part : {&dataset.train, &dataset.validation, &dataset.test}) {
      for (std::int64_t i = 0; i < part->count; ++i) {
        const auto label = part->labels[static_cast<std::size_t>(i)];
        EXPECT_EQ(part->value(i, 1), static_cast<float>(10 * label + 1));
        EXPECT_EQ(part->factors.row(i)[0], static_cast<float>(-label));
        labels.push_back(label);
      }
    }
    return labels;
  };
  const auto first = labels_after(7);
  EXPECT_EQ(first, labels_after(7));
  EXPECT_NE(first, labels_after(8));
  auto sorted = first;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::int32_t> all(101);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(sorted, all);
}

TEST(DataDataset, SplitLeavesWhatIsThere) {
  Dataset dataset = counted(10);
  dataset.test = counted(4).train;
  hold_out(dataset, 0.0, 0.5, 1);
  EXPECT_EQ(dataset.train.count, 10);
  EXPECT_EQ(dataset.test.count, 4);
  hold_out(dataset, 0.3, 0.5, 1);
  EXPECT_EQ(dataset.train.count, 7);
  EXPECT_EQ(dataset.validation.count, 3);
}

TEST(DataDataset, SplitRefusesBadFractions) {
  Dataset dataset = counted(10);
  expect_error<ConfigError>([&] { hold_out(dataset, 1.0, 0.0, 1); }, {"data.validation", "1"});
  expect_error<ConfigError>([&] { hold_out(dataset, 0.0, -0.1, 1); }, {"data.test", "-0.1"});
  expect_error<ConfigError>([&] { hold_out(dataset, std::nan(""), 0.0, 1); }, {"data.validation", "nan"});
  expect_error<ConfigError>([&] { hold_out(dataset, 0.5, 0.5, 1); }, {"leave none to train on"});
  EXPECT_EQ(dataset.train.count, 10);
}

TEST(DataDataset, MissingAndInfiniteValuesAreRefused) {
  Dataset dataset = Dataset::from_floats({0.0f, 1.0f, std::numeric_limits<float>::quiet_NaN(), 2.0f}, 2);
  expect_error<DataError>([&] { data::check_support(dataset, data::ValueRange{}); },
                          {"row 1 of memory, train, dimension 0 (counted from 0)", "missing"});
  dataset.train.floats[2] = -std::numeric_limits<float>::infinity();
  expect_error<DataError>([&] { data::check_support(dataset, data::ValueRange{}); }, {"infinite"});
}

TEST(DataDataset, ABadValueIsFoundByItsRowAfterASplit) {
  test::TempFolder folder;
  std::vector<float> values(60, 0.5f);
  values[2 * 7 + 1] = std::numeric_limits<float>::quiet_NaN();
  const auto file = test::write(folder / "nan.npy", test::npy("<f4", "(30, 2)", values)).string();
  Dataset dataset = load_dataset(file);
  hold_out(dataset, 0.3, 0.3, 5);
  expect_error<DataError>([&] { data::check_support(dataset, data::ValueRange{}); },
                          {"row 7 of " + file + ", dimension 1 (counted from 0) is missing"});
  hold_out(dataset, 0.5, 0.0, 6);  // data that is split already is not split again
  EXPECT_EQ(dataset.train.slice(2, 1).rows, (std::vector<std::int64_t>{dataset.train.rows[2]}));
}

TEST(DataDataset, SplitRefusesAFractionOfNoExample) {
  Dataset dataset = counted(2);
  expect_error<ConfigError>([&] { hold_out(dataset, 0.1, 0.0, 1); }, {"data.validation = 0.1 of 2 rows"});
  expect_error<ConfigError>([&] { hold_out(dataset, 0.0, 1e-30, 1); }, {"data.test = 1e-30 of 2 rows"});
  EXPECT_EQ(dataset.train.count, 2);
  dataset.validation = counted(3).train;
  EXPECT_NO_THROW(hold_out(dataset, 0.1, 0.0, 1));
}

TEST(DataGreyLevels, FloatsUpTo255AreDivided) {
  Dataset pictures = Dataset::from_floats({0, 255, 51, 1}, 4);
  EXPECT_FALSE(scale_grey_levels(pictures)) << "no pictures";
  pictures.picture = {2, 2, 1};
  pictures.test = pictures.train;
  pictures.test.floats = {0, 1, 1, std::numeric_limits<float>::quiet_NaN()};
  ASSERT_TRUE(scale_grey_levels(pictures));
  const Dataset bytes = Dataset::from_bytes({0, 255, 51, 1}, 4);
  for (std::int64_t i = 0; i < 4; ++i) EXPECT_EQ(pictures.train.value(0, i), bytes.train.value(0, i));
  EXPECT_EQ(pictures.test.value(0, 1), bytes.train.value(0, 3));
  ASSERT_EQ(pictures.notes.size(), 1u);
  EXPECT_NE(pictures.notes[0].find("divided by 255"), std::string::npos) << pictures.notes[0];
  EXPECT_FALSE(scale_grey_levels(pictures)) << "twice";
}

TEST(DataGreyLevels, OthersAreLeft) {
  for (const std::vector<float>& values :
       {std::vector<float>{0, 1, 0, 1}, {0, 0.5f, 1, 200}, {-1, 0, 3, 4}, {0, 1, 2, 256}}) {
    Dataset pictures = Dataset::from_floats(values, 4);
    pictures.picture = {2, 2, 1};
    EXPECT_FALSE(scale_grey_levels(pictures));
    EXPECT_EQ(pictures.train.floats, values);
    EXPECT_TRUE(pictures.notes.empty());
  }
}

}  // namespace
}  // namespace elbo
