#include "data/sources/synthetic.h"

#include <array>

#include "data/sources/random.h"

namespace elbo::data {
namespace {

constexpr std::array<float, 2> kMean{1.0f, -0.5f};
/// L, lower triangular: (1, 0; ρσ₂, σ₂√(1 − ρ²)) with σ₂ = 0.5 and ρ = 0.8.
constexpr std::array<float, 3> kFactor{1.0f, 0.4f, 0.3f};
constexpr std::int64_t kUniformDims = 10;

Examples draw_gaussian(std::uint64_t seed, std::int64_t first, std::int64_t count) {
  Examples examples;
  examples.count = count;
  examples.dims = 2;
  examples.factors = {count, 2, {}};
  for (std::int64_t i = first; i < first + count; ++i) {
    Random random(seed, Stream::gaussian, static_cast<std::uint64_t>(i));
    const double a = random.normal();
    const double b = random.normal();
    examples.factors.values.insert(examples.factors.values.end(),
                                   {static_cast<float>(a), static_cast<float>(b)});
    examples.floats.push_back(static_cast<float>(kMean[0] + kFactor[0] * a));
    examples.floats.push_back(static_cast<float>(kMean[1] + (kFactor[1] * a + kFactor[2] * b)));
  }
  return examples;
}

Examples draw_uniform(std::uint64_t seed, std::int64_t first, std::int64_t count) {
  Examples examples;
  examples.count = count;
  examples.dims = kUniformDims;
  for (std::int64_t i = first; i < first + count; ++i) {
    Random random(seed, Stream::uniform, static_cast<std::uint64_t>(i));
    // 24 bits are exact in a float, so the upper end stays excluded.
    for (int j = 0; j < kUniformDims; ++j) {
      examples.floats.push_back(static_cast<float>(random.next() >> 40) * 0x1.0p-24f);
    }
  }
  return examples;
}

}  // namespace

Dataset gaussian2d(std::uint64_t seed, std::int64_t count) {
  Dataset dataset;
  dataset.name = "gaussian2d";
  dataset.columns = {"x", "y"};
  dataset.factor_names = {"epsilon 1", "epsilon 2"};
  dataset.train = draw_gaussian(seed, 0, count);
  dataset.test = draw_gaussian(seed, count, count);
  return dataset;
}

Dataset uniform10(std::uint64_t seed, std::int64_t count) {
  Dataset dataset;
  dataset.name = "uniform10";
  dataset.train = draw_uniform(seed, 0, count);
  dataset.test = draw_uniform(seed, count, count / 5);
  return dataset;
}

}  // namespace elbo::data
