#include "fault.h"

#include <signal.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "executor.h"
#include "heap.h"

namespace elbo::emulation {
namespace {

struct sigaction previous_segv;
struct sigaction previous_bus;

// The access itself raises the signal, in code that holds no lock, so this handler may do more than one for
// an asynchronous signal.
void on_fault(int signal, siginfo_t* info, void*) {
  Heap& heap = Heap::instance();
  if (heap.admit(info->si_addr)) return;  // the first access; it is retried
  if (running.kernel) {
    fail_in_kernel(cudaErrorIllegalAddress, [&] {
      const Allocation* owner = heap.find(info->si_addr);
      return (owner && !owner->live ? "use after free: an access to " : "out of bounds: an access to ") +
             heap.describe(info->si_addr);
    });
  }
  if (heap.contains(info->si_addr)) {
    const std::string text = "host code has accessed device memory: " + heap.describe(info->si_addr) + "\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
  }
  sigaction(signal, signal == SIGSEGV ? &previous_segv : &previous_bus,
            nullptr);  // the access is retried
}

}  // namespace

void watch_faults() {
  static const bool watching = [] {
    struct sigaction action;
    std::memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &previous_segv);
    sigaction(SIGBUS, &action, &previous_bus);
    return true;
  }();
  (void)watching;
}

}  // namespace elbo::emulation
