#pragma once
// Cases of ops::code_penalty.

#include <cmath>
#include <string>
#include <vector>

#include "ops/code_penalty.h"
#include "base/check.h"
#include "support/gradient_check.h"
#include "support/op_case.h"

namespace elbo::test {

struct CodePenaltyCase {
  std::int64_t rows = 1;
  std::int64_t latent = 1;
  ops::CodePenalty penalty = {0.7f, 0.2f};
  bool cost = true, gradient = true;  ///< whether to compute them

  std::string name() const {
    return concat("n", rows, "_latent", latent, penalty.l1 > 0 ? "_l1" : "", penalty.l2 > 0 ? "_l2" : "",
                  cost ? "" : "_no_cost", gradient ? "" : "_no_gradient");
  }
  double flops() const { return 0.0; }
  double bytes() const { return (gradient ? 12.0 : 4.0) * static_cast<double>(rows * latent); }

  void bind(OpRun& run) const {
    constexpr float kDivisor = 3.0f;
    Random random(static_cast<std::uint64_t>(1000 * rows + latent));
    const auto z = random.normal(rows * latent);
    const auto before = random.normal(rows * latent);
    const auto value = [*this](double of) { return penalty.l1 * std::abs(of) + penalty.l2 * of * of; };
    VectorView<float> cost_view;
    if (cost) {
      cost_view = run.output<float>(
          "cost", rows,
          [=, *this] {
            std::vector<double> sums(static_cast<std::size_t>(rows));
            for (std::size_t i = 0; i < z.size(); ++i)
              sums[i / static_cast<std::size_t>(latent)] += value(z[i]);
            return sums;
          },
          Tolerance::float_sum(static_cast<double>(latent), 2.0));
    }
    MatrixView<float> dz;
    if (gradient) {
      dz = run.output<float>(
          "dz", rows, latent,
          [=] {
            std::vector<double> expected(before.begin(), before.end());
            const auto f = [&](std::span<const double> p) { return value(p[0]) / kDivisor; };
            for (std::size_t i = 0; i < z.size(); ++i) {
              const double h =
                  std::min(1e-5, 0.1 * std::abs(static_cast<double>(z[i])));  // not across the kink
              expected[i] += finite_differences(f, {z[i]}, h)[0];
            }
            return expected;
          },
          {1e-6, 1e-6}, before);
    }
    const auto z_view = run.input<float>("z", rows, latent, z);
    run.operation = [=, *this](Context& context) {
      ops::code_penalty(context, cost_view, dz, z_view, penalty, kDivisor);
    };
  }
};

}  // namespace elbo::test
