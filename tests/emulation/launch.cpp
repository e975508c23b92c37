// The frame of a kernel's run: checks of its shape and arguments, and the comparison of opposite orders.

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "checker.h"
#include "executor.h"
#include "fault.h"
#include "heap.h"

namespace elbo::emulation {
namespace {

constexpr std::size_t kMaxSharedBytes = 232448;  // maximum of a block, as on the H200
static_assert(kMaxSharedBytes <= Heap::kShared);

int verify_scopes = 0;

bool verifying() {
  static const bool always = [] {
    const char* value = std::getenv("ELBO_EMULATION_VERIFY");
    return value && std::string(value) != "0";
  }();
  return always || verify_scopes > 0;
}

std::uint64_t next_seed() {
  static std::uint64_t seed = [] {
    const char* value = std::getenv("ELBO_EMULATION_SEED");
    return (value ? std::strtoull(value, nullptr, 0) : 1ull) << 32;
  }();
  return ++seed;
}

/// Whether a word is the address of writable host memory. Integers and floats rarely look like an address,
/// and those that do rarely hit a mapped page; the rest is looked up in the process's map.
bool is_host_address(std::uintptr_t word) {
  if (word < (std::uintptr_t{1} << 32) || word >= (std::uintptr_t{1} << 47)) return false;
  unsigned char resident = 0;
  if (mincore(reinterpret_cast<void*>(word & ~std::uintptr_t{Heap::kPage - 1}), 1, &resident) != 0)
    return false;
  if (is_shadow(reinterpret_cast<const void*>(word))) return false;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char access[5] = {};
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %4s", &begin, &end, access) != 3) continue;
    if (word < begin || word >= end) continue;
    return access[0] == 'r' && access[1] == 'w' &&
           end - begin < (std::uintptr_t{1} << 36);  // not a sanitizer's shadow
  }
  return false;
}

Outcome check_word(std::uintptr_t word, bool is_pointer, std::size_t argument, const Kernel& kernel) {
  const Heap& heap = Heap::instance();
  const auto* address = reinterpret_cast<const char*>(word);
  const char* wrong = nullptr;
  if (word == 0) return {};
  if (heap.contains(address)) {
    const Allocation* owner = heap.find(address);
    // An empty view of a rest begins one past the end, which may be on the next page.
    if (!owner) owner = heap.find(address - 1);
    if (owner && owner->live && address >= owner->begin && address <= owner->end()) return {};
    wrong = owner && !owner->live ? "a pointer to freed device memory" : "a pointer to no device allocation";
  } else if (is_pointer || is_host_address(word)) {
    wrong = "a host pointer";
  } else {
    return {};
  }
  return failure(cudaErrorIllegalAddress, wrong, " passed to a kernel: argument ", argument + 1,
                 is_pointer ? " is " : " contains ", heap.describe(address), ", launched at ",
                 place(kernel.file, kernel.line));
}

/// The bytes of every allocation; empty for untouched ones.
std::vector<std::vector<char>> snapshot() {
  std::vector<std::vector<char>> bytes;
  for (const Allocation& a : Heap::instance().allocations()) {
    bytes.emplace_back(a.live && !a.fresh ? std::vector<char>(a.begin, a.end()) : std::vector<char>());
  }
  return bytes;
}

void restore(const std::vector<std::vector<char>>& bytes) {
  for (const Allocation& a : Heap::instance().allocations()) {
    if (!a.live || a.fresh) continue;
    const auto& before = bytes[a.number - 1];
    if (before.empty()) {
      poison(a.begin, a.bytes);
    } else {
      std::memcpy(a.begin, before.data(), a.bytes);
    }
  }
}

/// Compares device memory with the result of the other order.
Outcome compare(const std::vector<std::vector<char>>& other, const Kernel& kernel) {
  for (const Allocation& a : Heap::instance().allocations()) {
    if (!a.live || other[a.number - 1].empty() ||
        std::memcmp(a.begin, other[a.number - 1].data(), a.bytes) == 0)
      continue;
    std::size_t at = 0;
    while (a.begin[at] == other[a.number - 1][at]) ++at;
    const std::size_t word = at / 4 * 4;
    float one = 0;
    float two = 0;
    const std::size_t bytes = std::min<std::size_t>(4, a.bytes - word);
    std::memcpy(&one, other[a.number - 1].data() + word, bytes);
    std::memcpy(&two, a.begin + word, bytes);
    return failure(cudaErrorLaunchFailure,
                   "the result depends on the order in which blocks and threads run: ",
                   Heap::instance().describe(a.begin + at), ", as float ", one, " first to last and ", two,
                   " last to first, from the kernel launched at ", place(kernel.file, kernel.line));
  }
  return {};
}

Outcome run_both_ways(const Kernel& kernel) {
  const auto before = snapshot();
  if (Outcome outcome = run_grid(kernel, Order::forward, next_seed()); !outcome) return outcome;
  const auto forward = snapshot();
  restore(before);
  if (Outcome outcome = run_grid(kernel, Order::backward, next_seed()); !outcome) return outcome;
  return compare(forward, kernel);
}

}  // namespace

VerifyScope::VerifyScope() {
  ++verify_scopes;
}
VerifyScope::~VerifyScope() {
  --verify_scopes;
}

Outcome check_shape(const Kernel& kernel) {
  const dim3 grid = kernel.grid;
  const dim3 block = kernel.block;
  const unsigned long long threads = static_cast<unsigned long long>(block.x) * block.y * block.z;
  const bool grid_fits =
      grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.x <= 0x7fffffffu && grid.y <= 65535 && grid.z <= 65535;
  if (grid_fits && threads >= 1 && threads <= 1024 && block.z <= 64 && kernel.shared_bytes <= kMaxSharedBytes)
    return {};
  return failure(cudaErrorInvalidConfiguration,
                 "a GPU takes 1 to 1024 threads in a block, grids up to (2^31 - 1, 65535, 65535) and ",
                 kMaxSharedBytes, " bytes of shared memory; this launch at ", place(kernel.file, kernel.line),
                 " has grid ", triple(grid), ", block ", triple(block), " and ", kernel.shared_bytes,
                 " bytes");
}

Outcome check_arguments(const Kernel& kernel) {
  for (std::size_t i = 0; i < kernel.arguments.size(); ++i) {
    const Argument& argument = kernel.arguments[i];
    for (std::size_t at = 0; at + sizeof(std::uintptr_t) <= argument.bytes.size();
         at += sizeof(std::uintptr_t)) {
      std::uintptr_t word = 0;
      std::memcpy(&word, argument.bytes.data() + at, sizeof(word));
      if (Outcome outcome = check_word(word, argument.is_pointer, i, kernel); !outcome) return outcome;
    }
  }
  return {};
}

Outcome run(const Kernel& kernel) {
  watch_faults();
  if (Outcome outcome = check_arguments(kernel); !outcome) return outcome;
  return verifying() ? run_both_ways(kernel) : run_grid(kernel, Order::shuffled, next_seed());
}

}  // namespace elbo::emulation
