// Training on the GPU, or the emulated one, against the CPU: the same noise to the bit, the same losses, the
// same bytes again.

#include <gtest/gtest.h>

#include <cstring>

#include "data/resident.h"
#include "model/model_file.h"
#include "recipe/data_settings.h"
#include "support/tolerance.h"
#include "support/recipe_variants.h"
#include "support/resident.h"
#include "support/training.h"
#include "train/step_graphs.h"

namespace elbo::test {
namespace {

constexpr std::int64_t kSteps = 20;

/// One device's results of twenty steps, read back after each.
struct Steps {
  std::vector<CostRecord> records;  ///< the epoch's sums after each step
  std::vector<float> values, second_moment;
  std::size_t optimized = 0;  ///< the optimizer moves this many first values
  bool batch_norm = false;
};

Steps twenty_steps(Device device, const Recipe& recipe, const Dataset& data) {
  Model model(recipe, data.dims(), device);
  Context& context = *state_of(model).context;
  if (recipe.data.standardize) {
    auto statistics = data::standardization(data.train);
    state_of(model).standard_mean = statistics.mean;
    state_of(model).standard_deviation = statistics.deviation;
  }
  const data::ResidentData resident = resident_of(model, data.train);
  const data::Preprocessor preprocessor(context, recipe.data.binarize, !data.train.bytes.empty(),
                                        state_of(model).standard_mean, state_of(model).standard_deviation);
  StepGraphs runner(state_of(model), resident, preprocessor, {.graph_steps = 1});
  for (const auto moment : {state_of(model).vae->parameters().first_moment(),
                            state_of(model).vae->parameters().second_moment()}) {
    context.fill_zero(moment.data, sizeof(float) * static_cast<std::size_t>(moment.size));
  }
  Steps steps;
  for (std::int64_t i = 0; i < kSteps; ++i) {
    const std::int64_t position = i % runner.steps_per_epoch();
    if (position == 0) runner.begin(i / runner.steps_per_epoch() + 1, 0, i, {});
    runner.launch();
    CostRecord record;
    context.copy_to_host(&record, runner.record(), sizeof record);
    context.synchronize();
    steps.records.push_back(record);
  }
  steps.values = to_host(context, state_of(model).vae->parameters().values());
  steps.second_moment = to_host(context, state_of(model).vae->parameters().second_moment());
  steps.optimized = static_cast<std::size_t>(state_of(model).vae->parameters().layout().optimized_size);
  const VaeParts& parts = state_of(model).vae->parts();
  steps.batch_norm = parts.encoder.couples_rows() || parts.decoder.couples_rows();
  return steps;
}

class DeviceParity : public testing::TestWithParam<RecipeVariant> {
 protected:
  void SetUp() override { ELBO_REQUIRE_GPU_UNDER_TEST(); }
};

/// How far two trainings may diverge because sums have different orders. With rounded operands, a value
/// halfway between two coarser numbers may be rounded either way.
struct Apart {
  double loss;
  Tolerance values;
};
Apart apart(const Recipe& recipe) {
  if (recipe.train.precision == Precision::tf32) return {5e-4, {5e-3, 1e-2}};
  if (recipe.train.precision == Precision::bf16) return {4e-3, {2e-2, 5e-2}};
  return {1e-5, {1e-4, 1e-3}};
}

// Four epochs of five steps, the last with a shorter batch.
TEST_P(DeviceParity, TwentyStepsAgreeWithTheCpu) {
  Recipe recipe = GetParam().recipe();
  const Dataset data = GetParam().data(37, 0);
  const Steps cpu = twenty_steps(Device::cpu(), recipe, data);
  const Steps gpu = twenty_steps(Device::cuda(0), recipe, data);
  // A KL near 0 is the remainder of terms near 1, by the sample that of log densities of a few nats each.
  const double least = recipe.model.prior == "normal" ? 1e-6 : 5e-6;
  for (std::size_t i = 0; i < kSteps; ++i) {
    for (const int part : {0, 1, 2}) {
      const double expected = cpu.records[i].sums[part];
      EXPECT_NEAR(gpu.records[i].sums[part], expected, least + apart(recipe).loss * std::abs(expected))
          << "step " << i + 1;
    }
    EXPECT_EQ(gpu.records[i].first_bad_step, 0u);
  }
  std::vector<double> expected(cpu.values.begin(), cpu.values.end());
  // A bias that batch normalisation removes has a gradient of rounding errors alone, which Adam divides by
  // its size. Such a bias may move either way, and so may running means.
  std::size_t by_rounding = 0;
  for (std::size_t i = 0; cpu.batch_norm && i < cpu.optimized; ++i) {
    if (cpu.second_moment[i] == 0.0f || cpu.second_moment[i] > 1e-14f) continue;
    expected[i] = gpu.values[i];
    ++by_rounding;
  }
  for (std::size_t i = cpu.optimized; cpu.batch_norm && i < expected.size(); ++i) expected[i] = gpu.values[i];
  EXPECT_LE(by_rounding, expected.size() / 50);
  EXPECT_TRUE(near_all<float>(gpu.values, expected, apart(recipe).values));
}

TEST_P(DeviceParity, TwentyStepsGiveTheSameBytesAgain) {
  Recipe recipe = GetParam().recipe();
  const Dataset data = GetParam().data(37, 0);
  const Steps once = twenty_steps(Device::cuda(0), recipe, data);
  const Steps again = twenty_steps(Device::cuda(0), recipe, data);
  for (std::size_t i = 0; i < kSteps; ++i) {
    EXPECT_EQ(std::memcmp(&once.records[i], &again.records[i], sizeof(CostRecord)), 0) << "step " << i + 1;
  }
  EXPECT_EQ(once.values, again.values);
}

INSTANTIATE_TEST_SUITE_P(Recipes, DeviceParity, testing::ValuesIn(recipe_variants()), VariantName());

// With mean 0 and log-variance 0, z is the noise itself: the same words, with a transform that may round the
// last bits differently.
TEST(DeviceNoise, LatentNoiseIsTheSame) {
  ELBO_REQUIRE_GPU_UNDER_TEST();
  constexpr std::int64_t kRows = 37, kLatent = 5;
  const auto noise = [&](Device device, std::uint64_t time) {
    Context context(device);
    Buffer<float> zeros(context, kRows * kLatent), z(context, kRows * kLatent);
    zeros.fill_zero();
    const Buffer<std::uint64_t> clock(context, std::span<const std::uint64_t>(&time, 1));
    const Buffer<std::int64_t> examples(context, data::epoch_permutation(kRows, 3, 1));
    const auto zero = zeros.matrix(kRows, kLatent);
    ops::reparameterize(context, z.matrix(kRows, kLatent), {}, {}, zero, zero,
                        {.seed = 11, .time = clock.data(), .examples = examples.data()});
    return z.to_host();
  };
  for (std::uint64_t time = 1; time <= kSteps; ++time) {
    const auto cpu = noise(Device::cpu(), time);
    const std::vector<double> expected(cpu.begin(), cpu.end());
    EXPECT_TRUE(near_all<float>(noise(Device::cuda(0), time), expected, {1e-6, 1e-6})) << "step " << time;
  }
}

// A drawn value is decided by one comparison with a noise number: equal batches mean equal comparisons.
TEST(DeviceNoise, ResampledBatchesAreEqualToTheBit) {
  ELBO_REQUIRE_GPU_UNDER_TEST();
  Examples examples;
  examples.count = 64;
  examples.dims = 259;
  examples.bytes = Random(4).bytes(examples.count * examples.dims);
  const auto batch = [&](Device device, std::uint64_t time) {
    Context context(device);
    const data::ResidentData resident(context, examples);
    const data::Preprocessor preprocessor(context, Binarize::dynamic, true, {}, {});
    const Buffer<std::uint64_t> clock(context, std::span<const std::uint64_t>(&time, 1));
    Buffer<float> x(context, examples.count * examples.dims);
    ops::GatherTarget target;
    target.x = x.matrix(examples.count, examples.dims);
    ops::gather_batch(context, target, resident.source(), preprocessor.keyed(9, clock.data()), nullptr);
    return x.to_host();
  };
  for (const std::uint64_t time : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 33}) {
    EXPECT_EQ(batch(Device::cuda(0), time), batch(Device::cpu(), time));
  }
}

}  // namespace
}  // namespace elbo::test
