#pragma once

namespace elbo::emulation {

/// From now on a kernel's first touch of an allocation opens it, and an access to memory that is not there
/// ends the kernel that made it with a report. Outside of a kernel an access to device memory is named on
/// stderr, and the process ends as it would have.
void watch_faults();

}  // namespace elbo::emulation
