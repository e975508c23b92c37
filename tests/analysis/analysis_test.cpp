// Statistics of tables: AUROC, average precision, quantiles, neighbours, the quality of codes, principal
// components.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "elbo/analysis.h"
#include "elbo/error.h"
#include "support/data.h"

namespace elbo {
namespace {

using test::expect_error;

TEST(Auroc, IsTheShareOfPairsInOrder) {
  // There are 2 · 3 pairs (anomaly, normal): 0.8 is above all three, 0.4 above one.
  const std::vector<double> scores = {0.1, 0.5, 0.8, 0.6, 0.4};
  const std::vector<std::int32_t> labels = {0, 0, 1, 0, 1};
  EXPECT_DOUBLE_EQ(auroc(scores, labels), 4.0 / 6.0);
}

TEST(Auroc, TiesCountHalf) {
  const std::vector<double> same = {2, 2, 2, 2};
  const std::vector<std::int32_t> labels = {0, 7, 0, 7};
  EXPECT_DOUBLE_EQ(auroc(same, labels), 0.5);
  // Pairs: 3>1, 3=3 (half), 1=1 (half), 1<3.
  const std::vector<double> some = {1, 3, 3, 1};
  EXPECT_DOUBLE_EQ(auroc(some, labels), (1.0 + 0.5 + 0.5 + 0.0) / 4.0);
}

TEST(Auroc, AgreesWithCountingPairs) {
  std::mt19937 random(5);
  std::vector<double> scores;
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 300; ++i) {
    labels.push_back(random() % 4 == 0);
    scores.push_back(static_cast<double>(random() % 40 + 5u * static_cast<unsigned>(labels.back())));
  }
  double right = 0, pairs = 0;
  for (std::size_t i = 0; i < 300; ++i) {
    for (std::size_t j = 0; j < 300; ++j) {
      if (labels[i] == 0 || labels[j] != 0) continue;
      ++pairs;
      right += scores[i] > scores[j] ? 1.0 : scores[i] == scores[j] ? 0.5 : 0.0;
    }
  }
  EXPECT_NEAR(auroc(scores, labels), right / pairs, 1e-12);
}

TEST(Auroc, TakesInfinityButNotWhatCannotBeRanked) {
  const std::vector<double> scores = {0.0, INFINITY};
  EXPECT_EQ(auroc(scores, std::vector<std::int32_t>{0, 1}), 1.0);
  expect_error<DataError>([&] { auroc(scores, std::vector<std::int32_t>{0, 0}); }, {"normal"});
  expect_error<DataError>([&] { auroc(scores, std::vector<std::int32_t>{1, 1}); }, {"anomalies"});
  expect_error<ShapeError>([&] { auroc(scores, std::vector<std::int32_t>{1}); }, {"2 scores"});
  const std::vector<double> nan = {0.0, NAN};
  expect_error<DataError>([&] { auroc(nan, std::vector<std::int32_t>{0, 1}); }, {"NaN"});
  EXPECT_THROW(auroc({}, {}), DataError);
}

TEST(AveragePrecision, IsTheMeanOfPrecisionsAtEachAnomaly) {
  // From the highest down: 0.8 is an anomaly (precision 1/1), 0.4 the fourth (2/4).
  const std::vector<double> scores = {0.1, 0.5, 0.8, 0.6, 0.4};
  const std::vector<std::int32_t> labels = {0, 0, 1, 0, 1};
  EXPECT_DOUBLE_EQ(average_precision(scores, labels), (1.0 + 0.5) / 2.0);
  // The example of scikit-learn's documentation, 0.83.
  EXPECT_DOUBLE_EQ(
      average_precision(std::vector<double>{0.1, 0.4, 0.35, 0.8}, std::vector<std::int32_t>{0, 0, 1, 1}),
      0.5 * 1.0 + 0.5 * 2.0 / 3.0);
}

TEST(AveragePrecision, CountsEqualScoresTogether) {
  const std::vector<double> same = {2, 2, 2, 2, 2};
  EXPECT_DOUBLE_EQ(average_precision(same, std::vector<std::int32_t>{0, 7, 0, 7, 0}), 0.4);
  // The three fives give 2/3 of the anomalies at precision 2/3, the two the rest at 3/4, in any order.
  const std::vector<double> some = {5, 5, 5, 2}, turned = {2, 5, 5, 5};
  EXPECT_DOUBLE_EQ(average_precision(some, std::vector<std::int32_t>{1, 1, 0, 1}),
                   2.0 / 3.0 * 2.0 / 3.0 + 1.0 / 3.0 * 3.0 / 4.0);
  EXPECT_DOUBLE_EQ(average_precision(turned, std::vector<std::int32_t>{1, 0, 1, 1}),
                   2.0 / 3.0 * 2.0 / 3.0 + 1.0 / 3.0 * 3.0 / 4.0);
}

TEST(AveragePrecision, TakesInfinityButNotWhatCannotBeRanked) {
  const std::vector<double> scores = {0.0, INFINITY}, nan = {0.0, NAN};
  EXPECT_EQ(average_precision(scores, std::vector<std::int32_t>{0, 1}), 1.0);
  expect_error<DataError>(
      [&] {
        average_precision(scores, std::vector<std::int32_t>{0, 0});
      },
      {"average precision", "normal"});
  expect_error<DataError>([&] { average_precision(nan, std::vector<std::int32_t>{0, 1}); }, {"NaN"});
  expect_error<ShapeError>([&] { average_precision(scores, std::vector<std::int32_t>{1}); }, {"2 scores"});
}

TEST(Quantile, LiesBetweenTheNearestValues) {
  const std::vector<double> values = {40, 10, 30, 20};
  EXPECT_DOUBLE_EQ(quantile(values, 0.0), 10.0);
  EXPECT_DOUBLE_EQ(quantile(values, 1.0), 40.0);
  EXPECT_DOUBLE_EQ(quantile(values, 0.5), 25.0);
  EXPECT_DOUBLE_EQ(quantile(values, 0.9), 37.0);  // place 2.7
  EXPECT_DOUBLE_EQ(quantile(std::vector<double>{7}, 0.3), 7.0);
  const std::vector<double> infinite = {0, INFINITY, INFINITY};
  EXPECT_EQ(quantile(infinite, 0.9), INFINITY);
  expect_error<ConfigError>([&] { quantile(values, 1.5); }, {"1.5"});
  expect_error<DataError>([&] { quantile(std::vector<double>{}, 0.5); }, {"no values"});
  expect_error<DataError>([&] { quantile(std::vector<double>{1.0, NAN}, 0.5); }, {"NaN"});
}

TEST(PercentileRanks, AreTheShareBelowWithHalfOfTheEqual) {
  const std::vector<double> reference = {3, 1, 2, 2}, values = {0, 1, 2, 2.5, 9};
  EXPECT_EQ(percentile_ranks(values, reference), (std::vector<double>{0.0, 12.5, 50.0, 75.0, 100.0}));
  expect_error<DataError>([&] { percentile_ranks(values, std::vector<double>{}); }, {"no values"});
  expect_error<DataError>([&] { percentile_ranks(std::vector<double>{NAN}, reference); }, {"NaN"});
}

/// `count` rows of `dims` normals around `centre`.
Table cloud(std::int64_t count, std::int64_t dims, float centre, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Table table{count, dims, {}};
  for (std::int64_t i = 0; i < count * dims; ++i) table.values.push_back(centre + normal(random));
  return table;
}

void append(Table& table, const Table& rows) {
  table.rows += rows.rows;
  table.values.insert(table.values.end(), rows.values.begin(), rows.values.end());
}

TEST(Neighbours, AreThoseThatSortingAllDistancesGives) {
  const Table points = cloud(1500, 5, 0.0f, 1), queries = cloud(40, 5, 0.2f, 2);
  const Neighbours near = nearest_neighbours(queries, points, 7);
  ASSERT_EQ(near.rows.size(), 280u);
  for (std::int64_t q = 0; q < 40; ++q) {
    std::vector<std::pair<double, std::int32_t>> all;
    for (std::int64_t p = 0; p < 1500; ++p) {
      double distance = 0;
      for (std::size_t j = 0; j < 5; ++j) distance += std::pow(queries.row(q)[j] - points.row(p)[j], 2);
      all.emplace_back(distance, static_cast<std::int32_t>(p));
    }
    std::sort(all.begin(), all.end());
    for (std::int64_t n = 0; n < 7; ++n) {
      EXPECT_EQ(near.rows[static_cast<std::size_t>(q * 7 + n)], all[static_cast<std::size_t>(n)].second);
      EXPECT_NEAR(near.squared_distances[static_cast<std::size_t>(q * 7 + n)],
                  all[static_cast<std::size_t>(n)].first, 1e-4);
    }
  }
}

TEST(Neighbours, TiesGoByRowAndNoPointIsItsOwn) {
  const Table points{4, 1, {0, 1, -1, 0}};
  EXPECT_EQ(nearest_neighbours(points, 2).rows, (std::vector<std::int32_t>{3, 1, 0, 3, 0, 3, 0, 1}));
  EXPECT_EQ(nearest_neighbours(Table{1, 1, {0}}, points, 4).rows, (std::vector<std::int32_t>{0, 3, 1, 2}));
  expect_error<ShapeError>([&] { nearest_neighbours(points, 4); }, {"4 neighbours", "3"});
  EXPECT_THROW(nearest_neighbours(Table{1, 2, {0, 0}}, points, 1), ShapeError);
}

TEST(CodeQuality, CloudsApartAreToldApartByBoth) {
  Table train = cloud(60, 3, 0.0f, 1), test = cloud(30, 3, 0.0f, 3);
  append(train, cloud(60, 3, 9.0f, 2));
  append(test, cloud(30, 3, 9.0f, 4));
  std::vector<std::int32_t> train_labels(60, 4), test_labels(30, 4);
  train_labels.resize(120, -2);
  test_labels.resize(60, -2);
  const CodeQuality quality = code_quality(train, train_labels, test, test_labels);
  EXPECT_EQ(quality.classes, 2);
  EXPECT_EQ(quality.linear_probe, 1.0);
  EXPECT_EQ(quality.nearest_neighbours, 1.0);
}

TEST(CodeQuality, ARingIsForNeighboursNotForALine) {
  // One class surrounds the other: a line is right about half the time, neighbours nearly always.
  std::mt19937 random(3);
  std::uniform_real_distribution<float> turn(0.0f, 6.2832f), length(0.0f, 0.7f);
  const auto draw = [&](std::vector<std::int32_t>& labels) {
    Table table{400, 2, {}};
    for (int i = 0; i < 400; ++i) {
      const float angle = turn(random), radius = length(random) + (i % 2 ? 1.0f : 0.0f);
      table.values.insert(table.values.end(), {radius * std::cos(angle), radius * std::sin(angle)});
      labels.push_back(i % 2);
    }
    return table;
  };
  std::vector<std::int32_t> train_labels, test_labels;
  const Table train = draw(train_labels), test = draw(test_labels);
  const CodeQuality quality = code_quality(train, train_labels, test, test_labels);
  EXPECT_LT(quality.linear_probe, 0.65);
  EXPECT_GT(quality.nearest_neighbours, 0.97);
}

TEST(CodeQuality, TheProbeFindsTheBestLineBetweenCloudsThatOverlap) {
  // Unit normals at ±1 in each of two dimensions: the best possible accuracy is Φ(√2) = 0.9214.
  Table train = cloud(4000, 2, -1.0f, 11), test = cloud(4000, 2, -1.0f, 13);
  append(train, cloud(4000, 2, 1.0f, 12));
  append(test, cloud(4000, 2, 1.0f, 14));
  std::vector<std::int32_t> labels(4000, 0);
  labels.resize(8000, 1);
  const CodeQuality quality = code_quality(train, labels, test, labels, 25);
  EXPECT_NEAR(quality.linear_probe, 0.9214, 0.012);
  EXPECT_NEAR(quality.nearest_neighbours, 0.9214, 0.02);
}

TEST(CodeQuality, LabelsThatTrainingNeverSawAreErrors) {
  Table train = cloud(50, 2, 0.0f, 1);
  append(train, cloud(50, 2, 9.0f, 2));
  std::vector<std::int32_t> labels(50, 0);
  labels.resize(100, 1);
  const Table test = cloud(10, 2, 9.0f, 3);
  EXPECT_EQ(code_quality(train, labels, test, std::vector<std::int32_t>(10, 5)).linear_probe, 0.0);
}

TEST(CodeQuality, WrongInputIsRefused) {
  const Table codes{2, 1, {0, 1}};
  const std::vector<std::int32_t> two = {0, 1}, same = {3, 3}, one = {1};
  expect_error<DataError>([&] { code_quality(codes, same, codes, two); }, {"labelled 3"});
  expect_error<ShapeError>([&] { code_quality(codes, one, codes, two); }, {"2 training codes have 1"});
  expect_error<DataError>([&] { code_quality(codes, two, Table{0, 1, {}}, {}); }, {"no test codes"});
  expect_error<ShapeError>([&] { code_quality(codes, two, Table{1, 2, {0, 1}}, one); }, {"1 values"});
  expect_error<DataError>([&] { code_quality(Table{2, 1, {0, NAN}}, two, codes, two); }, {"row 1", "NaN"});
}

TEST(PrincipalComponents, OfAStretchedAndTurnedCloudAreItsAxes) {
  // Deviations 3, 1 and 0.1 along a rotated orthonormal basis.
  const double basis[3][3] = {
      {2 / 3.0, 2 / 3.0, 1 / 3.0}, {-2 / 3.0, 1 / 3.0, 2 / 3.0}, {1 / 3.0, -2 / 3.0, 2 / 3.0}};
  const double deviation[3] = {3, 1, 0.1};
  const Table unit = cloud(5000, 3, 0.0f, 8);
  Table rows{5000, 3, {}};
  for (std::int64_t i = 0; i < 5000; ++i) {
    for (int j = 0; j < 3; ++j) {
      double value = 7.0;
      for (std::size_t a = 0; a < 3; ++a) value += deviation[a] * unit.row(i)[a] * basis[a][j];
      rows.values.push_back(static_cast<float>(value));
    }
  }
  const PrincipalComponents result = principal_components(rows, 2);
  EXPECT_NEAR(result.variance_share[0], 9 / 10.01, 0.01);
  EXPECT_NEAR(result.variance_share[1], 1 / 10.01, 0.01);
  double products[2] = {}, squares[2] = {}, cross = 0;
  for (std::int64_t i = 0; i < 5000; ++i) {
    const auto at = result.projected.row(i);
    for (std::size_t c = 0; c < 2; ++c) {
      products[c] += at[c] * deviation[c] * unit.row(i)[c] / 5000;
      squares[c] += at[c] * at[c] / 5000;
    }
    cross += at[0] * at[1] / 5000;
  }
  EXPECT_NEAR(std::abs(products[0]), 9.0, 0.4);
  EXPECT_NEAR(std::abs(products[1]), 1.0, 0.05);
  EXPECT_NEAR(squares[0], 9.0, 0.4);
  EXPECT_NEAR(cross, 0.0, 1e-4) << "components do not correlate";
}

TEST(PrincipalComponents, OfConstantRowsAreZero) {
  const PrincipalComponents result = principal_components(Table{3, 2, {1, 2, 1, 2, 1, 2}}, 2);
  EXPECT_EQ(result.projected.values, std::vector<float>(6, 0.0f));
  EXPECT_EQ(result.variance_share, (std::vector<double>{0.0, 0.0}));
  EXPECT_THROW(principal_components(Table{3, 2, {1, 2, 1, 2, 1, 2}}, 3), ShapeError);
  EXPECT_THROW(principal_components(Table{0, 2, {}}, 1), DataError);
  EXPECT_THROW(principal_components(Table{1, 1, {INFINITY}}, 1), DataError);
}

TEST(Trustworthiness, IsOneForTheDataItselfAndLowForNoise) {
  const Table data = cloud(200, 4, 0.0f, 1);
  EXPECT_DOUBLE_EQ(trustworthiness(data, data, 10), 1.0);
  EXPECT_LT(trustworthiness(data, cloud(200, 2, 0.0f, 2), 10), 0.6);
  // Computed by hand: six points on a line, 0 and 5 swapped in the embedding, k = 1. Rows 0 and 5 are then
  // next to 4 and 1, their fourth neighbours (penalty 3 each). Among equally near neighbours the lower row
  // comes first: 1 takes 2, which is second after 0 in the data (penalty 1), and 4 takes 0, its fifth
  // (penalty 4); 2 and 3 have no penalty.
  const Table line{6, 1, {0, 1, 2, 3, 4, 5}}, swapped{6, 1, {5, 1, 2, 3, 4, 0}};
  EXPECT_NEAR(trustworthiness(line, swapped, 1), 1.0 - 2.0 / (6.0 * 1.0 * (12.0 - 3.0 - 1.0)) * 11.0, 1e-12);
  EXPECT_THROW(trustworthiness(data, data, 100), ShapeError);
  EXPECT_THROW(trustworthiness(data, line, 1), ShapeError);
}

}  // namespace
}  // namespace elbo
