#pragma once
// Statistics of values that come one at a time.

#include <cmath>
#include <cstdint>

namespace elbo {

/// Mean and spread by Welford's update, so that a large mean does not cancel the variance.
class RunningMoments {
 public:
  void add(double value) {
    ++count_;
    const double before = value - mean_;
    mean_ += before / static_cast<double>(count_);
    squares_ += before * (value - mean_);
  }
  double mean() const { return mean_; }
  double variance() const { return count_ > 0 ? squares_ / static_cast<double>(count_) : 0.0; }
  double standard_error() const {
    if (count_ < 2) return 0.0;
    return std::sqrt(squares_ / static_cast<double>(count_ - 1) / static_cast<double>(count_));
  }

 private:
  std::int64_t count_ = 0;
  double mean_ = 0.0;
  double squares_ = 0.0;
};

/// log Σ exp of values that come one at a time.
class RunningLogSumExp {
 public:
  void add(double value) {
    if (value > largest_) {
      scaled_ = scaled_ * std::exp(largest_ - value) + 1.0;
      largest_ = value;
    } else if (!(value < largest_ - kNothing)) {
      scaled_ += std::exp(value - largest_);  // NaN lands here and stays
    }
  }
  double value() const { return largest_ + std::log(scaled_); }

 private:
  static constexpr double kNothing = 45.0;  // e⁻⁴⁵ is below a double's rounding of 1 by far

  double largest_ = -INFINITY;
  double scaled_ = 0.0;
};

}  // namespace elbo
