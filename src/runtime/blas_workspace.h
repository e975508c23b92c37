#pragma once
// How cuBLASLt and what is given to it share the workspace of products.

#include <cstddef>

namespace elbo {

/// What cuBLASLt may use of the workspace, from its beginning.
inline constexpr std::size_t kLtWorkspace = std::size_t{16} << 20;

}  // namespace elbo
