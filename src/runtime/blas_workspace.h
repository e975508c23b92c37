#pragma once
// How cuBLASLt and its operands share the workspace of products.

#include <cstddef>

namespace elbo {

/// The bytes that cuBLASLt may use, from the workspace's beginning.
inline constexpr std::size_t kLtWorkspace = std::size_t{16} << 20;

}  // namespace elbo
