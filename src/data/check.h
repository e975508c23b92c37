#pragma once
// Whether data suits a likelihood, asked before training and evaluation.

#include <limits>
#include <string>
#include <string_view>

#include "elbo/dataset.h"
#include "math/likelihoods/list.h"

namespace elbo::data {

/// The values a likelihood gives a density or probability to.
struct Support {
  std::string name;  ///< of the likelihood, for errors
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

/// bernoulli: [0, 1], grey values included; the Gaussians: every number.
Support support_of(LikelihoodKind kind);

/// Checks that every value is finite and in the support; with `allow_missing` NaN passes, as a value that is
/// not there. `source` and `split` ("train") name the examples, `columns` (may be empty) their dimensions.
/// Throws DataError with the first offending example, dimension and value, and what to do.
void check_support(const Examples& examples, const Support& support, std::string_view source,
                   std::string_view split, const std::vector<std::string>& columns = {},
                   bool allow_missing = false);

/// The same for every split of a dataset.
void check_support(const Dataset& dataset, const Support& support, bool allow_missing = false);

}  // namespace elbo::data
