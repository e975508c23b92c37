#include "elbo/device.h"

#include <omp.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <fstream>

#include "base/check.h"
#include "base/cpu_quota.h"
#include "runtime/cuda_api.h"

namespace elbo {
namespace {

std::string cpu_description() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) {
      if (const auto colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
    }
  }
  return "CPU";
}

/// 0: automatic.
std::atomic<int> set_threads = 0;

/// Whether OpenMP has its number of threads from OMP_NUM_THREADS ("4", or "4,2"). OpenMP reads it once, too.
bool environment_decides() {
  static const bool decides = [] {
    const char* const text = std::getenv("OMP_NUM_THREADS");
    return text != nullptr && system_number(text).value_or(0) > 0;
  }();
  return decides;
}

/// `offered` threads, or what the quota keeps busy. Where that cannot be read, there is none.
int threads_of_quota(int offered) noexcept {
  static const std::optional<double> quota = []() -> std::optional<double> {
    try {
      return cpu_quota();
    } catch (const std::exception&) {
      return std::nullopt;
    }
  }();
  return threads_within(offered, quota);
}

}  // namespace

CudaSupport cuda_support() noexcept {
  return cuda::support();
}

std::string_view cuda_support_name(CudaSupport support) noexcept {
  switch (support) {
    case CudaSupport::cuda:
      return "cuda";
    case CudaSupport::emulated:
      return "emulated";
    case CudaSupport::none:
      break;
  }
  return "none";
}

int cpu_threads() noexcept {
  if (const int threads = set_threads.load(std::memory_order_relaxed)) return threads;
  const int offered = omp_get_max_threads();
  return environment_decides() ? offered : threads_of_quota(offered);
}

ThreadsBy cpu_threads_by() noexcept {
  if (set_threads.load(std::memory_order_relaxed) != 0) return ThreadsBy::program;
  if (environment_decides()) return ThreadsBy::environment;
  return cpu_threads() < omp_get_max_threads() ? ThreadsBy::quota : ThreadsBy::cores;
}

void set_cpu_threads(int threads) {
  if (threads < 0 || threads > kMaxCpuThreads) {
    throw ConfigError(concat("threads on the CPU are 1 to ", kMaxCpuThreads,
                             ", or 0 for the automatic number, not ", threads, "."));
  }
  set_threads.store(threads, std::memory_order_relaxed);
}

std::vector<DeviceInfo> devices() {
  const auto pages = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES));
  const auto page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  std::vector<DeviceInfo> present = {{Device::cpu(), cpu_description(), pages * page_bytes}};
  for (auto& gpu : cuda::gpus()) present.push_back(std::move(gpu));
  return present;
}

Device Device::automatic() {
  // An emulated device is used only if it is named.
  return cuda_support() == CudaSupport::cuda && !elbo::cuda::gpus().empty() ? cuda(0) : cpu();
}

Device Device::parse(std::string_view text) {
  if (text == "auto") return automatic();
  if (text == "cpu") return cpu();
  if (text == "cuda") return cuda(0);
  if (text.starts_with("cuda:")) {
    int index = -1;
    const auto digits = text.substr(5);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (error == std::errc() && end == digits.data() + digits.size() && index >= 0) return cuda(index);
  }
  throw ConfigError(
      concat("device \"", text, "\" is not known: use auto, cpu, cuda or cuda:i, as in cuda:0."));
}

std::string Device::name() const {
  return is_cuda() ? concat("cuda:", index) : "cpu";
}

}  // namespace elbo
