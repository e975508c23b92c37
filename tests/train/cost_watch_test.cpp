// How often a training's costs are copied to the host.

#include "train/cost_watch.h"

#include <gtest/gtest.h>

#include "runtime/buffer.h"
#include "support/device.h"

namespace elbo::test {
namespace {

using Seconds = std::chrono::duration<double>;

/// Tells the interval of `times` copies of steps that take `a_step` each.
void settle(CopyInterval& interval, Seconds a_step, int times = 30) {
  for (int i = 0; i < times; ++i) interval.measured(interval.steps(), interval.steps() * a_step);
}

TEST(CostWatch, QuickStepsLengthenTheIntervalByDoubling) {
  CopyInterval interval;
  EXPECT_EQ(interval.steps(), 32);
  settle(interval, Seconds(20e-6), 1);
  EXPECT_EQ(interval.steps(), 64);
  settle(interval, Seconds(20e-6));
  EXPECT_NEAR(static_cast<double>(interval.steps()), 0.05 / 20e-6, 1.0);
}

TEST(CostWatch, SlowerStepsShortenItAtOnce) {
  CopyInterval interval;
  settle(interval, Seconds(20e-6));
  settle(interval, Seconds(1e-3), 1);
  EXPECT_NEAR(static_cast<double>(interval.steps()), 50.0, 1.0);
  settle(interval, Seconds(10.0), 1);
  EXPECT_EQ(interval.steps(), 1);
  settle(interval, Seconds(20e-6));
  EXPECT_NEAR(static_cast<double>(interval.steps()), 2500.0, 1.0) << "and it grows again";
}

TEST(CostWatch, StepsOfNoTimeOnlyDoubleIt) {
  CopyInterval interval;
  interval.measured(5, Seconds(0.0));
  EXPECT_EQ(interval.steps(), 64);
}

TEST(CostWatch, ARecordArrivesAndAnEpochBeginsAnew) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const CostRecord there;
  Buffer<CostRecord> record(context, std::span<const CostRecord>(&there, 1));
  CostWatch watch(context, record.data());
  std::int64_t steps = 0;
  while (!watch.poll(++steps)) ASSERT_LT(steps, 100000);
  EXPECT_GT(watch.steps(), 0);
  EXPECT_LE(watch.steps(), steps);
  watch.restart(3);
  for (steps = 3; !watch.poll(++steps);) ASSERT_LT(steps, 100000);
  EXPECT_GT(watch.steps(), 3);
}

}  // namespace
}  // namespace elbo::test
