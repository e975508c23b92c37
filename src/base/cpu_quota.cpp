#include "base/cpu_quota.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace elbo {
namespace {

/// Time over period, both in microseconds. Without a limit the time is "max" or -1.
std::optional<double> ratio(std::string_view time, std::string_view period) {
  const auto granted = system_number(time), of = system_number(period);
  if (!granted || !of || *granted == 0 || *of == 0) return std::nullopt;
  return static_cast<double>(*granted) / static_cast<double>(*of);
}

std::optional<double> quota_of(const ControlGroup& group) {
  if (group.version == 1) {
    return ratio(system_text(group.folder / "cpu.cfs_quota_us"),
                 system_text(group.folder / "cpu.cfs_period_us"));
  }
  const std::string text = system_text(group.folder / "cpu.max");  // "150000 100000"
  const auto words = data::words(text);
  return words.size() == 2 ? ratio(words[0], words[1]) : std::nullopt;
}

}  // namespace

std::optional<double> cpu_quota(const ControlGroupSources& sources) {
  std::optional<double> least;
  for (const ControlGroup& group : control_groups(sources, "cpu")) {
    if (const auto quota = quota_of(group)) least = std::min(*quota, least.value_or(*quota));
  }
  return least;
}

int threads_within(int cores, std::optional<double> quota) {
  // A quota beyond all cores may be too large for an int.
  if (quota && *quota < cores) cores = static_cast<int>(std::ceil(*quota));
  return std::max(cores, 1);
}

}  // namespace elbo
