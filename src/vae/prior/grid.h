#pragma once
// A grid of codes in a two-dimensional latent space.

#include <functional>

#include "elbo/dataset.h"

namespace elbo {

/// The points whose coordinates are quantile(dimension, (i + ½)/side), the top row first. Throws ConfigError
/// if `latent` is not 2.
Table quantile_grid(std::int64_t latent, std::int64_t side,
                    const std::function<double(std::size_t dimension, double share)>& quantile);

}  // namespace elbo
