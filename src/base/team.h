#pragma once
// Threads that compute together.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/parallel.h"

namespace elbo {

/// The caller's thread and others, which wait for it between calls. A thread that waits spins at first, as
/// the parts of a training step follow each other within microseconds, and then sleeps. Where waits show that
/// other programs use the cores, it sleeps almost at once: a thread that spins would keep the one it waits
/// for off its core. Not thread-safe: only one thread at a time may use a team.
class Team {
 public:
  /// `size` threads, the caller's included. The others start with start(), or the first call that needs them.
  explicit Team(int size) : size_(std::max(size, 1)) {}
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int size() const noexcept { return size_; }
  /// Starts all threads, so that no call allocates.
  void start() { start(size_); }

  /// Calls work(index) for each index in [0, count), count ≤ size(), at the same time, and returns when all
  /// have returned. The caller's thread does the others' parts, too, where the system gives no further
  /// threads, and in a call within a call. Throws the first error of work.
  template <class Work>
  void run(int count, const Work& work) {
    if (count <= 1) {
      if (count == 1) work(0);
      return;
    }
    if (busy_) {
      for (int index = 0; index < count; ++index) work(index);
      return;
    }
    ParallelError error;
    const auto guarded = [&](int index) { error.guard([&] { work(index); }); };
    using Guarded = decltype(guarded);
    run_all(count, {&guarded, [](const void* of, int index) { (*static_cast<const Guarded*>(of))(index); }});
    error.rethrow();
  }

 private:
  struct Call {
    const void* work = nullptr;
    void (*invoke)(const void* work, int index) = nullptr;
  };
  /// A thread's place: the number of calls it has had. A cache line of its own.
  struct alignas(64) Seat {
    std::atomic<std::uint32_t> calls = 0;
    std::thread thread;
  };

  void run_all(int count, const Call& call);
  void start(int count);
  void serve(int index);
  void wait_for_others(std::chrono::steady_clock::duration own);

  int size_;
  int started_ = 1;  ///< threads, the caller's included
  bool no_more_ = false;
  bool busy_ = false;  ///< within a call
  std::unique_ptr<Seat[]> seats_;
  Call call_;
  std::atomic<bool> ends_ = false;
  std::atomic<int> crowded_ = 0;  ///< calls for which waits are short
  alignas(64) std::atomic<int> working_ = 0;
};

/// Calls work(i), or work(i, index of the thread), for each i in [0, count) on the team's threads, each with
/// a run of neighbouring i; on the caller's alone unless `worth`. Throws like Team::run.
template <class Work>
void parallel_for(Team& team, std::int64_t count, bool worth, const Work& work) {
  const auto threads = worth ? static_cast<int>(std::clamp<std::int64_t>(count, 1, team.size())) : 1;
  const auto run_part = [&](int index) {
    const std::int64_t end = count * (index + 1) / threads;
    for (std::int64_t i = count * index / threads; i < end; ++i) {
      if constexpr (std::is_invocable_v<const Work&, std::int64_t, int>) {
        work(i, index);
      } else {
        work(i);
      }
    }
  };
  threads > 1 ? team.run(threads, run_part) : run_part(0);
}

/// The same for work(first, end) over [0, size) in spans of `span`, of which the last may be shorter.
template <class Work>
void parallel_spans(Team& team, std::int64_t size, std::int64_t span, bool worth, const Work& work) {
  parallel_for(team, (size + span - 1) / span, worth,
               [&](std::int64_t i) { work(i * span, std::min(size, (i + 1) * span)); });
}

}  // namespace elbo
