#pragma once
// Cases of ops::adam: one step over an arena, by each rule.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ops/adam.h"
#include "support/op_case.h"

namespace elbo::test {

using math::UpdateRule;

/// One optimizer step of one parameter in float64, as in the documentation of torch.optim.AdamW and
/// torch.optim.Adamax, the latter with the former's weight decay.
struct AdamReference {
  double value = 0.0, m = 0.0, v = 0.0;

  void step(double gradient, double learning_rate, double beta1, double beta2, double epsilon,
            double weight_decay, double t, UpdateRule rule = UpdateRule::adam) {
    value -= learning_rate * weight_decay * value;
    m = beta1 * m + (1.0 - beta1) * gradient;
    if (rule == UpdateRule::adamax) {
      v = std::max(beta2 * v, std::abs(gradient) + epsilon);
      value -= learning_rate / (1.0 - std::pow(beta1, t)) * m / v;
      return;
    }
    v = beta2 * v + (1.0 - beta2) * gradient * gradient;
    const double m_hat = m / (1.0 - std::pow(beta1, t));
    const double v_hat = v / (1.0 - std::pow(beta2, t));
    value -= learning_rate * m_hat / (std::sqrt(v_hat) + epsilon);
  }
};

struct AdamCase {
  std::int64_t size = 1;
  std::uint64_t step = 1;  ///< the step's number, with plausible m and v
  float weight_decay = 0.0f;
  float learning_rate = 1e-3f;
  UpdateRule rule = UpdateRule::adam;

  std::string name() const {
    return std::string(rule == UpdateRule::adamax ? "adamax_" : "") + "size_" + std::to_string(size) +
           "_step_" + std::to_string(step) + (weight_decay > 0.0f ? "_decay" : "");
  }
  double flops() const { return 14.0 * static_cast<double>(size); }
  double bytes() const { return 28.0 * static_cast<double>(size); }  // reads p, g, m, v; writes p, m, v

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(size) * 31 + step);
    const auto values = random.normal(size);
    const auto gradient = random.normal(size, 0.0, 0.1);
    const bool first = step == 1;
    const auto m = first ? std::vector<float>(values.size(), 0.0f) : random.normal(size, 0.0, 0.05);
    const auto v = first                        ? m
                   : rule == UpdateRule::adamax ? random.uniform(size, 0.05, 0.2)
                                                : random.uniform(size, 0.0, 0.01);
    ops::AdamSettings settings;
    settings.rule = rule;
    settings.weight_decay = weight_decay;
    StepState state;
    state.step = step;
    state.learning_rate = learning_rate;
    state.bias_correction1 = static_cast<float>(1.0 - std::pow(settings.beta1, static_cast<double>(step)));
    state.bias_correction2 = static_cast<float>(1.0 - std::pow(settings.beta2, static_cast<double>(step)));

    const auto reference = [=, *this](double AdamReference::*part) {
      return [=, *this] {
        std::vector<double> expected(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
          AdamReference p{values[i], m[i], v[i]};
          p.step(gradient[i], learning_rate, settings.beta1, settings.beta2, settings.epsilon, weight_decay,
                 static_cast<double>(step), rule);
          expected[i] = p.*part;
        }
        return expected;
      };
    };
    const auto value_view =
        run.output<float>("values", size, reference(&AdamReference::value), {1e-7, 1e-6}, values);
    const auto m_view = run.output<float>("m", size, reference(&AdamReference::m), {1e-8, 1e-6}, m);
    const auto v_view = run.output<float>("v", size, reference(&AdamReference::v), {0.0, 1e-6}, v);
    const auto gradient_view = run.input<float>("gradient", gradient);
    const auto state_view = run.input<StepState>("state", {state});
    run.operation = [=](Context& context) {
      ops::adam(context, value_view, gradient_view, m_view, v_view, settings, state_view.data);
    };
  }
};

}  // namespace elbo::test
