#pragma once
// Deterministic host inputs, the same on every platform (the standard's distributions are not).

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace elbo::test {

/// A stream of numbers fixed by its seed. For inputs of tests and benchmarks, unrelated to the library's
/// noise.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  /// SplitMix64 (Steele, Lea & Flood 2014).
  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  /// In (0, 1).
  double unit() { return (static_cast<double>(bits() >> 11) + 0.5) * 0x1p-53; }
  double gaussian() {
    const double radius = std::sqrt(-2.0 * std::log(unit()));
    return radius * std::cos(2.0 * std::numbers::pi * unit());
  }
  /// In 0 … bound − 1.
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(bound));
  }

  std::vector<float> uniform(std::int64_t count, double low = -1.0, double high = 1.0) {
    return fill<float>(count, [&] { return low + (high - low) * unit(); });
  }
  std::vector<float> normal(std::int64_t count, double mean = 0.0, double deviation = 1.0) {
    return fill<float>(count, [&] { return mean + deviation * gaussian(); });
  }
  std::vector<std::uint8_t> bytes(std::int64_t count) {
    return fill<std::uint8_t>(count, [&] { return below(256); });
  }
  std::vector<std::int64_t> indices(std::int64_t count, std::int64_t bound) {
    return fill<std::int64_t>(count, [&] { return below(bound); });
  }

 private:
  template <class T, class Draw>
  static std::vector<T> fill(std::int64_t count, Draw draw) {
    std::vector<T> values(static_cast<std::size_t>(count));
    for (T& value : values) value = static_cast<T>(draw());
    return values;
  }

  std::uint64_t state_;
};

}  // namespace elbo::test
