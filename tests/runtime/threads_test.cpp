// The number of threads on the CPU: set, and then that of contexts.

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <thread>

#include "elbo/error.h"
#include "runtime/context.h"
#include "support/data.h"
#include "support/threads.h"

namespace elbo {
namespace {

TEST(CpuThreads, AreThoseThatAreSet) {
  const int automatic = cpu_threads();
  EXPECT_GE(automatic, 1);
  EXPECT_NE(cpu_threads_by(), ThreadsBy::program);
  {
    const test::Threads set(5);
    EXPECT_EQ(cpu_threads(), 5);
    EXPECT_EQ(cpu_threads_by(), ThreadsBy::program);
    EXPECT_EQ(Context(Device::cpu()).threads(), 5);
    EXPECT_EQ(Context(Device::cpu(), 3).threads(), 3);
    int of_another_thread = 0;
    std::thread([&] { of_another_thread = cpu_threads(); }).join();
    EXPECT_EQ(of_another_thread, 5);
  }
  EXPECT_EQ(cpu_threads(), automatic);
  EXPECT_NE(cpu_threads_by(), ThreadsBy::program);
}

TEST(CpuThreads, RefuseOtherNumbersAndStayAsTheyWere) {
  const test::Threads set(2);
  for (const int wrong : {-1, kMaxCpuThreads + 1, 100000, std::numeric_limits<int>::min()}) {
    test::expect_error<ConfigError>([&] { set_cpu_threads(wrong); },
                                    {"threads", "1 to 1024", std::to_string(wrong)});
    EXPECT_EQ(cpu_threads(), 2);
  }
  set_cpu_threads(kMaxCpuThreads);
  EXPECT_EQ(cpu_threads(), kMaxCpuThreads);
}

}  // namespace
}  // namespace elbo
