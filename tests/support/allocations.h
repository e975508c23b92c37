#pragma once
// Counts this program's heap allocations.

#include <cstdint>

namespace elbo::test {

/// Calls of operator new on any thread so far; nothing is counted under ASan, which has its own.
std::int64_t allocations();
/// Whether this program runs under ASan.
bool sanitized();

}  // namespace elbo::test
