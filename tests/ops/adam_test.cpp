// Adam, Adamax and the step counters: one step per case, many steps against float64, and numbers computed by
// hand.

#include "ops/adam.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cases/adam.h"
#include "elbo/error.h"
#include "support/device.h"
#include "support/random.h"

namespace elbo::test {
namespace {

using ops::AdamSettings;

class AdamCases : public testing::TestWithParam<AdamCase> {};

TEST_P(AdamCases, MatchesFloat64) {
  EXPECT_OP(GetParam(), {{0, 0}, {0, 1}, {0, 3}});
}

INSTANTIATE_TEST_SUITE_P(Shapes, AdamCases,
                         testing::Values(AdamCase{1}, AdamCase{3, 2, 0.01f}, AdamCase{17, 1000},
                                         AdamCase{784, 1, 0.1f}, AdamCase{4097, 7}, AdamCase{8192, 3},
                                         AdamCase{16411, 50, 0.01f}, AdamCase{50003, 100000},
                                         AdamCase{1, 1, 0.0f, 2e-3f, UpdateRule::adamax},
                                         AdamCase{17, 1000, 0.0f, 2e-3f, UpdateRule::adamax},
                                         AdamCase{4097, 7, 0.1f, 2e-3f, UpdateRule::adamax},
                                         AdamCase{50003, 50, 0.01f, 2e-3f, UpdateRule::adamax}),
                         CaseName());

/// Parameters on the device under test that take steps as in training.
class Optimizer {
 public:
  Optimizer(Context& context, const std::vector<float>& values, AdamSettings settings, float learning_rate)
      : context_(context),
        settings_(settings),
        values_(context, std::span<const float>(values)),
        m_(context, static_cast<std::int64_t>(values.size())),
        v_(context, static_cast<std::int64_t>(values.size())),
        gradient_(context, static_cast<std::int64_t>(values.size())),
        state_(context, 1) {
    m_.fill_zero();
    v_.fill_zero();
    StepState state;
    state.learning_rate = learning_rate;
    state_.upload(std::span<const StepState>(&state, 1));
  }

  void step(const std::vector<float>& gradient, std::int64_t batch = 1) {
    gradient_.upload(gradient);
    ops::advance_step(context_, state_.data(), state_.data(), {}, batch, settings_);
    ops::adam(context_, values_.view(), gradient_.view(), m_.view(), v_.view(), settings_, state_.data());
  }
  std::vector<float> values() const { return values_.to_host(); }
  StepState state() const { return state_.to_host()[0]; }

 private:
  Context& context_;
  AdamSettings settings_;
  Buffer<float> values_, m_, v_, gradient_;
  Buffer<StepState> state_;
};

// One parameter at 1, gradients 0.1, −0.2 and 0.3, learning rate 0.1, default betas. By hand:
//   t=1: m̂ = 0.1, √v̂ = 0.1                                  → p = 1 − 0.1·1 = 0.9
//   t=2: m = 0.9·0.01 − 0.02 = −0.011, m̂ = −0.011/0.19 = −0.0578947;
//        v = 0.999·1e-5 + 4e-5 = 4.999e-5, v̂ = 4.999e-5/0.001999 = 0.02500750, √ = 0.1581376
//                                                             → p = 0.9 + 0.1·0.3661034 = 0.9366103
//   t=3: m = −0.0099 + 0.03 = 0.0201, m̂ = 0.0201/0.271 = 0.0741697;
//        v = 4.994001e-5 + 9e-5 = 1.3994001e-4, v̂ = 1.3994001e-4/0.002997001 = 0.04669335, √ = 0.2160865
//                                                             → p = 0.9366103 − 0.1·0.3432408 = 0.9022863
TEST(Adam, ThreeStepsByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Optimizer optimizer(context, {1.0f}, {}, 0.1f);
  optimizer.step({0.1f});
  EXPECT_NEAR(optimizer.values()[0], 0.9, 1e-6);
  optimizer.step({-0.2f});
  EXPECT_NEAR(optimizer.values()[0], 0.9366103, 1e-6);
  optimizer.step({0.3f});
  EXPECT_NEAR(optimizer.values()[0], 0.9022863, 1e-6);
}

// Decoupled decay subtracts lr·λ·p, here 0.1·0.5·1, whatever the gradient's size; then comes Adam's step of
// lr.
TEST(Adam, WeightDecayByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  AdamSettings settings;
  settings.weight_decay = 0.5f;
  Optimizer optimizer(context, {1.0f, 1.0f, -2.0f}, settings, 0.1f);
  optimizer.step({1e-3f, 0.0f, -5.0f});
  const auto values = optimizer.values();
  EXPECT_NEAR(values[0], 0.85, 2e-6);  // ε shortens the step by 1e-8 / 1e-3
  EXPECT_NEAR(values[1], 0.95, 1e-6);
  EXPECT_NEAR(values[2], -1.8, 1e-6);
}

AdamSettings adamax() {
  AdamSettings settings;
  settings.rule = UpdateRule::adamax;
  return settings;
}

// The same parameter, gradients and rate by Adamax, where u is the larger of 0.999 u and the gradient's size:
//   t=1: m = 0.01, u = 0.1; 0.1/0.1 · 0.01/0.1 = 0.1                          → p = 0.9
//   t=2: m = −0.011, u = max(0.0999, 0.2) = 0.2; 0.1/0.19 · 0.011/0.2 = 0.0289474   → p = 0.9289474
//   t=3: m = 0.0201, u = max(0.1998, 0.3) = 0.3; 0.1/0.271 · 0.0201/0.3 = 0.0247232 → p = 0.9042242
//   t=4, gradient 0: m = 0.01809, u = 0.2997; 0.1/0.3439 · 0.01809/0.2997 = 0.0175517 → p = 0.8866725
TEST(Adamax, FourStepsByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Optimizer optimizer(context, {1.0f}, adamax(), 0.1f);
  const std::pair<float, double> steps[] = {
      {0.1f, 0.9}, {-0.2f, 0.9289474}, {0.3f, 0.9042242}, {0.0f, 0.8866725}};
  for (const auto& [gradient, expected] : steps) {
    optimizer.step({gradient});
    EXPECT_NEAR(optimizer.values()[0], expected, 1e-6);
  }
}

// ε is added to the gradient's size: for a gradient as large as ε, the first step is half the rate.
TEST(Adamax, EpsilonIsAddedToTheGradient) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  AdamSettings settings = adamax();
  settings.epsilon = 0.25f;
  settings.weight_decay = 0.5f;
  Optimizer optimizer(context, {1.0f, -2.0f}, settings, 0.1f);
  optimizer.step({0.25f, 0.0f});
  EXPECT_NEAR(optimizer.values()[0], 0.95 - 0.05, 1e-6);
  EXPECT_NEAR(optimizer.values()[1], -1.9, 1e-6) << "the decay alone";
}

TEST(Adamax, NotANumberShows) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  std::vector<float> gradient(19, 0.5f);
  gradient[7] = std::numeric_limits<float>::quiet_NaN();
  Optimizer optimizer(context, std::vector<float>(19, 1.0f), adamax(), 0.1f);
  optimizer.step(gradient);
  const auto values = optimizer.values();
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(std::isnan(values[i]), i == 7) << i;
}

TEST(Adam, ManyStepsFollowFloat64) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  constexpr std::int64_t kSize = 37;
  for (const auto& [decay, rule] : {std::pair{0.0f, UpdateRule::adam}, std::pair{0.01f, UpdateRule::adam},
                                    std::pair{0.01f, UpdateRule::adamax}}) {
    AdamSettings settings;
    settings.weight_decay = decay;
    settings.rule = rule;
    Random random(5);
    const auto initial = random.normal(kSize);
    Optimizer optimizer(context, initial, settings, 0.01f);
    std::vector<AdamReference> reference(kSize);
    for (std::size_t i = 0; i < kSize; ++i) reference[i].value = initial[i];
    for (int t = 1; t <= 300; ++t) {
      const auto gradient = random.normal(kSize, 0.3, std::pow(10.0, t % 7 - 4));
      optimizer.step(gradient);
      for (std::size_t i = 0; i < kSize; ++i) {
        reference[i].step(gradient[i], 0.01f, settings.beta1, settings.beta2, settings.epsilon, decay, t,
                          rule);
      }
    }
    std::vector<double> expected;
    for (const auto& p : reference) expected.push_back(p.value);
    EXPECT_TRUE(near_all<float>(optimizer.values(), expected, {2e-5, 2e-5}));
  }
}

TEST(Adam, ZeroGradientFromTheStartMovesNothing) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Optimizer optimizer(context, {1.5f, -2.0f}, {}, 0.1f);
  for (int t = 0; t < 3; ++t) optimizer.step({0.0f, 0.0f});
  EXPECT_EQ(optimizer.values(), (std::vector<float>{1.5f, -2.0f}));
}

TEST(Adam, NotANumberShows) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> gradient(19, 0.5f);
  gradient[7] = nan;
  Optimizer optimizer(context, std::vector<float>(19, 1.0f), {}, 0.1f);
  optimizer.step(gradient);
  const auto values = optimizer.values();
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(std::isnan(values[i]), i == 7) << i;
}

TEST(Adam, ViewsMayBeMisalignedDifferently) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  constexpr std::int64_t kSize = 1003;
  Random random(11);
  const auto initial = random.normal(kSize + 8);
  const auto host_gradient = random.normal(kSize + 8);
  Buffer<float> values(context, initial), gradient(context, host_gradient), m(context, kSize + 8),
      v(context, kSize + 8);
  m.fill_zero();
  v.fill_zero();
  StepState state;
  state.learning_rate = 0.1f;
  Buffer<StepState> device_state(context, std::span<const StepState>(&state, 1));
  ops::advance_step(context, device_state.data(), device_state.data(), {}, 1, {});
  ops::adam(context, values.view().part(1, kSize), gradient.view().part(2, kSize), m.view().part(3, kSize),
            v.view().part(4, kSize), {}, device_state.data());
  const auto after = values.to_host();
  const auto first_moments = m.to_host();
  for (std::int64_t i = 0; i < kSize + 8; ++i) {
    const bool inside = i >= 1 && i < 1 + kSize;
    AdamReference expected{initial[i]};
    if (inside) expected.step(host_gradient[i + 1], 0.1f, 0.9, 0.999, 1e-8, 0.0, 1.0);
    ASSERT_NEAR(after[i], expected.value, 1e-6) << i;
    if (i < 3 || i >= 3 + kSize) {
      ASSERT_EQ(first_moments[i], 0.0f) << i;
    }
  }
}

TEST(Adam, SameBitsWhateverTheThreads) {
  if (device().is_cuda()) GTEST_SKIP() << "threads are the CPU's";
  constexpr std::int64_t kSize = 100003;
  Random random(3);
  const auto initial = random.normal(kSize);
  const auto gradient = random.normal(kSize);
  std::vector<float> first;
  for (const int threads : {1, 2, 3, 7}) {
    Context context(device(), threads);
    Optimizer optimizer(context, initial, {}, 1e-3f);
    optimizer.step(gradient);
    optimizer.step(gradient);
    if (first.empty()) first = optimizer.values();
    EXPECT_EQ(optimizer.values(), first) << threads;
  }
}

TEST(AdvanceStep, MovesCountersAndCorrections) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  StepState state;
  state.next_cursor = 256;
  state.cursor = 128;
  state.step = 7;
  state.learning_rate = 0.25f;
  state.kl_weight = 0.5f;
  Buffer<StepState> buffer(context, std::span<const StepState>(&state, 1));
  ops::advance_step(context, buffer.data(), buffer.data(), {}, 100, {});
  StepState after = buffer.to_host()[0];
  EXPECT_EQ(after.step, 8u);
  EXPECT_EQ(after.noise_time, 8u);
  EXPECT_EQ(after.cursor, 256);
  EXPECT_EQ(after.next_cursor, 356);
  EXPECT_EQ(after.learning_rate, 0.25f);
  EXPECT_EQ(after.kl_weight, 0.5f);
  EXPECT_NEAR(after.bias_correction1, 1.0 - std::pow(0.9, 8), 1e-7);
  // In float, 1 − 0.999⁸ would have a relative error of 1e-5.
  EXPECT_NEAR(after.bias_correction2, 1.0 - std::pow(0.999, 8), 1e-9);
  ops::advance_step(context, buffer.data(), buffer.data(), {}, 100, {});
  after = buffer.to_host()[0];
  EXPECT_EQ(after.step, 9u);
  EXPECT_EQ(after.cursor, 356);
}

TEST(AdvanceStep, CorrectionsReachOne) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  StepState state;
  state.step = 10'000'000;
  Buffer<StepState> buffer(context, std::span<const StepState>(&state, 1));
  ops::advance_step(context, buffer.data(), buffer.data(), {}, 1, {});
  EXPECT_EQ(buffer.to_host()[0].bias_correction1, 1.0f);
  EXPECT_EQ(buffer.to_host()[0].bias_correction2, 1.0f);
}

TEST(Adam, ASkippedStepLeavesTheBitsAsTheyAre) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  constexpr std::int64_t kSize = 30001;
  Random random(4);
  const auto before = random.normal(kSize);
  Buffer<float> values(context, before), m(context, before), v(context, before);
  const Buffer<float> gradient(context, std::vector<float>(kSize, std::numeric_limits<float>::quiet_NaN()));
  const StepState state{.step = 3, .learning_rate = 0.1f, .skipped = 1};
  const Buffer<StepState> device_state(context, std::span<const StepState>(&state, 1));
  ops::adam(context, values.view(), gradient.view(), m.view(), v.view(), {}, device_state.data());
  for (Buffer<float>* buffer : {&values, &m, &v}) EXPECT_EQ(buffer->to_host(), before);
}

/// Successive steps whose gradients have the given norms.
class SkippingSteps {
 public:
  explicit SkippingSteps(float limit)
      : limit_(limit), norm_(context_, 1), state_(context_, 1), skipped_(context_, 1) {
    state_.fill_zero();
    skipped_.fill_zero();
  }
  void step(float norm) {
    norm_.upload(std::span<const float>(&norm, 1));
    ops::advance_step(context_, state_.data(), state_.data(), {}, 1, {});
    ops::skip_beyond(context_, state_.data(), skipped_.data(), norm_.data(), limit_, {});
  }
  StepState state() const { return state_.to_host()[0]; }
  SkippedSteps skipped() const { return skipped_.to_host()[0]; }

 private:
  Context context_{device()};
  float limit_;
  Buffer<float> norm_;
  Buffer<StepState> state_;
  Buffer<SkippedSteps> skipped_;
};

TEST(SkipBeyond, CountsWhatIsAboveOrNoNumber) {
  ELBO_REQUIRE_DEVICE();
  const float nan = std::numeric_limits<float>::quiet_NaN(),
              infinity = std::numeric_limits<float>::infinity();
  SkippingSteps steps(5.0f);
  const struct {
    float norm;
    std::uint32_t skipped;
    std::uint64_t total, in_a_row, updates;
  } expected[] = {{4.0f, 0, 0, 0, 1},     {5.1f, 1, 1, 1, 0}, {nan, 1, 2, 2, 0}, {5.0f, 0, 2, 0, 2},
                  {infinity, 1, 3, 1, 0}, {0.0f, 0, 3, 0, 3}, {1.0f, 0, 3, 0, 4}};
  std::uint64_t step = 0;
  for (const auto& [norm, skipped, total, in_a_row, updates] : expected) {
    SCOPED_TRACE(++step);
    steps.step(norm);
    const StepState state = steps.state();
    EXPECT_EQ(state.step, step);
    EXPECT_EQ(state.noise_time, step) << "the noise time advances";
    EXPECT_EQ(state.skipped, skipped);
    EXPECT_EQ(steps.skipped().total, total);
    EXPECT_EQ(steps.skipped().in_a_row, in_a_row);
    if (skipped) continue;
    EXPECT_NEAR(state.bias_correction1, 1.0 - std::pow(0.9, updates), 1e-7);
    EXPECT_NEAR(state.bias_correction2, 1.0 - std::pow(0.999, updates), 1e-9);
  }
  EXPECT_EQ(steps.skipped().last_norm, infinity);
  EXPECT_EQ(steps.skipped().stuck_at, 0u);
}

TEST(SkipBeyond, NotesWhereARowIsTooLong) {
  ELBO_REQUIRE_DEVICE();
  SkippingSteps steps(5.0f);
  steps.step(1.0f);
  for (std::uint64_t i = 1; i < kMaxSkippedInARow; ++i) steps.step(6.0f);
  EXPECT_EQ(steps.skipped().stuck_at, 0u);
  steps.step(7.0f);
  EXPECT_EQ(steps.skipped().stuck_at, 1 + kMaxSkippedInARow);
  EXPECT_EQ(steps.skipped().last_norm, 7.0);
  steps.step(1.0f);
  steps.step(8.0f);
  EXPECT_EQ(steps.skipped().stuck_at, 1 + kMaxSkippedInARow) << "it stays so that the host can see it";
}

TEST(SkipBeyond, WrongArgumentsAreRefused) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<StepState> state(context, 1);
  Buffer<SkippedSteps> skipped(context, 1);
  Buffer<float> norm(context, 1);
  EXPECT_THROW(ops::skip_beyond(context, nullptr, skipped.data(), norm.data(), 1.0f, {}), ShapeError);
  EXPECT_THROW(ops::skip_beyond(context, state.data(), nullptr, norm.data(), 1.0f, {}), ShapeError);
  EXPECT_THROW(ops::skip_beyond(context, state.data(), skipped.data(), nullptr, 1.0f, {}), ShapeError);
  EXPECT_THROW(ops::skip_beyond(context, state.data(), skipped.data(), norm.data(), 0.0f, {}), ShapeError);
}

TEST(Adam, WrongShapesAreRefused) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> a(context, 8), b(context, 8), c(context, 8), d(context, 8);
  Buffer<StepState> state(context, 1);
  const auto call = [&](std::int64_t values, std::int64_t gradient, std::int64_t m, std::int64_t v,
                        const StepState* step) {
    ops::adam(context, a.view().part(0, values), b.view().part(0, gradient), c.view().part(0, m),
              d.view().part(0, v), {}, step);
  };
  EXPECT_THROW(call(8, 7, 8, 8, state.data()), ShapeError);
  EXPECT_THROW(call(8, 8, 7, 8, state.data()), ShapeError);
  EXPECT_THROW(call(8, 8, 8, 7, state.data()), ShapeError);
  EXPECT_THROW(call(7, 8, 8, 8, state.data()), ShapeError);
  EXPECT_THROW(call(8, 8, 8, 8, nullptr), ShapeError);
  EXPECT_THROW(ops::adam(context, {}, {nullptr, 1}, {}, {}, {}, state.data()), ShapeError);
  EXPECT_NO_THROW(ops::adam(context, {}, {}, {}, {}, {}, state.data()));
  EXPECT_THROW(ops::advance_step(context, nullptr, nullptr, {}, 1, {}), ShapeError);
  EXPECT_THROW(ops::advance_step(context, state.data(), state.data(), {}, -1, {}), ShapeError);
}

}  // namespace
}  // namespace elbo::test
