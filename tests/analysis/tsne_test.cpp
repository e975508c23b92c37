// t-SNE: neighbours stay neighbours, Barnes-Hut is near the exact sums, and results are reproducible to the
// byte.

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "analysis/affinities.h"
#include "analysis/quadtree.h"
#include "elbo/analysis.h"
#include "elbo/error.h"
#include "support/data.h"
#include "support/threads.h"

namespace elbo {
namespace {

/// Five clouds of `each` rows in ten dimensions, far from each other.
Table clouds(std::int64_t each, std::vector<std::int32_t>& labels) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  Table table{5 * each, 10, {}};
  for (std::int64_t i = 0; i < 5 * each; ++i) {
    for (std::int64_t j = 0; j < 10; ++j)
      table.values.push_back(normal(random) + (j == i % 5 ? 12.0f : 0.0f));
    labels.push_back(static_cast<std::int32_t>(i % 5));
  }
  return table;
}

std::vector<analysis::Point> some_points(std::size_t count) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal(0.0, 20.0);
  std::vector<analysis::Point> points;
  for (std::size_t i = 0; i < count; ++i) points.push_back({normal(random), normal(random)});
  points[count - 1] = points[0];  // two equal points
  return points;
}

analysis::Repulsion exact_repulsion(const std::vector<analysis::Point>& points, std::size_t i) {
  analysis::Repulsion sum;
  for (std::size_t j = 0; j < points.size(); ++j) {
    if (j == i) continue;
    const double dx = points[i].x - points[j].x, dy = points[i].y - points[j].y;
    const double q = 1.0 / (1.0 + dx * dx + dy * dy);
    sum.normalizer += q;
    sum.force.x += q * q * dx;
    sum.force.y += q * q * dy;
  }
  return sum;
}

TEST(Quadtree, WithAngleZeroSumsAreExactAndOtherwiseNear) {
  const auto points = some_points(700);
  for (const double angle : {0.0, 0.5}) {
    analysis::Quadtree tree(angle);
    tree.build(points);
    std::vector<analysis::Repulsion> sums(points.size());
    tree.repulsions(sums);
    double worst = 0.0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const auto expected = exact_repulsion(points, i);
      EXPECT_NEAR(sums[i].normalizer, expected.normalizer,
                  (angle > 0.0 ? 0.02 : 1e-11) * expected.normalizer);
      worst = std::max({worst, std::abs(sums[i].force.x - expected.force.x),
                        std::abs(sums[i].force.y - expected.force.y)});
    }
    EXPECT_LT(worst, angle > 0.0 ? 0.02 : 1e-11);
    if (angle > 0.0) {
      EXPECT_GT(worst, 1e-9) << "cells were taken for points";
    }
  }
}

TEST(Quadtree, TakesPointsThatAreAllOne) {
  const std::vector<analysis::Point> points(50, {3.0, -1.0});
  analysis::Quadtree tree(0.5);
  tree.build(points);
  std::vector<analysis::Repulsion> sums(50);
  tree.repulsions(sums);
  for (const auto& sum : sums) {
    EXPECT_EQ(sum.normalizer, 49.0);
    EXPECT_EQ(sum.force.x, 0.0);
  }
}

TEST(Affinities, HaveThePerplexityAskedForAndAreSymmetric) {
  std::vector<std::int32_t> labels;
  const Table table = clouds(40, labels);
  const auto p = analysis::affinities(table, 8.0);
  double total = 0.0;
  std::vector<std::vector<double>> dense(200, std::vector<double>(200));
  for (std::size_t i = 0; i < 200; ++i) {
    for (std::size_t at = p.starts[i]; at < p.starts[i + 1]; ++at) {
      dense[i][static_cast<std::size_t>(p.columns[at])] = p.values[at];
      total += p.values[at];
    }
  }
  EXPECT_NEAR(total, 1.0, 1e-9);
  for (std::size_t i = 0; i < 200; ++i) {
    for (std::size_t j = 0; j < 200; ++j) ASSERT_EQ(dense[i][j], dense[j][i]);
    EXPECT_EQ(dense[i][i], 0.0);
  }
  // Four rows at equal distances: p_{j|i} = ⅓ each for perplexity 3, so p_ij = ⅓/4.
  const Table corners{4, 4, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}};
  for (const double value : analysis::affinities(corners, 3.0).values) EXPECT_NEAR(value, 1.0 / 12.0, 1e-12);
}

TEST(Tsne, KeepsCloudsTogetherAndNeighboursNear) {
  std::vector<std::int32_t> labels;
  const Table data = clouds(60, labels);
  const Table map = tsne(data);
  ASSERT_EQ(map.rows, 300);
  ASSERT_EQ(map.cols, 2);
  const Neighbours near = nearest_neighbours(map, 5);
  std::int64_t same = 0;
  for (std::size_t at = 0; at < near.rows.size(); ++at)
    same += labels[at / 5] == labels[static_cast<std::size_t>(near.rows[at])];
  EXPECT_EQ(same, 1500) << "no neighbour is of another cloud";
  EXPECT_GT(trustworthiness(data, map, 12), 0.93);
  double mean[2] = {};
  for (std::size_t i = 0; i < map.values.size(); ++i) mean[i % 2] += map.values[i] / 300.0;
  EXPECT_NEAR(mean[0], 0.0, 1e-3);
  EXPECT_NEAR(mean[1], 0.0, 1e-3);
}

TEST(Tsne, UnrollsARollBetterThanItsShadow) {
  // A spiral in space, whose neighbours are known and which its first two principal components fold.
  Table roll{800, 3, {}};
  for (int i = 0; i < 800; ++i) {
    const float t = 4.7f + 9.4f * static_cast<float>(i) / 800.0f;
    roll.values.insert(
        roll.values.end(),
        {t * std::cos(t), 21.0f * std::fmod(static_cast<float>(i) * 0.618034f, 1.0f), t * std::sin(t)});
  }
  const double shadow = trustworthiness(roll, principal_components(roll, 2).projected, 12);
  const double map = trustworthiness(roll, tsne(roll), 12);
  EXPECT_GT(map, 0.99);
  EXPECT_GT(map, shadow + 0.02);
}

TEST(Tsne, GivesTheSameBytesAgainOnAnyNumberOfThreads) {
  std::vector<std::int32_t> labels;
  const Table data = clouds(30, labels);
  const TsneOptions options = {.perplexity = 10.0, .iterations = 300};
  std::vector<std::vector<float>> maps;
  for (const int count : {1, 1, 3}) {
    const test::Threads team(count);
    maps.push_back(tsne(data, options).values);
  }
  EXPECT_EQ(maps[0], maps[1]);
  EXPECT_EQ(maps[0], maps[2]);
}

TEST(Tsne, TakesFewEqualAndThinRows) {
  const auto expect_finite = [](const Table& map) {
    for (const float value : map.values) ASSERT_TRUE(std::isfinite(value));
  };
  expect_finite(tsne(Table{4, 3, {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}}));
  expect_finite(tsne(Table{20, 2, std::vector<float>(40, 1.5f)}));
  Table line{50, 1, {}};
  for (int i = 0; i < 50; ++i) line.values.push_back(static_cast<float>(i));
  const Table map = tsne(line);
  expect_finite(map);
  EXPECT_GT(trustworthiness(line, map, 3), 0.95);
  Table doubled{60, 1, {}};  // half of the rows are equal
  for (int i = 0; i < 60; ++i) doubled.values.push_back(static_cast<float>(std::max(i - 30, 0)));
  expect_finite(tsne(doubled));
}

TEST(Tsne, RefusesWhatItCannotMap) {
  const Table few{3, 1, {0, 1, 2}}, some{5, 1, {0, 1, 2, 3, 4}}, bad{4, 1, {0, 1, NAN, 3}};
  test::expect_error<DataError>([&] { tsne(few); }, {"four rows", "3"});
  test::expect_error<DataError>([&] { tsne(bad); }, {"row 2", "NaN"});
  test::expect_error<ConfigError>([&] { tsne(some, {.perplexity = 0.5}); }, {"perplexity", "0.5"});
  test::expect_error<ConfigError>([&] { tsne(some, {.iterations = -1}); }, {"-1 iterations"});
  test::expect_error<ConfigError>([&] { tsne(some, {.angle = 0.9}); }, {"angle", "0.9"});
}

}  // namespace
}  // namespace elbo
