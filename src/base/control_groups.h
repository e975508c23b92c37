#pragma once
// The control groups of this process, by which systems limit what a container may use.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace elbo {

/// Where the system tells of control groups. Tests have their own.
struct ControlGroupSources {
  std::filesystem::path own = "/proc/self/cgroup";
  std::filesystem::path root = "/sys/fs/cgroup";
};

struct ControlGroup {
  std::filesystem::path folder;  ///< with the files of its limits
  int version = 2;               ///< 1 or 2: the files differ
};

/// The groups whose limits of `controller` ("cpu", "memory") count for this process: its own and those around
/// it. The root is among them, as a container may see its own group there. Folders may be missing.
std::vector<ControlGroup> control_groups(const ControlGroupSources& sources, std::string_view controller);

/// The text of a small file of the system's; empty if it cannot be read.
std::string system_text(const std::filesystem::path& file);
/// The number at the beginning of the text; none for "max" and "-1".
std::optional<std::size_t> system_number(std::string_view text);

}  // namespace elbo
