#include "base/memory.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
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

std::optional<std::size_t> number_of(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

/// The text of a small file of the system's; empty if it cannot be read.
std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// The number after `name` at the begin of a line.
std::optional<std::size_t> entry(std::string_view text, std::string_view name) {
  for (const std::string_view line : data::pieces(text, '\n')) {
    const auto parts = data::words(line);
    if (parts.size() >= 2 && parts[0] == name) return number_of(parts[1]);
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
  const auto number = [&](const char* name) { return number_of(text_of(group / name)); };  // "max" is none
  const std::size_t cached = entry(text_of(group / "memory.stat"), "file").value_or(0);
  return left_of(number("memory.max"), number("memory.current"),
                 cached + std::min(swap, number("memory.swap.max").value_or(swap)));
}

/// The same of version 1.
std::size_t left_in_old_group(const fs::path& group, std::size_t swap) {
  const auto number = [&](const char* name) { return number_of(text_of(group / name)); };
  const std::size_t cached = entry(text_of(group / "memory.stat"), "total_cache").value_or(0);
  return left_of(number("memory.limit_in_bytes"), number("memory.usage_in_bytes"), cached + swap);
}

/// The least that a group and the groups around it leave. A container may see its own group as the root.
template <class Left>
std::size_t least_left(const fs::path& root, fs::path group, const Left& left) {
  std::size_t least = left(root);
  for (; group.has_relative_path(); group = group.parent_path()) {
    least = std::min(least, left(root / group.relative_path()));
  }
  return least;
}

std::size_t left_in_groups(const MemorySources& sources, std::size_t swap) {
  std::size_t least = kUnknown;
  const std::string own = text_of(sources.own_groups);
  for (const std::string_view line : data::pieces(own, '\n')) {  // "4:memory:/path" or "0::/path"
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const fs::path group(line.substr(second + 1));
    if (controllers.empty()) {
      const auto left = [swap](const fs::path& at) { return left_in_group(at, swap); };
      least = std::min(least, least_left(sources.groups, group, left));
    } else if (std::ranges::count(data::pieces(controllers, ','), "memory") > 0) {
      const auto left = [swap](const fs::path& at) { return left_in_old_group(at, swap); };
      least = std::min(least, least_left(sources.groups / "memory", group, left));
    }
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
  const std::size_t allowed = number_of(check).value_or(kUnknown);
  const std::string machine = text_of(sources.machine);
  const std::size_t swap = entry(machine, "SwapFree:").value_or(0) << 10;
  const auto free = entry(machine, "MemAvailable:");
  const std::size_t of_machine = free ? (*free << 10) + swap : kUnknown;
  return std::min({allowed, of_machine, left_in_groups(sources, swap)});
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
