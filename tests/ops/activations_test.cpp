// Activations and their derivatives against float64 references written out here, as scalars and as rows.

#include "math/activations.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "ops/activation_rows.h"
#include "support/gradient_check.h"
#include "support/tolerance.h"

namespace elbo {
namespace {

using test::near_all;
using test::Tolerance;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

double normal_distribution(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

double reference(Activation activation, double x) {
  switch (activation) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return x > 0.0 ? x : 0.0;
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return 1.0 / (1.0 + std::exp(-x));
    case Activation::gelu:
      return x * normal_distribution(x);
    case Activation::silu:
      return x / (1.0 + std::exp(-x));
  }
  return kNan;
}

double reference_derivative(Activation activation, double x) {
  const double sigmoid = 1.0 / (1.0 + std::exp(-x));
  switch (activation) {
    case Activation::identity:
      return 1.0;
    case Activation::relu:
      return x > 0.0 ? 1.0 : 0.0;
    case Activation::tanh:
      return 1.0 / std::pow(std::cosh(x), 2);
    case Activation::sigmoid:
      return sigmoid * (1.0 - sigmoid);
    case Activation::gelu:
      return normal_distribution(x) + x * std::exp(-0.5 * x * x) / std::sqrt(2.0 * std::numbers::pi);
    case Activation::silu:
      return sigmoid + x * sigmoid * (1.0 - sigmoid);
  }
  return kNan;
}

template <Activation kActivation>
struct Formula {
  template <class V>
  static V forward(V x) {
    return math::activate<kActivation>(x);
  }
  template <class V>
  static V derivative(V saved) {
    return math::activation_derivative<kActivation>(saved);
  }
};

template <class Use>
void for_each_activation(Use use){
#define ELBO_USE(kind)                                  \
  {                                                     \
    SCOPED_TRACE(#kind);                                \
    use(Activation::kind, Formula<Activation::kind>()); \
  }
    ELBO_ACTIVATIONS(ELBO_USE)
#undef ELBO_USE
}

/// −30 … 30, finer near 0, and magnitudes down to 1e-30.
std::vector<float> sweep() {
  std::vector<float> x;
  for (int i = -3000; i <= 3000; ++i) x.push_back(static_cast<float>(i) * 0.01f);
  for (float size = 1e-30f; size < 1.0f; size *= 7.0f) x.insert(x.end(), {size, -size});
  return x;
}

/// gelu's and silu's tails vanish like exp(−x²/2) and exp(x), so a relative error in the exponent matters.
constexpr Tolerance kTolerance{1e-30, 1e-6};
constexpr Tolerance kTailTolerance{2e-7, 1e-6};

std::vector<float> forward_rows(Activation activation, std::vector<float> x, const float* bias = nullptr,
                                float* saved = nullptr) {
  ops::apply_bias_activation(x.data(), bias, saved, static_cast<std::int64_t>(x.size()), activation);
  return x;
}

TEST(Activations, ForwardMatchesTheReferenceAsScalarAndAsRow) {
  const std::vector<float> x = sweep();
  for_each_activation([&](Activation kind, auto formula) {
    std::vector<double> expected;
    std::vector<float> scalar;
    for (float value : x) {
      expected.push_back(reference(kind, value));
      scalar.push_back(formula.forward(value));
    }
    const Tolerance tolerance = kind == Activation::gelu ? Tolerance{1e-12, 2e-6} : kTolerance;
    EXPECT_TRUE(near_all<float>(scalar, expected, tolerance));
    EXPECT_TRUE(near_all<float>(forward_rows(kind, x), expected, tolerance));
  });
}

TEST(Activations, DerivativeMatchesTheReferenceFromWhatIsSaved) {
  const std::vector<float> x = sweep();
  for_each_activation([&](Activation kind, auto formula) {
    std::vector<double> expected;
    std::vector<float> saved, scalar;
    for (float value : x) {
      expected.push_back(reference_derivative(kind, value));
      saved.push_back(derivative_needs_input(kind) ? value : formula.forward(value));
      scalar.push_back(formula.derivative(saved.back()));
    }
    EXPECT_TRUE(near_all<float>(scalar, expected, kTailTolerance));
    std::vector<float> rows(x.size(), 1.0f);
    ops::multiply_by_derivative(rows.data(), saved.data(), static_cast<std::int64_t>(rows.size()), kind);
    EXPECT_TRUE(near_all<float>(rows, expected, kTailTolerance));
  });
}

TEST(Activations, DerivativeIsTheForwardsInFloat64) {
  for_each_activation([&](Activation kind, auto formula) {
    for (double x : {-4.0, -1.3, -0.2, 0.4, 1.7, 5.0}) {
      const double saved = derivative_needs_input(kind) ? x : formula.forward(x);
      const std::vector<double> analytic{formula.derivative(saved)};
      const std::vector<double> at{x};
      const auto f = [&](std::span<const double> p) { return static_cast<double>(formula.forward(p[0])); };
      // gelu's Φ is a fit with a relative error of a few 1e-8
      EXPECT_TRUE(test::is_gradient<double>(analytic, f, at, {2e-7, 2e-7}, 1e-3)) << "at " << x;
    }
  });
}

TEST(Activations, HandComputedValues) {
  EXPECT_FLOAT_EQ(math::activate<Activation::sigmoid>(0.0f), 0.5f);
  EXPECT_FLOAT_EQ(math::activate<Activation::silu>(1.0f), 0.7310586f);
  EXPECT_FLOAT_EQ(math::activate<Activation::gelu>(1.0f), 0.8413447f);
  EXPECT_FLOAT_EQ(math::activate<Activation::gelu>(-2.0f), -0.04550026f);
  EXPECT_FLOAT_EQ(math::activation_derivative<Activation::gelu>(0.0f), 0.5f);
  EXPECT_FLOAT_EQ(math::activation_derivative<Activation::silu>(0.0f), 0.5f);
  EXPECT_EQ(math::activation_derivative<Activation::relu>(0.0f), 0.0f);
}

TEST(Activations, NanShowsAndInfinitySaturates) {
  for_each_activation([&](Activation kind, auto formula) {
    EXPECT_TRUE(std::isnan(formula.forward(kNan)));
    const auto rows = forward_rows(kind, std::vector<float>(37, kNan));
    for (float value : rows) EXPECT_TRUE(std::isnan(value));
    std::vector<float> gradient(37, kNan);
    const std::vector<float> saved(37, 0.5f);
    ops::multiply_by_derivative(gradient.data(), saved.data(), 37, kind);
    for (float value : gradient) EXPECT_TRUE(std::isnan(value));
    const float top = kind == Activation::tanh || kind == Activation::sigmoid ? 1.0f : kInfinity;
    EXPECT_EQ(forward_rows(kind, {kInfinity})[0], top);
    for (float large : {90.0f, 1e4f, 1e30f}) {
      const float up = top == 1.0f ? 1.0f : large;
      const float down = kind == Activation::identity ? -large : kind == Activation::tanh ? -1.0f : 0.0f;
      EXPECT_EQ(forward_rows(kind, {large})[0], up) << large;
      EXPECT_NEAR(forward_rows(kind, {-large})[0], down, 1e-30f) << -large;
      EXPECT_NEAR(formula.forward(-large), down, 1e-30f) << -large;
    }
  });
}

TEST(Activations, RowsOfEveryLengthAddTheBiasAndTouchNothingElse) {
  const std::vector<float> source = sweep();
  for_each_activation([&](Activation kind, auto) {
    for (std::int64_t size : {0, 1, 3, 4, 5, 8, 15, 16, 17, 31, 33, 64, 100}) {
      constexpr std::size_t kGuard = 1;  // also misaligns
      const auto n = static_cast<std::size_t>(size);
      std::vector<float> y(n + 2 * kGuard, -7.0f), bias(n + 2 * kGuard, kNan), saved(n + 2 * kGuard, -7.0f);
      std::vector<double> expected, expected_input;
      for (std::size_t j = 0; j < n; ++j) {
        y[kGuard + j] = source[2700 + 13 * j % 600];
        bias[kGuard + j] = 0.25f * static_cast<float>(j % 5) - 0.5f;
        expected_input.push_back(static_cast<double>(y[kGuard + j] + bias[kGuard + j]));
        expected.push_back(reference(kind, expected_input.back()));
      }
      ops::apply_bias_activation(y.data() + kGuard, bias.data() + kGuard, saved.data() + kGuard, size, kind);
      EXPECT_TRUE(near_all<float>({y.data() + kGuard, n}, expected, kTailTolerance)) << size;
      EXPECT_TRUE(near_all<float>({saved.data() + kGuard, n}, expected_input, Tolerance::exact())) << size;
      for (const auto* guarded : {&y, &saved}) {
        EXPECT_EQ(guarded->front(), -7.0f);
        EXPECT_EQ(guarded->back(), -7.0f);
      }
    }
  });
}

TEST(Activations, NamesGoBothWays) {
  EXPECT_EQ(activation_named("silu"), Activation::silu);
  EXPECT_EQ(activation_name(Activation::gelu), "gelu");
  EXPECT_EQ(activation_named("swish"), std::nullopt);
  for (const auto& entry : kActivations) {
    EXPECT_EQ(activation_named(entry.name), entry.kind);
    EXPECT_EQ(activation_name(entry.kind), entry.name);
  }
}

}  // namespace
}  // namespace elbo
