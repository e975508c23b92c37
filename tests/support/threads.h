#pragma once
// The number of threads on the CPU during a test.

#include "elbo/device.h"

namespace elbo::test {

/// Sets the number of threads while it lives; afterwards it is automatic.
class Threads {
 public:
  explicit Threads(int threads) { set_cpu_threads(threads); }
  ~Threads() { set_cpu_threads(0); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
};

}  // namespace elbo::test
