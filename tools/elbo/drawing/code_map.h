#pragma once
// Maps of codes to the plane.

#include <string>
#include <vector>

#include "elbo/elbo.h"
#include "drawing/scatter.h"

namespace elbo::command {

/// `map` is "none" (codes of two dimensions as they are), "pca" or "tsne". Throws ConfigError on another name
/// or if the codes cannot be mapped this way, DataError.
Panel lay_out(const Table& codes, const std::string& map);

/// The default map for codes of that width.
std::string default_map(std::int64_t latent);

/// Throws ConfigError if the name is not a map's.
void check_map(const std::string& map);

}  // namespace elbo::command
