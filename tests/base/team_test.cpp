// Threads that compute together: every part is done once, errors come back, and waiting threads sleep.

#include "base/team.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>

#include "elbo/error.h"

namespace elbo {
namespace {

TEST(Team, EveryIndexIsCalledOnceOnAThreadOfItsOwn) {
  Team team(4);
  for (int count = 0; count <= 4; ++count) {
    for (int time = 0; time < 200; ++time) {
      std::vector<std::thread::id> threads(4);
      team.run(count,
               [&](int index) { threads[static_cast<std::size_t>(index)] = std::this_thread::get_id(); });
      const std::set<std::thread::id> distinct(threads.begin(), threads.begin() + count);
      ASSERT_EQ(std::ssize(distinct), count);
      ASSERT_FALSE(distinct.contains(std::thread::id()));
      ASSERT_TRUE(count == 0 || threads[0] == std::this_thread::get_id());
    }
  }
}

TEST(Team, ResultsOfACallAreSeenByTheNext) {
  Team team(3);
  std::vector<std::int64_t> values(1000, 0);
  for (int time = 0; time < 500; ++time) {
    parallel_for(team, 1000, true, [&](std::int64_t i) {
      const std::int64_t other = (i + 500) % 1000;  // of another thread's part
      if (time % 2 == 0 && i < 500)
        values[static_cast<std::size_t>(i)] = values[static_cast<std::size_t>(other)] + 1;
      if (time % 2 == 1 && i >= 500)
        values[static_cast<std::size_t>(i)] = values[static_cast<std::size_t>(other)] + 1;
    });
  }
  for (std::size_t i = 0; i < values.size(); ++i) ASSERT_EQ(values[i], i < 500 ? 499 : 500) << i;
}

TEST(Team, PartsCoverARangeOnce) {
  for (const int size : {1, 2, 3, 7}) {
    Team team(size);
    for (const std::int64_t count : {0, 1, 2, 6, 7, 100}) {
      std::vector<int> calls(static_cast<std::size_t>(count), 0), threads(calls.size(), -1);
      parallel_for(team, count, true, [&](std::int64_t i, int index) {
        ++calls[static_cast<std::size_t>(i)];
        threads[static_cast<std::size_t>(i)] = index;
      });
      EXPECT_EQ(calls, std::vector<int>(calls.size(), 1));
      EXPECT_TRUE(std::ranges::is_sorted(threads));
      std::vector<int> spans(calls.size(), 0);
      parallel_spans(team, count, 4, true, [&](std::int64_t first, std::int64_t end) {
        EXPECT_TRUE(first % 4 == 0 && (end - first == 4 || end == count));
        for (std::int64_t i = first; i < end; ++i) ++spans[static_cast<std::size_t>(i)];
      });
      EXPECT_EQ(spans, std::vector<int>(spans.size(), 1));
    }
  }
}

TEST(Team, WhatIsNotWorthItStaysOnTheCallersThread) {
  Team team(4);
  const auto caller = std::this_thread::get_id();
  parallel_for(team, 50, false, [&](std::int64_t) { EXPECT_EQ(std::this_thread::get_id(), caller); });
}

TEST(Team, AnErrorComesBackAndTheTeamGoesOn) {
  Team team(3);
  for (const int failing : {0, 1, 2}) {
    EXPECT_THROW(team.run(3,
                          [&](int index) {
                            if (index == failing) throw std::runtime_error("part " + std::to_string(index));
                          }),
                 std::runtime_error);
    std::atomic<int> done = 0;
    team.run(3, [&](int) { ++done; });
    EXPECT_EQ(done, 3);
  }
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

TEST(Team, WaitingThreadsSleep) {
  Team team(4);
  team.run(4, [](int) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // they spin at first
  const double before = cpu_seconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(cpu_seconds() - before, 0.05);
  // As does the caller's while another works.
  const double begin = cpu_seconds();
  team.run(2, [](int index) {
    if (index == 1) std::this_thread::sleep_for(std::chrono::milliseconds(200));
  });
  EXPECT_LT(cpu_seconds() - begin, 0.05);
}

TEST(Team, ManyTeamsComputeAtOnce) {
  std::vector<std::int64_t> sums(3, 0);
  std::vector<std::thread> owners;
  for (std::int64_t& sum : sums) {
    owners.emplace_back([&sum] {
      Team team(3);
      std::vector<std::int64_t> parts(3, 0);
      for (int time = 0; time < 300; ++time)
        team.run(3, [&](int index) { parts[static_cast<std::size_t>(index)] += index; });
      sum = std::accumulate(parts.begin(), parts.end(), std::int64_t{0});
    });
  }
  for (std::thread& owner : owners) owner.join();
  EXPECT_EQ(sums, std::vector<std::int64_t>(3, 900));
}

TEST(Team, ACallWithinACallIsDoneByItsCaller) {
  Team team(3);
  std::atomic<int> done = 0;
  team.run(3, [&](int) { team.run(3, [&](int) { ++done; }); });
  EXPECT_EQ(done, 9);
}

/// A limit on the user's processes and threads. Root is exempt.
TEST(Team, WithoutFurtherThreadsTheCallerDoesAll) {
  if (geteuid() == 0) GTEST_SKIP() << "root has no such limit";
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NPROC, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NPROC, &none), 0);
  int done = 0;
  {
    Team team(3);
    std::atomic<int> calls = 0;
    team.run(3, [&](int) { ++calls; });
    done = calls;
  }
  setrlimit(RLIMIT_NPROC, &before);
  EXPECT_EQ(done, 3);
}

}  // namespace
}  // namespace elbo
