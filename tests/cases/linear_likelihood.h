#pragma once
// Cases of ops::linear_likelihood: a product and the likelihood of its results.

#include <string>
#include <vector>

#include "cases/likelihood.h"
#include "cases/linear.h"
#include "ops/linear_likelihood.h"

namespace elbo::test {

struct LinearLikelihoodCase {
  LikelihoodKind kind = LikelihoodKind::bernoulli;
  LinearShape shape;  ///< n examples, `out` values
  std::int64_t samples = 1;
  bool bias = true;
  bool weighted = false;  ///< per-row weights
  bool masked = false;
  std::optional<ops::GemmPlan> plan = {};  ///< on CUDA, instead of the chosen plan

  std::int64_t rows() const { return shape.n * samples; }
  LinearShape gemm() const { return {rows(), shape.in, shape.out}; }
  std::string name() const {
    std::string text(likelihood_name(kind));
    std::replace(text.begin(), text.end(), '-', '_');
    return concat(text, "_", shape.name(), "_k", samples, bias ? "" : "_nobias", weighted ? "_weighted" : "",
                  masked ? "_masked" : "", plan ? concat("_", plan->name()) : "");
  }
  double flops() const { return gemm().flops(); }
  /// The product's bytes, with the gradient as its result, plus x and the mask.
  double bytes() const {
    return gemm().bytes() + (masked ? 8.0 : 4.0) * static_cast<double>(shape.n * shape.out);
  }

  LikelihoodConstants constants() const { return {0.3f, -3.0f, 2.0f, 0.6f}; }
  Precision precision() const { return plan ? plan->precision : Precision::fp32; }
  std::vector<float> x() const {
    Random random(shape.seed() + 6);
    return likelihood_support(kind) == Support::unit_interval ? random.uniform(shape.n * shape.out, 0.0, 1.0)
                                                              : random.normal(shape.n * shape.out);
  }
  std::vector<float> weights() const {
    return Random(shape.seed() + 7).uniform(weighted ? rows() : 0, 0.0, 1.0);
  }
  std::vector<float> mask() const {
    std::vector<float> values = Random(shape.seed() + 8).uniform(masked ? shape.n * shape.out : 0, 0.0, 1.0);
    for (float& value : values) value = value < 0.6f ? 1.0f : 0.0f;
    return values;
  }
  static constexpr float kScale = 0.25f;

  struct Expected {
    std::vector<double> nll, gradient;  ///< [rows], [rows, out]
  };
  Expected expected() const {
    const auto parameters =
        affine_reference(gemm(), operand(precision(), gemm().x()), operand(precision(), gemm().w()),
                         bias ? widen(gemm().b()) : std::vector<double>{});
    const auto values = x(), row_weights = weights(), present = mask();
    Expected result{std::vector<double>(static_cast<std::size_t>(rows())), {}};
    for (std::int64_t row = 0; row < rows(); ++row) {
      const double weight = kScale * (weighted ? row_weights[static_cast<std::size_t>(row)] : 1.0);
      for (std::int64_t j = 0; j < shape.out; ++j) {
        const auto at = static_cast<std::size_t>(row / samples * shape.out + j);
        if (masked && present[at] == 0.0f) {
          result.gradient.push_back(0.0);
          continue;
        }
        const double value = values[at];
        // The second parameter is for likelihoods that the op does not take.
        const std::vector<double> one = {parameters[static_cast<std::size_t>(row * shape.out + j)], 0.0};
        const auto nll = [&](std::span<const double> p) {
          return reference_nll(kind, constants(), value, p);
        };
        result.nll[static_cast<std::size_t>(row)] += nll(one);
        result.gradient.push_back(weight * finite_differences(nll, one)[0]);
      }
    }
    return result;
  }

  void bind(OpRun& run) const {
    const LinearShape all = gemm();
    const auto h = run.input("h", all.n, all.in, all.x());
    const auto w = run.dense_input("w", all.out, all.in, all.w());
    const auto b = bias ? run.input("b", all.b()) : VectorView<const float>{};
    const auto x_view = run.input("x", shape.n, shape.out, x());
    const auto mask_view = masked ? run.input("mask", shape.n, shape.out, mask()) : MatrixView<const float>();
    ops::RowWeight weight{kScale, {}};
    if (weighted) weight.per_row = run.input("weights", weights());
    // Adds up the effect of the product's rounding on each value.
    const auto terms = static_cast<double>(all.in + all.out);
    const auto nll = run.output<float>(
        "nll", all.n, [c = *this] { return c.expected().nll; },
        allow_blas(Tolerance::gemm_sum(precision(), terms, 8.0 * std::sqrt(static_cast<double>(all.out))),
                   plan, terms, static_cast<double>(all.out) / std::sqrt(static_cast<double>(all.in))));
    auto tolerance = Tolerance::gemm_sum(precision(), static_cast<double>(all.in));
    tolerance.absolute += 1e-6;
    tolerance = allow_blas(tolerance, plan, static_cast<double>(all.in),
                           1.0 / std::sqrt(static_cast<double>(all.in)));
    const auto gradient = run.output<float>(
        "gradient", all.n, all.out, [c = *this] { return c.expected().gradient; }, tolerance);
    const std::int64_t count = ops::nll_parts(run.context().device(), all.out);
    const auto parts = run.scratch<float>("parts", all.n, count);
    const auto ones =
        run.dense_input("ones", 1, count, std::vector<float>(static_cast<std::size_t>(count), 1.0f));
    run.operation = [=, c = *this](Context& context) {
      const PrecisionScope scope(context, c.precision());
      ops::GemmChoices choices;
      if (c.plan) {
        choices.settle({h.rows, w.rows, h.cols, ops::GemmKind::forward, c.precision()}, *c.plan);
        context.set_kernel_choices(&choices);
      }
      ops::linear_likelihood(context, c.kind, c.constants(), parts, gradient, h, w, b, x_view, mask_view,
                             weight);
      context.set_kernel_choices(nullptr);
      const PrecisionScope exactly(context, Precision::fp32);
      if (nll.size > 0) {  // Σ over a row's parts
        ops::linear_forward(context, {nll.data, nll.size, 1}, {}, parts, ones, {}, Activation::identity);
      }
    };
  }
};

}  // namespace elbo::test
