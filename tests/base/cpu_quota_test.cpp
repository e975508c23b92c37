// The CPU quota of containers, by files as Linux has them.

#include "base/cpu_quota.h"

#include <gtest/gtest.h>

#include "support/data.h"
#include "support/temp_folder.h"

namespace elbo {
namespace {

class CpuQuota : public testing::Test {
 protected:
  std::optional<double> quota() const { return cpu_quota({folder_ / "cgroup", folder_ / "groups"}); }
  void write(const std::string& name, const std::string& text) { test::write(folder_ / name, text); }

 private:
  test::TempFolder folder_;
};

TEST_F(CpuQuota, IsNoneWithoutLimits) {
  EXPECT_EQ(quota(), std::nullopt);
  write("cgroup", "0::/a\n");
  EXPECT_EQ(quota(), std::nullopt);
  for (const char* text :
       {"max 100000\n", "", "\n", "100000\n", "0 100000\n", "100000 0\n", "some 100000\n"}) {
    write("groups/a/cpu.max", text);
    EXPECT_EQ(quota(), std::nullopt) << text;
  }
}

TEST_F(CpuQuota, IsTheSmallestOfTheGroupAndThoseAroundIt) {
  write("cgroup", "1:name=systemd:/x\n0::/pods/pod/container\n");
  write("groups/pods/pod/container/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota(), 1.5);
  write("groups/pods/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), 1.5);
  write("groups/pods/pod/cpu.max", "25000 50000\n");
  EXPECT_EQ(quota(), 0.5);
  write("groups/pods/beside/cpu.max", "1000 100000\n");
  EXPECT_EQ(quota(), 0.5);
  write("groups/pods/cpu.max", "40000 100000\n");
  EXPECT_EQ(quota(), 0.4);
}

TEST_F(CpuQuota, MayStandAtTheRootThatAContainerSees) {
  write("cgroup", "0::/\n");
  write("groups/cpu.max", "400000 100000\n");
  EXPECT_EQ(quota(), 4.0);
}

TEST_F(CpuQuota, HasGroupsOfVersion1) {
  write("cgroup", "5:memory:/docker/a\n4:cpu,cpuacct:/docker/a\n3:cpuset:/\n");
  write("groups/cpu/docker/a/cpu.cfs_period_us", "100000\n");
  write("groups/cpu/docker/a/cpu.cfs_quota_us", "-1\n");
  write("groups/memory/docker/a/cpu.cfs_quota_us", "1000\n");
  write("groups/memory/docker/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), std::nullopt);
  write("groups/cpu/docker/a/cpu.cfs_quota_us", "320000\n");
  EXPECT_EQ(quota(), 3.2);
  write("groups/cpu/docker/cpu.cfs_quota_us", "200000\n");
  write("groups/cpu/docker/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 2.0);
}

TEST_F(CpuQuota, HasVersion1WithoutALinkOfOneController) {
  write("cgroup", "4:cpu,cpuacct:/a\n");
  write("groups/cpu,cpuacct/a/cpu.cfs_quota_us", "50000\n");
  write("groups/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 0.5);
}

TEST(ThreadsWithinAQuota, AreRoundedUpAndNeverMoreThanCores) {
  EXPECT_EQ(threads_within(8, std::nullopt), 8);
  EXPECT_EQ(threads_within(8, 1.5), 2);
  EXPECT_EQ(threads_within(8, 2.0), 2);
  EXPECT_EQ(threads_within(8, 0.01), 1);
  EXPECT_EQ(threads_within(2, 3.2), 2);
  EXPECT_EQ(threads_within(2, 1e18), 2);
  EXPECT_EQ(threads_within(0, std::nullopt), 1);
}

}  // namespace
}  // namespace elbo
