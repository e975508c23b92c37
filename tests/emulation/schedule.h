#pragma once
// Pseudo-random orders, the same for the same seed.

#include <cstdint>
#include <numeric>
#include <unordered_map>
#include <utility>
#include <vector>

namespace elbo::emulation {

/// SplitMix64: a well-mixed stream of 64-bit words from any seed.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t operator()() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t bound) { return operator()() % bound; }

 private:
  std::uint64_t state_;
};

/// 0 … count − 1 in a random order.
inline std::vector<unsigned> shuffled(unsigned count, Random& random) {
  std::vector<unsigned> order(count);
  std::iota(order.begin(), order.end(), 0u);
  for (unsigned i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

/// A few orders of a block's threads (first to last, last to first, and shuffled), kept because a new order
/// at every barrier would be too slow.
class ThreadOrders {
 public:
  static constexpr unsigned kKinds = 8;

  const std::vector<unsigned>& get(unsigned threads, unsigned kind) {
    auto& kinds = orders_[threads];
    if (kinds.empty()) {
      Random random(threads);
      for (unsigned i = 0; i < kKinds; ++i) kinds.push_back(shuffled(threads, random));
      std::iota(kinds[0].begin(), kinds[0].end(), 0u);
      for (unsigned i = 0; i < threads; ++i) kinds[1][i] = threads - 1 - i;
    }
    return kinds[kind];
  }

 private:
  std::unordered_map<unsigned, std::vector<std::vector<unsigned>>> orders_;
};

}  // namespace elbo::emulation
