#pragma once
// A likelihood's formulas for single values, on the host, from the decoder's outputs.

#include <cstdint>
#include <memory>
#include <span>

#include "math/likelihoods/list.h"

namespace elbo {

/// `parameters` are the decoder's outputs for a row, and j is the number of a value of it.
class ValueFormulas {
 public:
  virtual ~ValueFormulas() = default;

  /// cost[i] = −log p(x_j) of the row's values j = first + i, i < count, in nats.
  virtual void costs(const float* x, const float* parameters, std::int64_t first, std::int64_t count,
                     double* cost) const = 0;
  /// Draws a row of values from p(x|z). `number` is the row's number, which keys its noise.
  virtual void draw_row(std::span<float> row, const float* parameters, std::uint64_t seed,
                        std::int64_t number) const;

  /// Fills `noise` with numbers for draws of value j; `number` and `first` are their address (math/philox.h).
  virtual void fill_noise(std::int64_t j, std::span<float> noise, std::uint64_t seed, std::int64_t number,
                          std::int64_t first) const = 0;
  virtual float draw(std::int64_t j, const float* parameters, float noise) const = 0;

  /// The number of classes if value j is one of 0, 1, …, which have no order and no mean; else 0.
  virtual std::int64_t classes(std::int64_t) const { return 0; }
  /// probabilities[c] += weight · p(x_j = c), for classes.
  virtual void add_probabilities(std::int64_t, const float*, double, std::span<double>) const {}
};

/// One formula for all values: parameter p of value j is parameters[p · dims + j].
std::unique_ptr<ValueFormulas> make_value_formulas(LikelihoodKind kind, const LikelihoodConstants& constants,
                                                   std::int64_t dims);

}  // namespace elbo
