#pragma once
// Numbers for built-in data and for splits. Every sequence is a pure function of (seed, stream, index). It
// uses integer arithmetic, comparisons and exactly rounded operations alone, so it is the same on every
// machine, in any order and on any number of threads. For the model's noise see math/philox.h.

#include <cstdint>

namespace elbo::data {

/// The purpose of a sequence. Two streams of one seed are independent.
enum class Stream : std::uint64_t { split = 1, gaussian, uniform, digit_train, digit_test };

/// Splitmix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators") from a hashed
/// address.
class Random {
 public:
  Random(std::uint64_t seed, Stream stream, std::uint64_t index)
      : state_(mix(mix(mix(seed) + static_cast<std::uint64_t>(stream)) + index)) {}

  std::uint64_t next() { return mix(state_ += kIncrement); }
  /// Uniform in [0, 1), a multiple of 2⁻⁵³.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform in {0, …, bound − 1} for bound > 0, unbiased (rejection).
  std::uint64_t below(std::uint64_t bound);
  /// Standard normal, by comparisons of uniforms alone (von Neumann 1951 for the exponentials, then
  /// rejection): no logarithm or cosine, whose last bits differ between mathematical libraries.
  double normal();

 private:
  static constexpr std::uint64_t kIncrement = 0x9E3779B97F4A7C15u;
  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  double exponential();

  std::uint64_t state_;
};

}  // namespace elbo::data
