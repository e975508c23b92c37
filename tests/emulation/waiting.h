#pragma once
// What each thread of a block that runs in emulation is doing, and a message's words for it.

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
  unsigned collectives = 0;  ///< of its warp, that it has taken part in
};

/// "threads 0-3, 5 at the barrier at FILE:LINE; thread 4 returned".
std::string who_waits_where(const std::vector<Thread>& all);

}  // namespace elbo::emulation
