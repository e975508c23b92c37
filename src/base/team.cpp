#include "base/team.h"

#include <omp.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <system_error>

namespace elbo {
namespace {

using Clock = std::chrono::steady_clock;
/// Longer than the gaps within a training step.
constexpr Clock::duration kSpin = std::chrono::microseconds(100);
constexpr Clock::duration kLongestSpin = std::chrono::milliseconds(1);
constexpr Clock::duration kCrowdedSpin = std::chrono::microseconds(3);
/// After a wait that was too long, so many calls wait for a short time.
constexpr int kCrowdedCalls = 100;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Spins until ready() or the time is over; returns ready().
template <class Ready>
bool spin(Clock::duration time, const Ready& ready) {
  constexpr int kPausesPerLook = 32;
  const auto end = Clock::now() + time;
  do {
    for (int i = 0; i < kPausesPerLook; ++i) {
      if (ready()) return true;
      pause();
    }
  } while (Clock::now() < end);
  return ready();
}

/// Signals are the program's own threads' business.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    // Faults of a thread, and samples of it, are its own.
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGPROF}) sigdelset(&all, own);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_;
};

/// Where OMP_PROC_BIND and its like ask for places, OpenMP has pinned the program's first thread to one when
/// the program began, and threads inherit that: each takes a place of its own, as OpenMP's do.
void take_place([[maybe_unused]] int index) {
#if defined(__linux__)
  if (omp_get_proc_bind() == omp_proc_bind_false || omp_get_num_places() == 0) return;
  const int place = index % omp_get_num_places();
  std::array<int, CPU_SETSIZE> cores{};
  const int count = omp_get_place_num_procs(place);
  if (count > CPU_SETSIZE) return;
  omp_get_place_proc_ids(place, cores.data());
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < count; ++i) CPU_SET(cores[static_cast<std::size_t>(i)], &set);
  sched_setaffinity(0, sizeof set, &set);  // of this thread; without it the thread stays where it is
#endif
}

}  // namespace

Team::~Team() {
  ends_.store(true, std::memory_order_relaxed);
  for (int index = 1; index < started_; ++index) {
    Seat& seat = seats_[index];
    seat.calls.fetch_add(1, std::memory_order_release);
    seat.calls.notify_one();
    seat.thread.join();
  }
}

void Team::start(int count) {
  if (started_ >= count || no_more_) return;
  if (!seats_) seats_ = std::make_unique<Seat[]>(static_cast<std::size_t>(size_));
  const BlockedSignals blocked;
  try {
    for (; started_ < count; ++started_)
      seats_[started_].thread = std::thread([this, i = started_] { serve(i); });
  } catch (const std::system_error&) {
    no_more_ = true;  // a limit on threads
  }
}

void Team::run_all(int count, const Call& call) {
  start(count);
  busy_ = true;
  const int helpers = std::min(count, started_) - 1;
  call_ = call;
  working_.store(helpers, std::memory_order_relaxed);
  for (int index = 1; index <= helpers; ++index) {
    seats_[index].calls.fetch_add(1, std::memory_order_release);
    seats_[index].calls.notify_one();
  }
  const auto begin = Clock::now();
  call.invoke(call.work, 0);
  for (int index = helpers + 1; index < count; ++index) call.invoke(call.work, index);
  wait_for_others(Clock::now() - begin);
  busy_ = false;
}

void Team::wait_for_others(Clock::duration own) {
  const auto done = [this] { return working_.load(std::memory_order_acquire) == 0; };
  // The parts are about equally long: a thread that needs twice the time has lost its core.
  const Clock::duration too_long = std::max(kSpin, own);
  const int crowded = crowded_.load(std::memory_order_relaxed);
  if (crowded > 0) crowded_.store(crowded - 1, std::memory_order_relaxed);
  const auto begin = Clock::now();
  if (spin(crowded > 0 ? kCrowdedSpin : std::min(too_long, kLongestSpin), done)) return;
  for (int left; (left = working_.load(std::memory_order_acquire)) != 0;)
    working_.wait(left, std::memory_order_acquire);
  if (Clock::now() - begin > too_long) crowded_.store(kCrowdedCalls, std::memory_order_relaxed);
}

void Team::serve(int index) {
  take_place(index);
  std::atomic<std::uint32_t>& calls = seats_[index].calls;
  for (std::uint32_t seen = 0;;) {
    const auto called = [&] { return calls.load(std::memory_order_acquire) != seen; };
    const bool crowded = crowded_.load(std::memory_order_relaxed) > 0;
    if (!spin(crowded ? kCrowdedSpin : kSpin, called)) calls.wait(seen, std::memory_order_acquire);
    if (!called()) continue;
    ++seen;
    if (ends_.load(std::memory_order_relaxed)) return;
    call_.invoke(call_.work, index);
    if (working_.fetch_sub(1, std::memory_order_acq_rel) == 1) working_.notify_one();
  }
}

}  // namespace elbo
