// Labels by their costs, against values computed by hand.

#include "reports/label_posterior.h"

#include <gtest/gtest.h>

#include <cmath>

namespace elbo::test {
namespace {

using command::label_posterior;

/// Costs whose softmax is easy: ln of odds.
Table costs_of_odds(std::vector<std::vector<double>> odds) {
  Table costs{std::ssize(odds), std::ssize(odds[0]), {}};
  for (const auto& row : odds) {
    for (const double weight : row) costs.values.push_back(static_cast<float>(100.0 - std::log(weight)));
  }
  return costs;
}

TEST(LabelPosterior, IsTheSoftmaxOfNegativeCosts) {
  const auto posterior =
      label_posterior(costs_of_odds({{1, 3}, {8, 2}, {1, 1}}), {"a", "b"}, {0, 0, kNoLabel});
  EXPECT_EQ(posterior.likeliest, (std::vector<std::int32_t>{1, 0, 0}));
  EXPECT_NEAR(posterior.probability(0, 1), 0.75, 1e-5);
  EXPECT_NEAR(posterior.probability(1, 1), 0.2, 1e-5);
  EXPECT_NEAR(posterior.log_ratio[0], std::log(3.0), 1e-5);
  EXPECT_EQ(posterior.log_ratio[1], 0.0);
  EXPECT_EQ(posterior.log_ratio[2], 0.0) << "no own label";
  EXPECT_EQ(suspects(posterior), (std::vector<std::int64_t>{0}));
}

TEST(LabelPosterior, AgreesWithFiguresByHand) {
  // Two in the bin of 0.7 to 0.8, one of them right; one sure and right; one without a label.
  const std::vector<std::int32_t> labels = {1, 0, 0, kNoLabel};
  const auto posterior =
      label_posterior(costs_of_odds({{1, 3}, {1, 3}, {99, 1}, {1, 9}}), {"a", "b"}, labels);
  const auto found = label_metrics(posterior, labels);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->examples, 3);
  EXPECT_NEAR(found->accuracy, 2.0 / 3.0, 1e-12);
  EXPECT_NEAR(found->log_loss, -(std::log(0.75) + std::log(0.25) + std::log(0.99)) / 3.0, 1e-5);
  EXPECT_NEAR(found->calibration_error, (std::abs(1.0 - 1.5) + std::abs(1.0 - 0.99)) / 3.0, 1e-5);
  EXPECT_FALSE(label_metrics(posterior, {kNoLabel, kNoLabel, kNoLabel, kNoLabel}));
  EXPECT_FALSE(label_metrics(posterior, {}));
}

TEST(LabelPosterior, OrdersSuspectsByTheirDoubt) {
  const auto posterior = label_posterior(costs_of_odds({{1, 3}, {1, 30}, {5, 1}}), {"a", "b"}, {0, 0, 0});
  EXPECT_EQ(suspects(posterior), (std::vector<std::int64_t>{1, 0}));
}

}  // namespace
}  // namespace elbo::test
