// The standard normal prior: its codes, its grid, its KL.

#include "vae/prior/prior.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/normal_quantile.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

std::unique_ptr<HostPrior> normal(std::int64_t latent) {
  return standard_normal_on_host(latent);
}

TEST(Prior, QuantileInvertsTheNormalDistribution) {
  const auto cdf = [](double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); };
  for (const double p : {1e-300, 1e-20, 1e-6, 0.01, 0.1, 0.3, 0.5, 0.9, 0.999}) {
    EXPECT_NEAR(cdf(normal_quantile(p)) / p, 1.0, 1e-10) << p;
  }
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-12);
  EXPECT_EQ(normal_quantile(0.5), 0.0);
}

TEST(Prior, GridStartsAtTheUpperLeft) {
  const Table grid = normal(2)->grid(3);
  ASSERT_EQ(grid.rows, 9);
  const auto tail = static_cast<float>(normal_quantile(5.0 / 6.0));
  EXPECT_FLOAT_EQ(grid.row(0)[0], -tail);
  EXPECT_FLOAT_EQ(grid.row(0)[1], tail);
  EXPECT_FLOAT_EQ(grid.row(4)[0], 0.0f);
  EXPECT_FLOAT_EQ(grid.row(8)[0], tail);
  EXPECT_FLOAT_EQ(grid.row(8)[1], -tail);
  EXPECT_THROW(normal(3)->grid(3), ConfigError);
}

TEST(Prior, CodesAreTheSameInChunks) {
  const auto prior = normal(5);
  const Table whole = prior->codes(7, 3, 0), rest = prior->codes(4, 3, 3);
  for (std::int64_t i = 0; i < 4; ++i) {
    for (std::size_t d = 0; d < 5; ++d) EXPECT_EQ(rest.row(i)[d], whole.row(i + 3)[d]);
  }
  double sum = 0.0, squares = 0.0;
  const Table many = prior->codes(4000, 9, 0);
  for (const float z : many.values) {
    sum += z;
    squares += double{z} * z;
  }
  const auto count = static_cast<double>(many.values.size());
  EXPECT_NEAR(sum / count, 0.0, 4.0 / std::sqrt(count));
  EXPECT_NEAR(squares / count, 1.0, 4.0 * std::sqrt(2.0 / count));
}

// By the trapezoidal rule over ±10 deviations.
TEST(Prior, UnitKlIsTheIntegral) {
  ModelConfig config;
  config.latent = 1;
  const auto prior = make_prior(config);
  for (const auto& [mean, log_variance] : {std::pair{0.0, 0.0}, {1.5, -2.0}, {-0.4, 1.0}, {3.0, 0.5}}) {
    const double deviation = std::exp(0.5 * log_variance), step = deviation / 200.0;
    double integral = 0.0;
    for (int i = -2000; i <= 2000; ++i) {
      const double z = mean + i * step, e = (z - mean) / deviation;
      const double log_q = -0.5 * e * e - 0.5 * log_variance, log_p = -0.5 * z * z;
      integral += std::exp(log_q) / std::sqrt(2.0 * std::numbers::pi) * (log_q - log_p) * step;
    }
    EXPECT_NEAR(prior->unit_kl(mean, log_variance).value(), integral, 1e-9);
  }
}

TEST(Prior, UnknownNamesAreRefused) {
  ModelConfig config;
  config.prior = "uniform";
  EXPECT_THROW(make_prior(config), ConfigError);
}

}  // namespace
}  // namespace elbo::test
