#include "vae/prior/host_mixture.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "base/running.h"
#include "ops/host_noise.h"
#include "vae/prior/grid.h"

namespace elbo {

std::int64_t first_dimension_after(std::int64_t dimensions) {
  return (dimensions + 3) / 4 * 4;
}

HostMixture::HostMixture(Table mean, const Table& log_variance, std::span<const float> log_weight)
    : mean_(std::move(mean)), deviation_(log_variance) {
  for (float& value : deviation_.values) value = std::exp(0.5f * value);
  for (std::int64_t c = 0; c < mean_.rows; ++c) {
    const double log = log_weight[static_cast<std::size_t>(c)];
    double scale = log - 0.5 * static_cast<double>(mean_.cols) * std::log(2.0 * std::numbers::pi);
    for (const float value : log_variance.row(c)) scale -= 0.5 * static_cast<double>(value);
    weight_.push_back(std::exp(log));
    log_scale_.push_back(scale);
  }
}

std::size_t HostMixture::component_of(double number) const {
  double sum = 0.0;
  for (std::size_t c = 0; c + 1 < weight_.size(); ++c) {
    sum += weight_[c];
    if (number < sum) return c;
  }
  return weight_.size() - 1;
}

void HostMixture::place(std::span<float> z, double number) const {
  const auto c = static_cast<std::int64_t>(component_of(number));
  for (std::size_t d = 0; d < z.size(); ++d) z[d] = mean_.row(c)[d] + deviation_.row(c)[d] * z[d];
}

Table HostMixture::codes(std::int64_t count, std::uint64_t seed, std::int64_t first) const {
  Table codes = standard_normal_on_host(mean_.cols)->codes(count, seed, first);
  for (std::int64_t i = 0; i < count; ++i) {
    float number = 0.0f;
    fill_uniform({&number, 1}, seed, NoisePurpose::prior_sample, first + i,
                 first_dimension_after(mean_.cols));
    place({codes.values.data() + i * codes.cols, static_cast<std::size_t>(codes.cols)}, number);
  }
  return codes;
}

Table HostMixture::grid(std::int64_t side) const {
  return quantile_grid(mean_.cols, side,
                       [this](std::size_t dimension, double share) { return quantile(dimension, share); });
}

double HostMixture::log_density(std::span<const float> z) const {
  RunningLogSumExp sum;
  for (std::size_t c = 0; c < weight_.size(); ++c) {
    const auto mean = mean_.row(static_cast<std::int64_t>(c));
    const auto deviation = deviation_.row(static_cast<std::int64_t>(c));
    double log = log_scale_[c];
    for (std::size_t d = 0; d < z.size(); ++d) {
      const double apart = (double{z[d]} - double{mean[d]}) / double{deviation[d]};
      log -= 0.5 * apart * apart;
    }
    sum.add(log);
  }
  return sum.value();
}

double HostMixture::quantile(std::size_t dimension, double share) const {
  const auto below = [&](double value) {
    double sum = 0.0;
    for (std::size_t c = 0; c < weight_.size(); ++c) {
      const auto row = static_cast<std::int64_t>(c);
      const double apart = (value - mean_.row(row)[dimension]) / deviation_.row(row)[dimension];
      sum += weight_[c] * 0.5 * std::erfc(-apart / std::numbers::sqrt2);
    }
    return sum;
  };
  // The probability beyond this many deviations from every component is 0 in double precision.
  constexpr double kFar = 40.0;
  double low = INFINITY, high = -INFINITY;
  for (std::int64_t c = 0; c < mean_.rows; ++c) {
    low = std::min(low, mean_.row(c)[dimension] - kFar * deviation_.row(c)[dimension]);
    high = std::max(high, mean_.row(c)[dimension] + kFar * deviation_.row(c)[dimension]);
  }
  for (int i = 0; i < 100; ++i) {
    const double middle = 0.5 * (low + high);
    (below(middle) < share ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace elbo
