#pragma once

namespace elbo::emulation {

/// From now on a kernel's first access to an allocation opens it, and an access to memory that does not exist
/// ends the kernel with a report. An access to device memory outside of a kernel is reported on stderr, and
/// the process then ends as usual.
void watch_faults();

}  // namespace elbo::emulation
