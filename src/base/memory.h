#pragma once
// The memory that this process can still have.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/control_groups.h"

namespace elbo {

/// Where the system tells its limits. Tests have their own.
struct MemorySources {
  std::filesystem::path machine = "/proc/meminfo";
  ControlGroupSources groups = {};
};

/// The bytes that can still be had: those that the machine has available, or those that a control group
/// (version 1 or 2) of this process, as of a container, leaves of its limit. Memory of cached files counts as
/// free, and so does swap. ELBO_MEMORY_CHECK in the environment, if it is a number, is the most that there
/// is. The largest number where the system does not tell, or if ELBO_MEMORY_CHECK is "off".
std::size_t available_memory(const MemorySources& sources = {});

/// "1.5 GB"
std::string in_bytes(std::size_t bytes);

/// Throws OutOfMemoryError, which names both sizes, if `what` needs more bytes than can be had. Linux grants
/// memory that it does not have, and kills the process that uses it. Small needs are not compared.
void require_memory(std::size_t bytes, std::string_view what);

}  // namespace elbo
