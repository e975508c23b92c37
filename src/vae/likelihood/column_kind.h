#pragma once
// The texts of model.column_likelihoods.

#include <cstdint>
#include <string_view>

#include "math/likelihoods/list.h"

namespace elbo {

struct ColumnKindSetting {
  LikelihoodKind kind = LikelihoodKind::gaussian_learned;
  std::int32_t classes = 2;  ///< of the categorical
};

/// Reads "poisson", or "categorical 5" with the number of classes. Throws ConfigError with the nearest name,
/// or for a likelihood that has parameters for all values in common.
ColumnKindSetting read_column_kind(std::string_view text);

}  // namespace elbo
