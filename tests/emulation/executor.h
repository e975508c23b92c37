#pragma once
// Runs a kernel's grid on the CPU: blocks one after another in shuffled order, each thread a fiber that runs
// as far as it can before the next.

#include "emulation/device.h"
#include "report.h"

namespace elbo::emulation {

/// In which order blocks, and the threads of a block, take their turns.
enum class Order { shuffled, forward, backward };

/// What a GPU would refuse before it starts: sizes of grid, block and shared memory.
Outcome check_shape(const Kernel& kernel);
/// Fails where an argument, or a pointer inside one, is to host memory or to freed device memory.
Outcome check_arguments(const Kernel& kernel);

/// Runs the grid; the device's memory must be open (Heap::Access). With $ELBO_EMULATION_VERIFY=1, or inside a
/// VerifyScope, runs it twice in opposite orders and fails where the two leave different bytes.
Outcome run(const Kernel& kernel);

/// One pass over the grid, without those checks.
Outcome run_grid(const Kernel& kernel, Order order, std::uint64_t seed);

/// While one lives, every launch is verified.
class VerifyScope {
 public:
  VerifyScope();
  ~VerifyScope();
  VerifyScope(const VerifyScope&) = delete;
  VerifyScope& operator=(const VerifyScope&) = delete;
};

/// Where the scheduler is; for the checker and for reports.
struct Running {
  const Kernel* kernel = nullptr;  ///< null while none runs
  unsigned thread = 0;             ///< number in its block
  unsigned warp = 0;
  std::uint64_t warp_interval = 0;  ///< collectives that this thread's warp has gone through
  std::uint64_t interval = 0;       ///< between two barriers of a block: never the same number twice
  std::uint64_t block_begin = 0;    ///< `interval` when this block began, and when this launch did
  std::uint64_t launch_begin = 0;
};
extern Running running;

/// Keeps what went wrong in the kernel, adding which thread it was.
void note_failure(cudaError_t error, const std::string& what);
/// Ends the launch. Nothing that is on the stack of a thread of it is destroyed.
[[noreturn]] void leave_kernel();
/// Both; `describe` gives the words, and what it builds them from is gone before the stack is left.
template <class Describe>
[[noreturn]] void fail_in_kernel(cudaError_t error, const Describe& describe) {
  note_failure(error, describe());
  leave_kernel();
}
/// "thread (3, 0, 0)" of the running block.
std::string thread_name(unsigned thread);
/// The block that ran during `interval`, "block (1, 0, 0)".
std::string block_name(std::uint64_t interval);
/// Whether an address is on the stack of a thread of the kernel.
bool on_kernel_stack(const void* address);

}  // namespace elbo::emulation
