#include "executor.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <string>

#include "checker.h"
#include "fiber.h"
#include "heap.h"
#include "schedule.h"
#include "waiting.h"

uint3 threadIdx;
uint3 blockIdx;
dim3 blockDim;
dim3 gridDim;

namespace elbo::emulation {

Running running;

namespace {

constexpr unsigned kWarp = 32;
constexpr unsigned kNone = ~0u;

struct Warp {
  unsigned arrived = 0;  ///< lanes at the present collective
  std::uint64_t deposits[2][kWarp] =
      {};  ///< values of this collective and the previous one, which slow lanes still read
  std::vector<std::byte> gathered[2];  ///< the values' bytes
  std::uint64_t intervals = 0;
};

/// The running block. It is the scheduler's whole state, since one block runs at a time.
class Block {
 public:
  Block() : fibers_(thread_main) {}

  /// Runs every thread of the block at `index` to its end.
  Outcome run(const Kernel& kernel, unsigned long long index, Order order, Random& random);

  void barrier(const char* file, int line);
  const std::uint64_t* collective(std::uint64_t deposit, unsigned mask, const char* file, int line);
  std::byte* gathering(std::size_t bytes);
  void* shared_memory(std::size_t bytes);
  void note_failure(cudaError_t error, const std::string& what);
  [[noreturn]] void leave();
  const FiberPool& fibers() const { return fibers_; }
  uint3 position(unsigned thread) const { return threads_.at(thread).position; }

 private:
  static void thread_main();
  void make_ready(unsigned thread);
  void make_all_ready();
  unsigned next_ready();
  void go_on_with(unsigned thread);
  void become(unsigned thread);
  void wait(Wait why, const char* file, int line);
  void release_barrier();
  [[noreturn]] void fail_at_barrier();
  std::string waiting_threads() const { return who_waits_where(threads_); }

  FiberPool fibers_;
  ThreadOrders orders_;
  const Kernel* kernel_ = nullptr;
  Order order_ = Order::shuffled;
  Random* random_ = nullptr;
  std::vector<Thread> threads_;
  std::vector<Warp> warps_;
  std::vector<unsigned> ready_;  ///< a ring
  std::size_t ready_begin_ = 0;
  std::size_t ready_count_ = 0;
  unsigned current_ = 0;
  unsigned unfinished_ = 0;
  unsigned at_barrier_ = 0;
  std::size_t shared_asked_ = 0;
  Outcome outcome_;
};

Block& block() {
  static Block* one = new Block;
  return *one;
}

void Block::make_ready(unsigned thread) {
  ready_[(ready_begin_ + ready_count_++) % ready_.size()] = thread;
}

void Block::make_all_ready() {
  unsigned kind = 0;
  if (order_ == Order::backward) kind = 1;
  if (order_ == Order::shuffled) kind = static_cast<unsigned>(random_->below(ThreadOrders::kKinds));
  ready_ = orders_.get(static_cast<unsigned>(threads_.size()), kind);
  ready_begin_ = 0;
  ready_count_ = ready_.size();
}

unsigned Block::next_ready() {
  if (ready_count_ == 0) return kNone;
  const unsigned thread = ready_[ready_begin_];
  ready_begin_ = (ready_begin_ + 1) % ready_.size();
  --ready_count_;
  return thread;
}

void Block::become(unsigned thread) {
  current_ = thread;
  threads_[thread].wait = Wait::nothing;
  threadIdx = threads_[thread].position;
  running.thread = thread;
  running.warp = thread / kWarp;
  running.warp_interval = warps_[running.warp].intervals;
}

void Block::go_on_with(unsigned thread) {
  if (thread == kNone) {
    if (unfinished_ > 0) fail_at_barrier();
    fibers_.switch_to_main();
    return;
  }
  become(thread);
  Fiber*& fiber = threads_[thread].fiber;
  if (!fiber) fiber = fibers_.take();
  if (fiber != fibers_.current()) fibers_.switch_to(fiber);
}

void Block::thread_main() {
  Block& self = block();
  for (;;) {
    // When its thread ends, a fiber continues with the next thread that has not begun, so threads that never
    // wait need no switch.
    self.kernel_->body->run();
    Thread& ended = self.threads_[self.current_];
    ended.wait = Wait::finished;
    Fiber* const own = ended.fiber;
    ended.fiber = nullptr;
    --self.unfinished_;
    const unsigned next = self.next_ready();
    if (next != kNone && !self.threads_[next].fiber) {
      self.threads_[next].fiber = own;
      self.become(next);
      continue;
    }
    self.fibers_.give_back(own);
    self.go_on_with(next);
  }
}

void Block::wait(Wait why, const char* file, int line) {
  Thread& self = threads_[current_];
  self.wait = why;
  self.file = file;
  self.line = line;
  go_on_with(next_ready());
}

void Block::barrier(const char* file, int line) {
  ++at_barrier_;
  if (at_barrier_ == threads_.size()) {
    Thread& self = threads_[current_];
    self.wait = Wait::barrier;
    self.file = file;
    self.line = line;
    release_barrier();
    go_on_with(next_ready());
  } else {
    wait(Wait::barrier, file, line);
  }
}

void Block::release_barrier() {
  for (const Thread& thread : threads_) {
    if (thread.line != threads_[0].line || std::string_view(thread.file) != threads_[0].file)
      fail_at_barrier();
  }
  at_barrier_ = 0;
  ++running.interval;
  make_all_ready();
}

const std::uint64_t* Block::collective(std::uint64_t deposit, unsigned mask, const char* file, int line) {
  const unsigned number = current_ / kWarp;
  if (mask != ~0u || (number + 1) * kWarp > threads_.size()) {
    fail_in_kernel(cudaErrorLaunchFailure, [&] {
      return std::string("a warp collective of less than a full warp, at " + place(file, line));
    });
  }
  Thread& self = threads_[current_];
  Warp& warp = warps_[number];
  std::uint64_t* const deposits = warp.deposits[self.collectives++ % 2];
  deposits[current_ % kWarp] = deposit;
  if (++warp.arrived < kWarp) {
    wait(Wait::warp, file, line);
  } else {
    warp.arrived = 0;
    running.warp_interval = ++warp.intervals;
    for (unsigned lane = 0; lane < kWarp; ++lane) {
      const unsigned thread = number * kWarp + (order_ == Order::backward ? kWarp - 1 - lane : lane);
      if (thread == current_) continue;
      if (threads_[thread].line != line || std::string_view(threads_[thread].file) != file) {
        fail_in_kernel(cudaErrorLaunchFailure, [&] {
          return std::string("lanes of one warp wait at different collectives: " + waiting_threads());
        });
      }
      make_ready(thread);
    }
  }
  return deposits;
}

std::byte* Block::gathering(std::size_t bytes) {
  // All lanes that read the earlier values in these bytes have passed the collective after it.
  auto& gathered = warps_[current_ / kWarp].gathered[threads_[current_].collectives % 2];
  if (gathered.size() < kWarp * bytes) gathered.resize(kWarp * bytes);
  return gathered.data();
}

void* Block::shared_memory(std::size_t bytes) {
  if (bytes > kernel_->shared_bytes) {
    fail_in_kernel(cudaErrorIllegalAddress, [&] {
      return std::string("the kernel uses " + std::to_string(bytes) +
                         " bytes of shared memory, but was launched with " +
                         std::to_string(kernel_->shared_bytes));
    });
  }
  if (shared_asked_ != 0 && shared_asked_ != bytes) {
    fail_in_kernel(cudaErrorLaunchFailure, [&] {
      return std::string("one kernel calls shared_storage with types of different size");
    });
  }
  shared_asked_ = bytes;
  return Heap::instance().shared();
}

void Block::fail_at_barrier() {
  fail_in_kernel(cudaErrorLaunchFailure, [&] {
    return std::string("divergent barrier, which a GPU may never leave: " + waiting_threads());
  });
}

void Block::note_failure(cudaError_t error, const std::string& what) {
  outcome_ = failure(error, what, ", in block ", triple(blockIdx), " thread ", triple(threadIdx),
                     " of the kernel launched at ", place(kernel_->file, kernel_->line), " with grid ",
                     triple(kernel_->grid), " and block ", triple(kernel_->block));
}

void Block::leave() {
  running.kernel = nullptr;
  fibers_.switch_to_main();
  std::abort();  // a thread of a failed launch is never resumed
}

Outcome Block::run(const Kernel& kernel, unsigned long long index, Order order, Random& random) {
  const unsigned count = kernel.block.x * kernel.block.y * kernel.block.z;
  kernel_ = &kernel;
  order_ = order;
  random_ = &random;
  if (threads_.size() != count || blockDim.x != kernel.block.x || blockDim.y != kernel.block.y) {
    threads_.assign(count, {});
    for (unsigned t = 0; t < count; ++t) {
      threads_[t].position = {t % kernel.block.x, t / kernel.block.x % kernel.block.y,
                              t / kernel.block.x / kernel.block.y};
    }
  }
  for (Thread& thread : threads_) {
    thread.fiber = nullptr;
    thread.wait = Wait::nothing;
    thread.collectives = 0;
  }
  warps_.assign((count + kWarp - 1) / kWarp, {});
  blockDim = kernel.block;
  gridDim = kernel.grid;
  blockIdx = {static_cast<unsigned>(index % kernel.grid.x),
              static_cast<unsigned>(index / kernel.grid.x % kernel.grid.y),
              static_cast<unsigned>(index / kernel.grid.x / kernel.grid.y)};
  unfinished_ = count;
  at_barrier_ = 0;
  shared_asked_ = 0;
  outcome_ = {};
  poison(Heap::instance().shared(), kernel.shared_bytes);
  forget(Heap::instance().shared(), kernel.shared_bytes);
  running.block_begin = ++running.interval;
  make_all_ready();
  running.kernel = &kernel;
  go_on_with(next_ready());
  running.kernel = nullptr;
  if (!outcome_) fibers_.reset();
  return outcome_;
}

/// The interval at which each block of this launch began.
std::vector<std::pair<std::uint64_t, unsigned long long>> begun;

}  // namespace

Outcome run_grid(const Kernel& kernel, Order order, std::uint64_t seed) {
  Random random(seed);
  const auto blocks = static_cast<unsigned long long>(kernel.grid.x) * kernel.grid.y * kernel.grid.z;
  // A step coprime to the count visits every block once.
  unsigned long long step = 1;
  unsigned long long index = 0;
  if (order == Order::backward) {
    index = blocks - 1;
    step = std::max(blocks - 1, 1ull);
  } else if (order == Order::shuffled) {
    index = random.below(blocks);
    do {
      step = 1 + random.below(blocks);
    } while (std::gcd(step, blocks) != 1);
  }
  running.launch_begin = running.interval + 1;
  begun.clear();
  for (unsigned long long done = 0; done < blocks; ++done, index = (index + step) % blocks) {
    begun.emplace_back(running.interval + 1, index);
    if (Outcome outcome = block().run(kernel, index, order, random); !outcome) return outcome;
  }
  Outcome guards = Heap::instance().check_guards();
  if (!guards) guards.report += ", by the kernel launched at " + place(kernel.file, kernel.line);
  return guards;
}

void note_failure(cudaError_t error, const std::string& what) {
  block().note_failure(error, what);
}

void leave_kernel() {
  block().leave();
}

std::string thread_name(unsigned thread) {
  return "thread " + triple(block().position(thread));
}

std::string block_name(std::uint64_t interval) {
  auto at = std::upper_bound(begun.begin(), begun.end(), interval,
                             [](std::uint64_t value, const auto& entry) { return value < entry.first; });
  if (at == begun.begin()) return "another block";
  const unsigned long long index = std::prev(at)->second;
  return "block " + triple(uint3{static_cast<unsigned>(index % gridDim.x),
                                 static_cast<unsigned>(index / gridDim.x % gridDim.y),
                                 static_cast<unsigned>(index / gridDim.x / gridDim.y)});
}

bool on_kernel_stack(const void* address) {
  return block().fibers().on_stack(address);
}

void* shared_memory(std::size_t bytes) {
  return block().shared_memory(bytes);
}

void block_barrier(const char* file, int line) {
  block().barrier(file, line);
}

std::uint64_t warp_shuffle(std::uint64_t bits, unsigned mask, Shuffle shuffle, int operand, const char* file,
                           int line) {
  const int lane = static_cast<int>(running.thread % kWarp);
  int source = lane;
  switch (shuffle) {
    case Shuffle::index:
      source = operand & 31;
      break;
    case Shuffle::up:
      source = lane - operand;
      break;
    case Shuffle::down:
      source = lane + operand;
      break;
    case Shuffle::exclusive_or:
      source = lane ^ operand;
      break;
  }
  if (source < 0 || source >= static_cast<int>(kWarp)) source = lane;
  return block().collective(bits, mask, file, line)[source];
}

std::byte* warp_gathering(std::size_t bytes) {
  return block().gathering(bytes);
}

void warp_gathered(const char* file, int line) {
  block().collective(0, ~0u, file, line);
}

unsigned warp_ballot(bool condition, unsigned mask, const char* file, int line) {
  const std::uint64_t* deposits = block().collective(condition ? 1 : 0, mask, file, line);
  unsigned bits = 0;
  for (unsigned lane = 0; lane < kWarp; ++lane) bits |= static_cast<unsigned>(deposits[lane]) << lane;
  return bits;
}

}  // namespace elbo::emulation
