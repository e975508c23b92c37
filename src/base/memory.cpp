#include "base/memory.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

#include "base/check.h"
#include "base/text.h"

namespace elbo {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kUnknown = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kSmall = std::size_t{64} << 20;

/// The number after `name` at the begin of a line.
std::optional<std::size_t> entry(std::string_view text, std::string_view name) {
  for (const std::string_view line : data::pieces(text, '\n')) {
    const auto parts = data::words(line);
    if (parts.size() >= 2 && parts[0] == name) return system_number(parts[1]);
  }
  return std::nullopt;
}

/// limit − used + cached + swap, without overflow; unknown where a part is.
std::size_t left_of(std::optional<std::size_t> limit, std::optional<std::size_t> used, std::size_t more) {
  if (!limit || !used) return kUnknown;
  const std::size_t left = *limit > *used ? *limit - *used : 0;
  return left > kUnknown - more ? kUnknown : left + more;
}

/// What a folder of version 2 leaves, with at most `swap` bytes of swap.
std::size_t left_in_group(const fs::path& group, std::size_t swap) {
  const auto number = [&](const char* name) { return system_number(system_text(group / name)); };
  const std::size_t cached = entry(system_text(group / "memory.stat"), "file").value_or(0);
  return left_of(number("memory.max"), number("memory.current"),
                 cached + std::min(swap, number("memory.swap.max").value_or(swap)));
}

/// The same of version 1.
std::size_t left_in_old_group(const fs::path& group, std::size_t swap) {
  const auto number = [&](const char* name) { return system_number(system_text(group / name)); };
  const std::size_t cached = entry(system_text(group / "memory.stat"), "total_cache").value_or(0);
  return left_of(number("memory.limit_in_bytes"), number("memory.usage_in_bytes"), cached + swap);
}

/// The least that this process's groups leave.
std::size_t left_in_groups(const ControlGroupSources& sources, std::size_t swap) {
  std::size_t least = kUnknown;
  for (const ControlGroup& group : control_groups(sources, "memory")) {
    const auto left = group.version == 1 ? left_in_old_group : left_in_group;
    least = std::min(least, left(group.folder, swap));
  }
  return least;
}

}  // namespace

std::string in_bytes(std::size_t bytes) {
  const auto size = static_cast<double>(bytes);
  if (size < 1e6) return concat(std::ceil(size / 1e3), " kB");
  return size < 1e9 ? concat(std::ceil(size / 1e6), " MB") : concat(size / 1e9, " GB");
}

std::size_t available_memory(const MemorySources& sources) {
  const char* setting = std::getenv("ELBO_MEMORY_CHECK");
  const std::string_view check = setting ? setting : "";
  if (check == "off") return kUnknown;
  const std::size_t allowed = system_number(check).value_or(kUnknown);
  const std::string machine = system_text(sources.machine);
  const std::size_t swap = entry(machine, "SwapFree:").value_or(0) << 10;
  const auto free = entry(machine, "MemAvailable:");
  const std::size_t of_machine = free ? (*free << 10) + swap : kUnknown;
  return std::min({allowed, of_machine, left_in_groups(sources.groups, swap)});
}

void require_memory(std::size_t bytes, std::string_view what) {
  if (bytes <= kSmall) return;
  const std::size_t available = available_memory();
  if (bytes <= available) return;
  throw OutOfMemoryError(concat("out of memory: ", what, " needs ", in_bytes(bytes), ", and ",
                                in_bytes(available),
                                " are free here.\nMake the model, the batch or the data "
                                "smaller, or raise the limit; ELBO_MEMORY_CHECK=off skips this comparison."));
}

}  // namespace elbo
