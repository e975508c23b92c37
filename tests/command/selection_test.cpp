// The choice of a sufficient latent size, from made-up costs.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "elbo/error.h"
#include "support/cli.h"
#include "tools/elbo/commands/selection.h"

namespace elbo::test {
namespace {

using Costs = std::vector<std::vector<double>>;

/// A size whose seeds have these NLLs per example.
command::Size size(std::int64_t latent, const Costs& nlls) {
  std::vector<command::Json> runs;
  for (const auto& examples : nlls) {
    const double nll = std::accumulate(examples.begin(), examples.end(), 0.0) / std::ssize(examples);
    command::Json run;
    run["test"] = {{"elbo", -nll - 1.0}, {"reconstruction", nll}, {"kl", 1.0}};
    run["active_units"] = 2;
    run["nll"] = nll;
    runs.push_back(run);
  }
  return command::size_of(latent, "test", runs, nlls);
}

/// Costs of two examples with the given mean; one costs much more than the other in every size.
std::vector<double> uneven(double mean) {
  return {mean - 80.0, mean + 80.0};
}

/// Seeds with the given mean costs, whose examples differ strongly.
Costs seeds(const std::vector<double>& means) {
  Costs costs;
  for (const double mean : means) costs.push_back(uneven(mean));
  return costs;
}

// With 5 dimensions the seeds are 0.4 above 10 dimensions on average, by -0.6, 0.4, 0.4 and 1.4: a deviation
// of √(2/3).
TEST(Selection, TheSmallestWithinOneStandardErrorIsEnough) {
  std::vector<command::Size> sizes = {size(2, seeds({95, 96, 97, 96})),
                                      size(5, seeds({89.4, 91.4, 88.4, 92.4})),
                                      size(10, seeds({90, 91, 88, 91})), size(20, seeds({91, 92, 89, 92}))};
  auto selection = command::select(sizes, "test", true);
  EXPECT_EQ(selection.best_size().latent, 10);
  EXPECT_FALSE(selection.best_size().above_error);
  EXPECT_NEAR(selection.sizes[1].above, 0.4, 1e-9);
  EXPECT_NEAR(selection.sizes[1].above_error.value(), std::sqrt(2.0 / 3.0) / 2.0, 1e-9);
  EXPECT_EQ(selection.chosen_size().latent, 5);
  EXPECT_SAYS(selection.rule(), "over seeds and examples) has 5: more does not help");
  sizes[1] = size(5, seeds({90.1, 91.5, 88.5, 91.5}));  // 0.4 ± 0.1
  selection = command::select(sizes, "test", true);
  EXPECT_EQ(selection.chosen_size().latent, 10);
  EXPECT_SAYS(selection.rule(), "no smaller size");
  EXPECT_SAYS(selection.rule(), "The test data chose it");
  EXPECT_EQ(selection.rule().find("No larger size"), std::string::npos);
  EXPECT_EQ(selection.rule().find("luck"), std::string::npos);
}

// Its seeds are 60 nats apart, so it is 20 ± 20 above; the best size's seeds give ± √(2/3)/√3.
TEST(Selection, ASizeIsNotEnoughBecauseItsTrainingsFail) {
  const auto selection =
      command::select({size(1, seeds({90, 90, 150})), size(2, seeds({89, 90, 91}))}, "test", true);
  EXPECT_NEAR(selection.sizes[0].above, 20.0, 1e-9);
  EXPECT_NEAR(selection.sizes[0].above_error.value(), std::sqrt(2.0 / 3.0), 1e-9);
  EXPECT_EQ(selection.chosen_size().latent, 2);
}

// Examples are 160 nats apart in both sizes alike, so 1 nat more is not chance.
TEST(Selection, WhatEverySizeFindsHardDoesNotCount) {
  const auto selection = command::select({size(1, {uneven(91.0)}), size(2, {uneven(90.0)})}, "test", true);
  EXPECT_NEAR(selection.sizes[0].above_error.value(), 0.0, 1e-9);
  EXPECT_EQ(selection.chosen_size().latent, 2);
  EXPECT_SAYS(selection.rule(), "No larger size was tried");
  EXPECT_SAYS(selection.rule(), "luck of one seed");
}

// Differences of 0.1, 0.3 and 0.5 with one seed: 0.3 ± 0.2/√3.
TEST(Selection, OfASingleSeedTheErrorIsOverExamples) {
  const std::vector<double> best = {10.0, 90.0, 170.0};
  const auto with = [&](double a, double b, double c) {
    return size(3, {{best[0] + a, best[1] + b, best[2] + c}});
  };
  auto selection = command::select({with(0.1, 0.3, 0.5), size(4, {best})}, "validation", true);
  EXPECT_NEAR(selection.sizes[0].above_error.value(), 0.2 / std::sqrt(3.0), 1e-9);
  EXPECT_EQ(selection.chosen_size().latent, 4);
  selection = command::select({with(-0.5, 0.3, 0.5), size(4, {best})}, "validation", true);  // 0.1 ± 0.3
  EXPECT_EQ(selection.chosen_size().latent, 3);
  EXPECT_SAYS(selection.rule(), "(over examples)");
}

// The first size's seed means are 0.2 and 0.8 above, ± 0.3. Over both seeds its examples are 0.1 and 0.9
// above, ± 0.4. Within each seed it is ± 0.4 as well, and so ± 0.4/√2 over the seeds.
TEST(Selection, TheErrorOverExamplesCountsBesideThatOverSeeds) {
  const auto sizes = [] {
    return std::vector{size(1, {{88.8, 89.6}, {91.4, 92.2}}), size(2, {{89.0, 89.0}, {91.0, 91.0}})};
  };
  const auto selection = command::select(sizes(), "test", true);
  EXPECT_NEAR(selection.sizes[0].above, 0.5, 1e-9);
  EXPECT_NEAR(selection.sizes[0].above_error.value(), 0.5, 1e-9);
  const auto own = command::select(sizes(), "validation", false);
  EXPECT_NEAR(own.sizes[0].above_error.value(), 0.3, 1e-9);
  const auto alike = [] {  // means 0.5 and 0.5 above
    return std::vector{size(1, {{89.1, 89.9}, {91.1, 91.9}}), size(2, {{89.0, 89.0}, {91.0, 91.0}})};
  };
  EXPECT_NEAR(command::select(alike(), "validation", false).sizes[0].above_error.value(),
              0.4 / std::sqrt(2.0), 1e-9)
      << "two seeds may agree by chance";
}

TEST(Selection, RefusesSizesThatCannotBeCompared) {
  EXPECT_THROW(command::select({size(1, {{1.0, 2.0}}), size(2, {{1.0, 2.0, 0.0}})}, "test", true), DataError);
  EXPECT_THROW(command::select({size(1, {{1.0, 2.0}}), size(2, {{1.0}, {1.0}})}, "test", true), DataError);
}

}  // namespace
}  // namespace elbo::test
