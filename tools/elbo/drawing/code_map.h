#pragma once
// Codes laid out in the plane, to look at.

#include <string>
#include <vector>

#include "elbo/elbo.h"
#include "drawing/scatter.h"

namespace elbo::command {

/// `map` is "none" (codes of two dimensions as they are), "pca" or "tsne". Throws ConfigError on another name
/// and where the codes cannot be laid out so, DataError.
Panel lay_out(const Table& codes, const std::string& map);

/// The map that shows codes of that width where none is asked for.
std::string default_map(std::int64_t latent);

/// Throws ConfigError on a name that is no map.
void check_map(const std::string& map);

}  // namespace elbo::command
