#pragma once
// The share of the machine's cores that this process may use.

#include <optional>

#include "base/control_groups.h"

namespace elbo {

/// How many cores' time the control groups of this process (version 1 or 2) grant it, as `docker run --cpus
/// 1.5` does: the smallest quota of its own group and those around it. None if there is no quota.
std::optional<double> cpu_quota(const ControlGroupSources& sources = {});

/// As many threads as cores, but no more than a quota keeps busy: 2 for one of 1.5 cores. At least 1.
int threads_within(int cores, std::optional<double> quota);

}  // namespace elbo
