#pragma once
// The state of each thread of a running block, and its description for messages.

#include <string>
#include <vector>

#include "fiber.h"
#include "emulation/device.h"

namespace elbo::emulation {

enum class Wait : unsigned char { nothing, barrier, warp, finished };

struct Thread {
  Fiber* fiber = nullptr;
  Wait wait = Wait::nothing;
  const char* file = "";
  int line = 0;
  uint3 position{};
  unsigned collectives = 0;  ///< number of its warp's collectives that it has taken part in
};

/// "threads 0-3, 5 at the barrier at FILE:LINE; thread 4 returned".
std::string who_waits_where(const std::vector<Thread>& all);

}  // namespace elbo::emulation
