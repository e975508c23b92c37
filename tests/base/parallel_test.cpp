// An error in a parallel region.

#include <gtest/gtest.h>

#include <atomic>
#include <new>

#include "base/parallel.h"

namespace elbo {
namespace {

TEST(ParallelErrors, LeaveTheRegionOnce) {
  ParallelError error;
  std::atomic<int> runs = 0;
#pragma omp parallel for schedule(static, 1)
  for (int i = 0; i < 64; ++i) {
    error.guard([&] {
      ++runs;
      if (i % 8 == 3) throw std::bad_alloc();
    });
  }
  EXPECT_THROW(error.rethrow(), std::bad_alloc);
  EXPECT_GE(runs, 1);
  error.guard([&] { runs = -1; });
  EXPECT_NE(runs, -1) << "work went on after an error";
}

TEST(ParallelErrors, AreNoneWhereAllWorks) {
  ParallelError error;
  int sum = 0;
#pragma omp parallel for reduction(+ : sum)
  for (int i = 0; i < 10; ++i) error.guard([&] { sum += i; });
  error.rethrow();
  EXPECT_EQ(sum, 45);
}

}  // namespace
}  // namespace elbo
