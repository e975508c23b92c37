#pragma once
// Cases of ops::linear_adam: a layer's gradient and the step with it.

#include <string>
#include <vector>

#include "cases/adam.h"
#include "cases/linear.h"
#include "ops/linear_adam.h"

namespace elbo::test {

struct LinearAdamCase {
  LinearShape shape;
  bool bias = true;
  float weight_decay = 0.0f;
  UpdateRule rule = UpdateRule::adam;

  std::string name() const {
    return concat(shape.name(), bias ? "" : "_nobias", weight_decay > 0.0f ? "_decay" : "",
                  rule == UpdateRule::adamax ? "_adamax" : "");
  }
  double flops() const { return shape.flops(); }
  /// dy and x read; values and moments read and written.
  double bytes() const {
    return 4.0 * static_cast<double>(shape.n * (shape.in + shape.out) + 6 * shape.in * shape.out);
  }

  StepState state() const {
    StepState state;
    state.step = 10;
    state.learning_rate = 0.01f;
    state.bias_correction1 = static_cast<float>(1.0 - std::pow(0.9, 10.0));
    state.bias_correction2 = static_cast<float>(1.0 - std::pow(0.999, 10.0));
    return state;
  }
  /// The value of `part` for each of `gradient.size()` parameters after the step.
  std::vector<double> stepped(double AdamReference::*part, const std::vector<float>& values,
                              const std::vector<float>& m, const std::vector<float>& v,
                              const std::vector<double>& gradient) const {
    std::vector<double> expected;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      AdamReference p{values[i], m[i], v[i]};
      p.step(gradient[i], 0.01, 0.9, 0.999, 1e-8, weight_decay, 10.0, rule);
      expected.push_back(p.*part);
    }
    return expected;
  }

  void bind(OpRun& run) const {
    const std::int64_t weights = shape.out * shape.in;
    Random random(shape.seed() + 8);
    const auto w = shape.w(), b = shape.b();
    const auto w_m = random.normal(weights, 0.0, 0.5), b_m = random.normal(shape.out, 0.0, 0.5);
    // Keeps v away from 0, where a step depends on the gradient's last bits.
    const auto w_v = random.uniform(weights, 0.5, 2.0), b_v = random.uniform(shape.out, 0.5, 2.0);
    const LinearBackwardParamsCase gradient{shape};
    const double size = std::max(1.0, 0.2 * std::sqrt(static_cast<double>(shape.n)));
    const auto moments = Tolerance::float_sum(static_cast<double>(shape.n), size);
    const Tolerance values{1e-2 * moments.absolute + 1e-7, 1e-6};
    const auto tensor = [&](const char* name, std::int64_t rows, std::int64_t cols,
                            double AdamReference::*part, const auto& dw, const std::vector<float>& before,
                            const std::vector<float>& p, const std::vector<float>& m,
                            const std::vector<float>& v) {
      return run.dense_output<float>(
          name, rows, cols, [=, c = *this] { return c.stepped(part, p, m, v, dw()); },
          part == &AdamReference::value ? values : moments, before);
    };
    const auto dw = [gradient] { return gradient.dw_reference(); };
    const auto db = [gradient] { return gradient.db_reference(); };
    const auto dy = run.input("dy", shape.n, shape.out, shape.dy());
    const auto x = run.input("x", shape.n, shape.in, shape.x());
    ops::AdamLayer layer;
    layer.w = tensor("w", shape.out, shape.in, &AdamReference::value, dw, w, w, w_m, w_v);
    layer.w_m = tensor("w_m", shape.out, shape.in, &AdamReference::m, dw, w_m, w, w_m, w_v);
    layer.w_v = tensor("w_v", shape.out, shape.in, &AdamReference::v, dw, w_v, w, w_m, w_v);
    const auto vector = [](MatrixView<float> row) { return VectorView<float>(row.data, row.cols); };
    VectorView<float> db_memory;
    if (bias) {
      layer.b = vector(tensor("b", 1, shape.out, &AdamReference::value, db, b, b, b_m, b_v));
      layer.b_m = vector(tensor("b_m", 1, shape.out, &AdamReference::m, db, b_m, b, b_m, b_v));
      layer.b_v = vector(tensor("b_v", 1, shape.out, &AdamReference::v, db, b_v, b, b_m, b_v));
      db_memory = vector(run.scratch<float>("db", 1, shape.out));
    }
    const auto dw_memory = run.scratch<float>("dw", shape.out, shape.in);
    const auto state_view = run.input<StepState>("state", {state()});
    ops::AdamSettings settings;
    settings.weight_decay = weight_decay;
    settings.rule = rule;
    run.operation = [=](Context& context) {
      ops::linear_adam(context, layer, dw_memory, db_memory, dy, x, settings, state_view.data);
    };
  }
};

}  // namespace elbo::test
