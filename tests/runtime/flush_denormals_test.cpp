// Denormal results are flushed on request, and only then.

#include <gtest/gtest.h>

#include <limits>

#include "ops/adam.h"
#include "ops/flush_denormals.h"
#include "runtime/buffer.h"

namespace elbo {
namespace {

float half_of(float value) {
  volatile float at_run_time = value;  // keeps the compiler from computing it
  return at_run_time * 0.5f;
}

TEST(FlushDenormals, OnlyWhileItLives) {
  constexpr float kSmallestNormal = std::numeric_limits<float>::min();
  EXPECT_GT(half_of(kSmallestNormal), 0.0f);
  {
    const ops::FlushDenormals flush;
    EXPECT_EQ(half_of(kSmallestNormal), 0.0f);
    EXPECT_EQ(half_of(2.0f * kSmallestNormal), kSmallestNormal);
  }
  EXPECT_GT(half_of(kSmallestNormal), 0.0f);
}

TEST(FlushDenormals, AdamLetsDeadMomentsReachZero) {
  Context context(Device::cpu());
  constexpr std::int64_t kSize = 37;
  const std::vector<float> tiny(kSize, std::numeric_limits<float>::min()), zeros(kSize, 0.0f),
      ones(kSize, 1.0f);
  Buffer<float> values(context, ones), gradient(context, zeros), m(context, tiny), v(context, tiny);
  StepState state;
  state.step = 1000;
  state.learning_rate = 1e-3f;
  ops::adam(context, values.view(), gradient.view(), m.view(), v.view(), {}, &state);
  EXPECT_EQ(m.to_host(), zeros);
  EXPECT_EQ(v.to_host(), zeros);
  EXPECT_EQ(values.to_host(), ones);
}

}  // namespace
}  // namespace elbo
