#pragma once
// Statistics and maps of tables, such as the codes of a model. They run on all cores of the host; results do
// not depend on how many there are.

#include <cstdint>
#include <span>
#include <vector>

#include "elbo/dataset.h"
#include "elbo/export.h"

namespace elbo {

/// The area under the receiver operating characteristic: the probability that an anomaly (label other than 0)
/// has a higher score than a normal example (label 0), ties counting half (Hanley & McNeil 1982). Exact.
/// Throws ShapeError if the sizes differ, DataError if a score is NaN or all labels are of one kind.
ELBO_API double auroc(std::span<const double> scores, std::span<const std::int32_t> labels);

/// The average precision: Σ_t (R_t − R_{t−1}) P_t over the distinct scores t from the highest down, with P_t
/// the share of anomalies among the examples with score t or more (precision), and R_t the share of all
/// anomalies that these have (recall), as scikit-learn's average_precision_score. Equal scores count
/// together. Without any skill it is the share of anomalies. Throws like auroc.
ELBO_API double average_precision(std::span<const double> scores, std::span<const std::int32_t> labels);

/// The q-quantile of values, interpolated linearly between the two nearest (Hyndman & Fan 1996, type 7).
/// Throws ConfigError unless q is in [0, 1], DataError if there is no value or one is NaN.
ELBO_API double quantile(std::span<const double> values, double q);
/// For each value, the share of `reference` below it, in percent; equal ones count half. Throws DataError if
/// there is no reference or a number is NaN.
ELBO_API std::vector<double> percentile_ranks(std::span<const double> values,
                                              std::span<const double> reference);

/// The k nearest rows to each query by Euclidean distance: nearest first, equal distances by row number.
struct Neighbours {
  std::int64_t k = 0;
  std::vector<std::int32_t> rows;        ///< [queries, k]
  std::vector<float> squared_distances;  ///< [queries, k]
};
/// Finds the neighbours of each of `queries` among `points`, by comparing all pairs. Throws ShapeError if the
/// widths differ or there are fewer than k points.
ELBO_API Neighbours nearest_neighbours(const Table& queries, const Table& points, std::int64_t k);
/// Finds the neighbours of each point among the other points. Throws ShapeError unless there are more than k
/// points.
ELBO_API Neighbours nearest_neighbours(const Table& points, std::int64_t k);

/// How well codes predict labels: accuracies in [0, 1] of classifiers trained on one set of codes and tested
/// on another.
struct CodeQuality {
  std::int64_t classes = 0;
  double linear_probe = 0.0;
  double nearest_neighbours = 0.0;
};
/// The linear probe is a multinomial logistic regression with biases. Codes are standardised by the training
/// codes' mean and deviation; L-BFGS minimises mean cross-entropy + ½ `l2` Σ w² (over weights, not biases).
/// The nearest-neighbour classifier takes the majority vote of the `k` nearest training codes (not
/// standardised); the nearest one breaks ties. Throws ShapeError if widths, rows and labels disagree,
/// DataError if a set is empty, a code is not finite, or all training labels are equal.
ELBO_API CodeQuality code_quality(const Table& train, std::span<const std::int32_t> train_labels,
                                  const Table& test, std::span<const std::int32_t> test_labels,
                                  std::int64_t k = 5, double l2 = 1e-4);

/// Rows in the basis of their principal components, in order of falling variance. Each axis has the sign that
/// makes its largest entry positive.
struct PrincipalComponents {
  Table projected;                     ///< [rows, count]
  std::vector<double> variance_share;  ///< [count], each component's share of the total variance
};
/// Throws ShapeError unless `count` is between 1 and the table's width, DataError if there are no rows or a
/// value is not finite.
ELBO_API PrincipalComponents principal_components(const Table& rows, std::int64_t count);

struct TsneOptions {
  double perplexity = 30.0;       ///< effective number of neighbours; at most a third of the other rows
  std::int64_t iterations = 750;  ///< 250 of them with early exaggeration
  double angle = 0.5;  ///< of Barnes-Hut: a cell with a smaller ratio of size to distance counts as one point
};
/// t-distributed stochastic neighbour embedding in the plane (van der Maaten & Hinton 2008), by the
/// Barnes-Hut approximation (van der Maaten 2014) from the first two principal components (Kobak & Berens
/// 2019). Nothing is random: the same rows give the same bytes. Returns [rows, 2]. Throws DataError if there
/// are fewer than four rows or a value is not finite, ConfigError if an option is out of range.
ELBO_API Table tsne(const Table& rows, const TsneOptions& options = {});

/// How far the k nearest neighbours in an embedding are also neighbours in the data: 1 − 2/(n k (2n − 3k −
/// 1)) Σ_i Σ_j max(0, rank(i, j) − k) (Venna & Kaski 2001); 1 is best. Throws ShapeError if the numbers of
/// rows differ, k is less than 1, or k is half the rows or more.
ELBO_API double trustworthiness(const Table& data, const Table& embedding, std::int64_t k);

}  // namespace elbo
