#pragma once
// Statistics and maps of tables, such as the codes of a model. On all cores of the host; the same on any
// number of them.

#include <cstdint>
#include <span>
#include <vector>

#include "elbo/dataset.h"

namespace elbo {

/// The area under the receiver operating characteristic: the probability that an anomaly (label other than 0)
/// has a higher score than a normal example (label 0), ties counting half (Hanley & McNeil 1982). Exact.
/// Throws ShapeError where the sizes differ, DataError where a score is NaN or there are not both kinds of
/// label.
double auroc(std::span<const double> scores, std::span<const std::int32_t> labels);

/// The k nearest rows to each of some others by Euclidean distance, nearest first, ties by row.
struct Neighbours {
  std::int64_t k = 0;
  std::vector<std::int32_t> rows;        ///< [queries, k]
  std::vector<float> squared_distances;  ///< [queries, k]
};
/// Of each of `queries` among `points`, by comparing all. Throws ShapeError where widths differ or there are
/// fewer than k points.
Neighbours nearest_neighbours(const Table& queries, const Table& points, std::int64_t k);
/// Of each point among the others. Throws ShapeError where there are not more than k points.
Neighbours nearest_neighbours(const Table& points, std::int64_t k);

/// How well codes tell labels: accuracies in [0, 1] of classifiers that learn from one set of codes and are
/// tried on another.
struct CodeQuality {
  std::int64_t classes = 0;
  double linear_probe = 0.0;
  double nearest_neighbours = 0.0;
};
/// The linear probe is a multinomial logistic regression with biases on codes that are standardised by the
/// training codes' mean and deviation, with mean cross-entropy + ½ `l2` Σ w² (weights, not biases) minimised
/// by L-BFGS. Nearest neighbours are `k` of the training codes, as they are, and vote by majority, ties by
/// the nearest. Throws ShapeError where widths, rows and labels disagree, DataError where a set is empty, a
/// code is not finite, or the training labels are all one.
CodeQuality code_quality(const Table& train, std::span<const std::int32_t> train_labels, const Table& test,
                         std::span<const std::int32_t> test_labels, std::int64_t k = 5, double l2 = 1e-4);

/// Rows in the basis of their principal components, by falling variance; of each axis the sign is that for
/// which its largest entry is positive.
struct PrincipalComponents {
  Table projected;                     ///< [rows, count]
  std::vector<double> variance_share;  ///< [count], of the whole variance
};
/// Throws ShapeError where `count` is not from 1 to the table's width, DataError where there are no rows or a
/// value is not finite.
PrincipalComponents principal_components(const Table& rows, std::int64_t count);

struct TsneOptions {
  double perplexity = 30.0;       ///< effective number of neighbours; at most a third of the other rows
  std::int64_t iterations = 750;  ///< 250 of them with early exaggeration
  double angle = 0.5;  ///< of Barnes-Hut: size of a cell by its distance below which it is one point
};
/// t-distributed stochastic neighbour embedding in the plane (van der Maaten & Hinton 2008), by the
/// Barnes-Hut approximation (van der Maaten 2014) from the first two principal components (Kobak & Berens
/// 2019). Nothing is random: the same rows give the same bytes. Returns [rows, 2]. Throws DataError where
/// there are fewer than four rows or a value is not finite, ConfigError on options out of range.
Table tsne(const Table& rows, const TsneOptions& options = {});

/// How far an embedding's k nearest neighbours are neighbours in the data: 1 − 2/(n k (2n − 3k − 1)) Σ_i Σ_j
/// max(0, rank(i, j) − k) (Venna & Kaski 2001); 1 is best. Throws ShapeError where rows differ or k is not
/// from 1 to less than half the rows.
double trustworthiness(const Table& data, const Table& embedding, std::int64_t k);

}  // namespace elbo
