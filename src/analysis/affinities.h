#pragma once
// The affinities by which t-SNE draws points of high-dimensional data together.

#include "elbo/analysis.h"

namespace elbo::analysis {

/// A sparse matrix by rows: row i has columns[starts[i] … starts[i + 1]), in order.
struct SparseRows {
  std::vector<std::size_t> starts;
  std::vector<std::int32_t> columns;
  std::vector<double> values;
};

/// P with p_ij = (p_{j|i} + p_{i|j}) / 2n: Gaussian kernels over each point's 3 · perplexity nearest
/// neighbours, with the width that has this perplexity (van der Maaten 2014, section 3). Sums to 1.
SparseRows affinities(const Table& rows, double perplexity);

}  // namespace elbo::analysis
