#pragma once
// Runs a kernel's grid on the CPU: blocks one after another in shuffled order; each thread is a fiber that
// runs as far as it can before the next.

#include "emulation/device.h"
#include "report.h"

namespace elbo::emulation {

/// The order of blocks, and of a block's threads.
enum class Order { shuffled, forward, backward };

/// Fails where a GPU would refuse the launch: sizes of grid, block and shared memory.
Outcome check_shape(const Kernel& kernel);
/// Fails if an argument, or a pointer inside one, is to host memory or to freed device memory.
Outcome check_arguments(const Kernel& kernel);

/// Runs the grid; the device's memory must be open (Heap::Access). With $ELBO_EMULATION_VERIFY=1, or inside a
/// VerifyScope, runs it twice in opposite orders and fails if the two results differ.
Outcome run(const Kernel& kernel);

/// Runs the grid once, without those checks.
Outcome run_grid(const Kernel& kernel, Order order, std::uint64_t seed);

/// During its lifetime every launch is verified.
class VerifyScope {
 public:
  VerifyScope();
  ~VerifyScope();
  VerifyScope(const VerifyScope&) = delete;
  VerifyScope& operator=(const VerifyScope&) = delete;
};

/// The scheduler's position, for the checker and for reports.
struct Running {
  const Kernel* kernel = nullptr;  ///< null while none runs
  unsigned thread = 0;             ///< number in its block
  unsigned warp = 0;
  std::uint64_t warp_interval = 0;  ///< number of collectives that this thread's warp has passed
  std::uint64_t interval = 0;       ///< number of the interval between two barriers of a block; never repeats
  std::uint64_t block_begin = 0;    ///< `interval` when this block began, and when this launch did
  std::uint64_t launch_begin = 0;
};
extern Running running;

/// Records what went wrong in the kernel, and in which thread.
void note_failure(cudaError_t error, const std::string& what);
/// Ends the launch. Objects on its threads' stacks are not destroyed.
[[noreturn]] void leave_kernel();
/// Does both. `describe` gives the message; its temporaries are destroyed before the stack is left.
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
