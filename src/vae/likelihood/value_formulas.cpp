#include "vae/likelihood/value_formulas.h"

#include <cmath>
#include <type_traits>

#include "ops/host_noise.h"

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

  void costs(const float* x, const float* parameters, std::int64_t count, double* cost) const override {
    for (std::int64_t j = 0; j < count; ++j) {
      cost[j] = static_cast<double>(formula_.nll(x[j], Parameters<Formula>(parameters + j, dims_).values));
    }
  }
  void fill_noise(std::span<float> noise, std::uint64_t seed, std::int64_t number,
                  std::int64_t first) const override {
    (Formula::kDrawsNormal ? fill_normal : fill_uniform)(noise, seed, NoisePurpose::likelihood_sample, number,
                                                         first);
  }
  float draw(const float* parameters, float noise) const override {
    return formula_.draw(Parameters<Formula>(parameters, dims_).values, noise);
  }
  void add_probabilities(const float*, double, std::span<double>) const override {}

 private:
  Formula formula_;
  std::int64_t dims_;
};

/// A value's logits: logit(c) is the logit of class c.
struct Logits {
  const float* first;
  std::int64_t dims;

  double operator()(int c) const { return first[c * dims]; }
};

class ClassFormulas final : public ValueFormulas {
 public:
  ClassFormulas(const math::Categorical& formula, std::int64_t dims) : formula_(formula), dims_(dims) {}

  void costs(const float* x, const float* parameters, std::int64_t count, double* cost) const override {
    for (std::int64_t j = 0; j < count; ++j) {
      cost[j] = formula_.nll(formula_.softmax(static_cast<double>(x[j]), Logits{parameters + j, dims_}));
    }
  }
  bool has_classes() const override { return true; }
  std::int64_t classes() const override { return formula_.classes; }
  void fill_noise(std::span<float> noise, std::uint64_t seed, std::int64_t number,
                  std::int64_t first) const override {
    fill_uniform(noise, seed, NoisePurpose::likelihood_sample, number, first);
  }
  // The first class up to which the probabilities exceed a uniform number.
  float draw(const float* parameters, float noise) const override {
    const Logits logit{parameters, dims_};
    const auto softmax = formula_.softmax(0.0, logit);  // the class does not matter here
    const double max_probability = formula_.max_probability(softmax);
    double left = noise;
    int drawn = 0;
    for (; drawn < formula_.classes - 1; ++drawn) {
      left -= formula_.probability(softmax, max_probability, logit(drawn));
      if (left < 0.0) break;
    }
    return std::isnan(left) ? kNotANumber : static_cast<float>(drawn);
  }
  void add_probabilities(const float* parameters, double weight,
                         std::span<double> probabilities) const override {
    const Logits logit{parameters, dims_};
    const auto softmax = formula_.softmax(0.0, logit);  // the class does not matter here
    const double max_probability = formula_.max_probability(softmax);
    for (int c = 0; c < formula_.classes; ++c) {
      probabilities[static_cast<std::size_t>(c)] +=
          weight * formula_.probability(softmax, max_probability, logit(c));
    }
  }

 private:
  math::Categorical formula_;
  std::int64_t dims_;
};

}  // namespace

void ValueFormulas::draw_row(std::span<float> row, const float* parameters, std::uint64_t seed,
                             std::int64_t number) const {
  fill_noise(row, seed, number, 0);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = draw(parameters + j, row[j]);
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
