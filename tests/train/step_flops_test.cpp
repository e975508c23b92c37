// The flops that step_bench counts of a step, by hand.

#include <gtest/gtest.h>

#include "bench/step_training.h"
#include "support/training.h"

namespace elbo::test {
namespace {

/// 12-6-3-5-12, batch 8, and so many samples of an example.
double counted_flops(const char* kind, std::int64_t samples) {
  Recipe recipe = small_recipe();
  recipe.model.encoder = {6};
  recipe.model.decoder = {5};
  recipe.objective.kind = kind;
  recipe.objective.samples = samples;
  bench::Training training(recipe, Device::cpu(), Precision::fp32, 12, 40);
  return bench::step_flops(training);
}

TEST(StepFlops, CountTheDecoderOfEverySample) {
  // The encoder ends with the posterior's 3 means and 3 log-variances. Each layer has three gemms, but no
  // gradient of the data is computed.
  const double encoder = 2.0 * 12 * 6 + 3.0 * 6 * 6, decoder = 3.0 * (3 * 5 + 5 * 12);
  EXPECT_EQ(counted_flops("elbo", 1), 2 * 8 * (encoder + decoder));
  for (const std::int64_t samples : {2, 50}) {
    const double expected = 2 * 8 * (encoder + static_cast<double>(samples) * decoder);
    EXPECT_EQ(counted_flops("elbo", samples), expected) << samples;
    EXPECT_EQ(counted_flops("iwae", samples), expected) << samples;
  }
}

}  // namespace
}  // namespace elbo::test
