// The memory that can be had, by files as Linux has them.

#include <gtest/gtest.h>

#include <limits>

#include "base/memory.h"
#include "support/data.h"
#include "support/temp_folder.h"

namespace elbo {
namespace {

constexpr std::size_t kUnknown = std::numeric_limits<std::size_t>::max();

class AvailableMemory : public testing::Test {
 protected:
  std::size_t available() const {
    return available_memory({folder_ / "meminfo", {folder_ / "cgroup", folder_ / "groups"}});
  }
  void write(const std::string& name, const std::string& text) { test::write(folder_ / name, text); }

 private:
  test::Environment checked_{"ELBO_MEMORY_CHECK", std::nullopt};
  test::TempFolder folder_;
};

TEST_F(AvailableMemory, IsTheMachinesWithoutGroups) {
  EXPECT_EQ(available(), kUnknown);
  write("meminfo", "MemTotal:  900 kB\nMemFree: 1 kB\nMemAvailable:     300 kB\nSwapFree: 20 kB\n");
  EXPECT_EQ(available(), 320u << 10);
  {
    const test::Environment less("ELBO_MEMORY_CHECK", "1000");
    EXPECT_EQ(available(), 1000u);
    const test::Environment more("ELBO_MEMORY_CHECK", "1000000");
    EXPECT_EQ(available(), 320u << 10);
  }
  write("cgroup", "0::/\n");
  EXPECT_EQ(available(), 320u << 10);
}

TEST_F(AvailableMemory, IsWhatTheTightestGroupLeaves) {
  write("meminfo", "MemAvailable: 1000000 kB\nSwapFree: 0 kB\n");
  write("cgroup", "1:name=systemd:/x\n0::/outer/inner\n");
  write("groups/outer/memory.max", "5000\n");
  write("groups/outer/memory.current", "4000\n");
  write("groups/outer/memory.stat", "anon 3000\nfile 500\n");
  write("groups/outer/inner/memory.max", "max\n");
  write("groups/outer/inner/memory.current", "10\n");
  EXPECT_EQ(available(), 1500u);
  write("groups/outer/inner/memory.max", "600\n");
  EXPECT_EQ(available(), 590u);
  write("groups/outer/inner/memory.current", "700\n");
  EXPECT_EQ(available(), 0u);
  const test::Environment off("ELBO_MEMORY_CHECK", "off");
  EXPECT_EQ(available(), kUnknown);
}

TEST_F(AvailableMemory, MayBeSwap) {
  write("meminfo", "MemAvailable: 1000000 kB\nSwapFree: 1 kB\n");
  write("cgroup", "0::/\n");
  write("groups/memory.max", "600\n");
  write("groups/memory.current", "0\n");
  EXPECT_EQ(available(), 600u + 1024u);
  write("groups/memory.swap.max", "0\n");
  EXPECT_EQ(available(), 600u);
}

TEST_F(AvailableMemory, HasGroupsOfVersion1) {
  write("meminfo", "MemAvailable: 1000000 kB\n");
  write("cgroup", "4:cpu,memory:/docker/a\n3:cpuset:/\n");
  write("groups/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("groups/memory/memory.usage_in_bytes", "5\n");
  EXPECT_EQ(available(), 1000000u << 10);
  write("groups/memory/docker/a/memory.limit_in_bytes", "6000\n");
  write("groups/memory/docker/a/memory.usage_in_bytes", "5000\n");
  write("groups/memory/docker/a/memory.stat", "cache 1\ntotal_cache 100\n");
  EXPECT_EQ(available(), 1100u);
}

TEST(RequiredMemory, IsComparedAndNamed) {
  const test::Environment checked("ELBO_MEMORY_CHECK", std::nullopt);
  require_memory(1 << 20, "a table");
  test::expect_error<OutOfMemoryError>([] { require_memory(std::size_t{1} << 60, "a table"); },
                                       {"a table needs 1.15292e+09 GB", "free", "ELBO_MEMORY_CHECK=off"});
  const test::Environment off("ELBO_MEMORY_CHECK", "off");
  require_memory(std::size_t{1} << 60, "a table");
}

}  // namespace
}  // namespace elbo
