// The running average of parameters: against float64, by hand, and in a training.

#include "ops/running_average.h"

#include <gtest/gtest.h>

#include "cases/running_average.h"
#include "elbo/error.h"
#include "support/device.h"

namespace elbo::test {
namespace {

class RunningAverageCases : public testing::TestWithParam<RunningAverageCase> {};

TEST_P(RunningAverageCases, MatchesFloat64) {
  EXPECT_OP(GetParam(), {{0, 0}, {0, 1}, {0, 3}});
}

INSTANTIATE_TEST_SUITE_P(Shapes, RunningAverageCases,
                         testing::Values(RunningAverageCase{1}, RunningAverageCase{3, 2},
                                         RunningAverageCase{17, 1000}, RunningAverageCase{784, 8000},
                                         RunningAverageCase{8192, 10000000},
                                         RunningAverageCase{16411, 50, 0.0}, RunningAverageCase{50003, 20}),
                         CaseName());

// Values 1, 1, 4 at steps 1, 2, 3, from 0: 0 + 9/11 = 0.8181818; + 9/12 of the rest = 0.9545455; + 9/13 of
// 3.0454545 = 3.0629371.
TEST(RunningAverage, ThreeStepsByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> average(context, std::vector<float>{0.0f});
  const std::pair<float, double> steps[] = {{1.0f, 0.8181818}, {1.0f, 0.9545455}, {4.0f, 3.0629371}};
  std::uint64_t step = 0;
  for (const auto& [value, expected] : steps) {
    const StepState state{.step = ++step};
    Buffer<StepState> device_state(context, std::span<const StepState>(&state, 1));
    Buffer<float> values(context, std::vector<float>{value});
    ops::running_average(context, average.view(), values.view(), 0.999, device_state.data());
    EXPECT_NEAR(average.to_host()[0], expected, 1e-6);
  }
}

TEST(RunningAverage, ASkippedStepLeavesItAsItIs) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> average(context, std::vector<float>{1.5f});
  const Buffer<float> values(context, std::vector<float>{3.0f});
  const StepState state{.step = 1, .skipped = 1};
  const Buffer<StepState> device_state(context, std::span<const StepState>(&state, 1));
  ops::running_average(context, average.view(), values.view(), 0.999, device_state.data());
  EXPECT_EQ(average.to_host()[0], 1.5f);
}

TEST(RunningAverage, WrongArgumentsAreRefused) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> a(context, 8), b(context, 8);
  Buffer<StepState> state(context, 1);
  EXPECT_THROW(ops::running_average(context, a.view(), b.view().part(0, 7), 0.9, state.data()), ShapeError);
  EXPECT_THROW(ops::running_average(context, a.view(), b.view(), 1.0, state.data()), ShapeError);
  EXPECT_THROW(ops::running_average(context, a.view(), b.view(), 0.9, nullptr), ShapeError);
  EXPECT_THROW(ops::running_average(context, {nullptr, 8}, b.view(), 0.9, state.data()), ShapeError);
  EXPECT_NO_THROW(ops::running_average(context, {}, {}, 0.9, state.data()));
}

}  // namespace
}  // namespace elbo::test
