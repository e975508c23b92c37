#include "vae/likelihood/value_formulas.h"

#include <type_traits>

#include "ops/host_noise.h"
#include "vae/likelihood/class_formula.h"

namespace elbo {
namespace {

/// A value's parameters, gathered from a row.
template <class Formula>
struct Parameters {
  float values[Formula::kParameters];

  Parameters(const float* first, std::int64_t dims) {
    for (int p = 0; p < Formula::kParameters; ++p) values[p] = first[p * dims];
  }
};

template <class Formula>
class NumberFormulas final : public ValueFormulas {
 public:
  NumberFormulas(const Formula& formula, std::int64_t dims) : formula_(formula), dims_(dims) {}

  void costs(const float* x, const float* parameters, std::int64_t first, std::int64_t count,
             double* cost) const override {
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t j = first + i;
      cost[i] = static_cast<double>(formula_.nll(x[j], Parameters<Formula>(parameters + j, dims_).values));
    }
  }
  void fill_noise(std::int64_t, std::span<float> noise, std::uint64_t seed, std::int64_t number,
                  std::int64_t first) const override {
    (Formula::kDrawsNormal ? fill_normal : fill_uniform)(noise, seed, NoisePurpose::likelihood_sample, number,
                                                         first);
  }
  float draw(std::int64_t j, const float* parameters, float noise) const override {
    return formula_.draw(Parameters<Formula>(parameters + j, dims_).values, noise);
  }

 private:
  Formula formula_;
  std::int64_t dims_;
};

class ClassFormulas final : public ValueFormulas {
 public:
  ClassFormulas(const math::Categorical& formula, std::int64_t dims) : formula_(formula), dims_(dims) {}

  void costs(const float* x, const float* parameters, std::int64_t first, std::int64_t count,
             double* cost) const override {
    for (std::int64_t i = 0; i < count; ++i)
      cost[i] = class_cost(formula_, x[first + i], {parameters + first + i, dims_});
  }
  void fill_noise(std::int64_t, std::span<float> noise, std::uint64_t seed, std::int64_t number,
                  std::int64_t first) const override {
    fill_uniform(noise, seed, NoisePurpose::likelihood_sample, number, first);
  }
  float draw(std::int64_t j, const float* parameters, float noise) const override {
    return draw_class(formula_, {parameters + j, dims_}, noise);
  }
  std::int64_t classes(std::int64_t) const override { return formula_.classes; }
  void add_probabilities(std::int64_t j, const float* parameters, double weight,
                         std::span<double> probabilities) const override {
    add_class_probabilities(formula_, {parameters + j, dims_}, weight, probabilities);
  }

 private:
  math::Categorical formula_;
  std::int64_t dims_;
};

}  // namespace

void ValueFormulas::draw_row(std::span<float> row, const float* parameters, std::uint64_t seed,
                             std::int64_t number) const {
  fill_noise(0, row, seed, number, 0);
  for (std::int64_t j = 0; j < std::ssize(row); ++j) {
    float& value = row[static_cast<std::size_t>(j)];
    value = draw(j, parameters, value);
  }
}

std::unique_ptr<ValueFormulas> make_value_formulas(LikelihoodKind kind, const LikelihoodConstants& constants,
                                                   std::int64_t dims) {
  return math::visit_likelihood(kind, constants, [&](const auto& formula) -> std::unique_ptr<ValueFormulas> {
    using Formula = std::decay_t<decltype(formula)>;
    if constexpr (std::is_same_v<Formula, math::Categorical>) {
      return std::make_unique<ClassFormulas>(formula, dims);
    } else {
      return std::make_unique<NumberFormulas<Formula>>(formula, dims);
    }
  });
}

}  // namespace elbo
