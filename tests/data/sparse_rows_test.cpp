// Data that stays sparse: as files give it, in splits, in statistics, on the device and in a training.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "data/check.h"
#include "data/resident.h"
#include "data/rows.h"
#include "data/sources/csr.h"
#include "elbo/model.h"
#include "elbo/train.h"
#include "model/model_file.h"
#include "model/state.h"
#include "support/data.h"
#include "support/device.h"
#include "support/random.h"
#include "support/temp_folder.h"
#include "support/training.h"

namespace elbo::test {
namespace {

constexpr std::int64_t kRows = 60, kDims = 40;
const float kNan = std::numeric_limits<float>::quiet_NaN();

/// Counts of which one in eight is not 0; the third row has none.
std::vector<float> counts() {
  Random random(7);
  std::vector<float> values(kRows * kDims);
  for (float& value : values) {
    if (random.below(8) == 0) value = static_cast<float>(1 + random.below(6));
  }
  std::fill_n(values.begin() + 2 * kDims, kDims, 0.0f);
  return values;
}

CsrRows sparse_of(const std::vector<float>& values, std::int64_t dims) {
  CsrRows rows{{0}, {}, {}};
  for (std::size_t at = 0; at < values.size(); ++at) {
    const auto column = static_cast<std::int32_t>(static_cast<std::int64_t>(at) % dims);
    if (values[at] != 0.0f) {  // also NaN
      rows.columns.push_back(column);
      rows.values.push_back(values[at]);
    }
    if (column == dims - 1) rows.starts.push_back(std::ssize(rows.values));
  }
  return rows;
}

Dataset sparse_counts() {
  return Dataset::from_sparse(sparse_of(counts(), kDims), kDims);
}

std::vector<float> filled_in(const Examples& examples) {
  return to_table(examples, 0, examples.count).values;
}

TEST(SparseData, AMatrixOfMostlyZerosStaysSparse) {
  // Columns in any order, and two values for one place.
  const data::Csr matrix{2, 20, {0, 4, 4}, {9, 3, 19, 3}, {1, 2, 3, 5}};
  const data::Array array = data::to_array(matrix, "m");
  EXPECT_TRUE(array.floats.empty());
  EXPECT_EQ(array.sparse.starts, (std::vector<std::int64_t>{0, 3, 3}));
  EXPECT_EQ(array.sparse.columns, (std::vector<std::int32_t>{3, 9, 19}));
  EXPECT_EQ(array.sparse.values, (std::vector<float>{7, 1, 3}));
  EXPECT_EQ(array.value(9), 1.0);
  EXPECT_EQ(array.value(29), 0.0);
  const Dataset data = data::from_array(array, "m", "m");
  EXPECT_EQ(data.train.count, 2);
  EXPECT_EQ(data.dims(), 20);
  EXPECT_EQ(data.train.value(0, 3), 7.0f);
}

TEST(SparseData, ExamplesAreTakenAndFilledIn) {
  const Dataset sparse = sparse_counts(), dense = Dataset::from_floats(counts(), kDims);
  EXPECT_EQ(filled_in(sparse.train), dense.train.floats);
  EXPECT_EQ(filled_in(sparse.train.slice(2, 5)), dense.train.slice(2, 5).floats);
  EXPECT_EQ(filled_in(sparse.train.evenly_spaced(7)), dense.train.evenly_spaced(7).floats);
  const std::vector<std::int64_t> numbers = {41, 2, 41};
  EXPECT_EQ(filled_in(sparse.train.chosen(numbers)), dense.train.chosen(numbers).floats);
  const std::vector<std::int64_t> outside = {kRows};
  EXPECT_THROW(sparse.train.chosen(outside), ShapeError);
  Dataset some = sparse, others = dense;
  hold_out(some, 0.2, 0.1, 3);
  hold_out(others, 0.2, 0.1, 3);
  EXPECT_EQ(filled_in(some.train), others.train.floats);
  EXPECT_EQ(filled_in(some.validation), others.validation.floats);
  EXPECT_TRUE(some.test.floats.empty() && !some.test.sparse.empty());
  for (std::int64_t j = 0; j < kDims; ++j) EXPECT_EQ(sparse.train.value(5, j), dense.train.value(5, j)) << j;
}

TEST(SparseData, StatisticsCountTheZeros) {
  std::vector<float> values = counts();
  values[5] = values[2 * kDims + 5] = kNan;
  const Dataset sparse = Dataset::from_sparse(sparse_of(values, kDims), kDims);
  const Dataset dense = Dataset::from_floats(values, kDims);
  const auto some = data::standardization(sparse.train), all = data::standardization(dense.train);
  EXPECT_EQ(some.mean, all.mean);
  for (std::size_t j = 0; j < all.deviation.size(); ++j)
    EXPECT_FLOAT_EQ(some.deviation[j], all.deviation[j]) << j;
  const auto volumes = some.log_volumes(sparse.train), expected = all.log_volumes(dense.train);
  for (std::size_t i = 0; i < volumes.size(); ++i) EXPECT_NEAR(volumes[i], expected[i], 1e-5) << i;
  EXPECT_EQ(data::presence(sparse.train), data::presence(dense.train));
  EXPECT_NE(data::fingerprint(sparse.train), data::fingerprint(sparse_counts().train));
}

TEST(SparseData, ChecksNameThePlace) {
  std::vector<float> values = counts();
  values[4 * kDims + 9] = kNan;
  const Dataset data = Dataset::from_sparse(sparse_of(values, kDims), kDims);
  expect_error<DataError>([&] { check_finite(data.train, "this"); }, {"row 4", "dimension 9", "missing"});
  EXPECT_NO_THROW(data::check_presence(data.train, "m"));
  std::vector<float> none = counts();
  std::fill_n(none.begin() + kDims, kDims, kNan);
  const Dataset empty = Dataset::from_sparse(sparse_of(none, kDims), kDims);
  expect_error<DataError>([&] { data::check_presence(empty.train, "m"); }, {"row 1", "all its values"});
}

TEST(SparseData, AMaskMakesItDense) {
  Dataset data = sparse_counts(), mask = Dataset::from_floats(std::vector<float>(kRows * kDims, 1.0f), kDims);
  mask.train.floats[17] = 0.0f;
  apply_mask(data, mask);
  std::vector<float> expected = counts();
  ASSERT_EQ(data.train.floats.size(), expected.size());
  EXPECT_TRUE(std::isnan(data.train.floats[17]) && data.train.sparse.empty());
  expected[17] = data.train.floats[17] = 0.0f;
  EXPECT_EQ(data.train.floats, expected);
  Dataset other = Dataset::from_floats(counts(), kDims);
  const std::vector<float> ones(kRows * kDims, 1.0f);
  apply_mask(other, Dataset::from_sparse(sparse_of(ones, kDims), kDims));
  EXPECT_EQ(other.train.floats, counts());
}

TEST(SparseData, WhatTheMemoryCannotHoldIsRefused) {
  const data::Csr wide{1, 50'000'000, {0, 1}, {49'999'999}, {1}};
  EXPECT_NO_THROW(data::to_array(wide, "m"));
  constexpr std::int64_t kWide = 20'000'000;
  Dataset data = Dataset::from_sparse({{0, 1, 1, 1}, {5}, {1}}, kWide);
  const Dataset mask = Dataset::from_sparse({{0, 1, 1, 1}, {5}, {1}}, kWide);
  const Environment limit("ELBO_MEMORY_CHECK", "100000000");
  expect_error<OutOfMemoryError>([&] { data::to_array(wide, "m.svm"); }, {"m.svm", "50000000 columns"});
  expect_error<OutOfMemoryError>([&] { apply_mask(data, mask); }, {"mask", "filled in"});
  EXPECT_FALSE(data.train.sparse.empty()) << "a refused mask changes nothing";
}

TEST(SparseData, SplitsMadeByHandAreChecked) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = sparse_counts();
  Recipe recipe = small_recipe();
  recipe.model.likelihood = "poisson";
  const Model model = make_model(recipe, data);
  Examples outside = data.train.slice(0, 2);
  outside.sparse.columns.back() = kDims;
  EXPECT_THROW(model.encode(outside), DataError);
  Examples short_of_one = data.train.slice(0, 2);
  short_of_one.sparse.values.pop_back();
  EXPECT_THROW(model.encode(short_of_one), DataError);
}

TEST(SparseData, MatricesThatAreNoneAreRefused) {
  const auto refused = [](const CsrRows& rows, std::int64_t dims, const std::string& part) {
    expect_error<DataError>([&] { Dataset::from_sparse(rows, dims); }, {part});
  };
  refused({}, 3, "no examples");
  refused({{0}, {}, {}}, 3, "no examples");
  refused({{0, 1}, {0}, {1}}, 0, "dims is 0");
  refused({{0, 2}, {0}, {1}}, 3, "starts");
  refused({{1, 1}, {0}, {1}}, 3, "starts");
  refused({{0, 1}, {0, 1}, {1}}, 3, "starts");
  refused({{0, 2, 1}, {0}, {1}}, 3, "starts");
  refused({{0, 1}, {3}, {1}}, 3, "column 3");
  refused({{0, 1}, {-1}, {1}}, 3, "column -1");
  refused({{0, 0, 2}, {1, 1}, {1, 1}}, 3, "row 1");
  refused({{0, 2}, {2, 1}, {1, 1}}, 3, "column 1");
}

std::vector<float> parameters_of(const Model& model) {
  return to_host(*state_of(model).context, state_of(model).vae->parameters().values());
}

TEST(SparseData, TrainsAndEvaluatesToTheBytesOfDenseData) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.model.likelihood = "poisson";
  recipe.data.validation = 0.2;
  recipe.train.epochs = 2;
  const Dataset sparse = sparse_counts(), dense = Dataset::from_floats(counts(), kDims);
  Model one = make_model(recipe, sparse), other = make_model(recipe, dense);
  train(one, sparse);
  train(other, dense);
  EXPECT_EQ(parameters_of(one), parameters_of(other));
  EXPECT_EQ(one.evaluate(sparse.train, 4, 1).nll->examples, other.evaluate(dense.train, 4, 1).nll->examples);
  EXPECT_EQ(one.encode(sparse.train).mean.values, other.encode(dense.train).mean.values);
}

}  // namespace
}  // namespace elbo::test
