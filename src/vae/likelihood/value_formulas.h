#pragma once
// A likelihood's formulas for single values, on the host, from the decoder's outputs.

#include <cstdint>
#include <memory>
#include <span>

#include "math/likelihoods/list.h"

namespace elbo {

/// `parameters` points to the first parameter of a value, or of the first of several values in a row; a
/// value's parameters are `dims` apart.
class ValueFormulas {
 public:
  virtual ~ValueFormulas() = default;

  /// cost[j] = −log p(x_j) of `count` values of a row, nats.
  virtual void costs(const float* x, const float* parameters, std::int64_t count, double* cost) const = 0;
  /// Draws a row of values from p(x|z). `number` is the row's number, which keys its noise.
  void draw_row(std::span<float> row, const float* parameters, std::uint64_t seed, std::int64_t number) const;

  /// Whether values are classes, whose numbers have no order and no mean.
  virtual bool has_classes() const { return false; }

  /// Fills `noise` with numbers for draw(); `number` and `first` are their address (math/philox.h).
  virtual void fill_noise(std::span<float> noise, std::uint64_t seed, std::int64_t number,
                          std::int64_t first) const = 0;
  /// A draw of one value.
  virtual float draw(const float* parameters, float noise) const = 0;

  // For classes only:

  /// probabilities[c] += weight · p(x = c) of one value.
  virtual void add_probabilities(const float* parameters, double weight,
                                 std::span<double> probabilities) const = 0;
  virtual std::int64_t classes() const { return 0; }
};

std::unique_ptr<ValueFormulas> make_value_formulas(LikelihoodKind kind, const LikelihoodConstants& constants,
                                                   std::int64_t dims);

}  // namespace elbo
