#include "ops/host_noise.h"

#include <algorithm>

#include "math/philox.h"

namespace elbo {
namespace {

/// Fills a row four numbers at a time; `transform(words, numbers)` computes them from a block's four words.
template <class Transform>
void fill(std::span<float> row, std::uint64_t seed, NoisePurpose purpose, std::int64_t example,
          std::int64_t first, Transform transform) {
  const std::uint64_t subsequence = math::noise_subsequence(purpose, example);
  for (std::size_t d = 0; d < row.size(); d += 4) {
    float numbers[4];
    transform(
        math::noise_words(seed, subsequence, math::noise_block(0, first + static_cast<std::int64_t>(d))),
        numbers);
    std::copy_n(numbers, std::min<std::size_t>(4, row.size() - d),
                row.begin() + static_cast<std::ptrdiff_t>(d));
  }
}

}  // namespace

void fill_normal(std::span<float> row, std::uint64_t seed, NoisePurpose purpose, std::int64_t example,
                 std::int64_t first) {
  fill(row, seed, purpose, example, first,
       [](const auto& words, float(&numbers)[4]) { math::normals(words, numbers); });
}

void fill_uniform(std::span<float> row, std::uint64_t seed, NoisePurpose purpose, std::int64_t example,
                  std::int64_t first) {
  fill(row, seed, purpose, example, first, [](const auto& words, float(&numbers)[4]) {
    for (int i = 0; i < 4; ++i) numbers[i] = math::uniform(words.word[i]);
  });
}

}  // namespace elbo
