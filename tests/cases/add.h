#pragma once
// Cases of ops::add.

#include <string>
#include <vector>

#include "cases/norm.h"
#include "ops/add.h"

namespace elbo::test {

struct AddCase {
  std::int64_t rows = 1, cols = 1;
  Activation activation = Activation::identity;
  bool accumulate = true;

  std::string name() const {
    return concat("n", rows, "_d", cols, "_", activation_name(activation), accumulate ? "_added" : "");
  }
  double flops() const { return 0.0; }
  double bytes() const {
    const int matrices = 2 + accumulate + (activation != Activation::identity);
    return 4.0 * matrices * static_cast<double>(rows * cols);
  }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(1000 * rows + cols));
    const auto values = random.normal(rows * cols), before = random.normal(rows * cols);
    const auto initial = accumulate ? random.normal(rows * cols) : std::vector<float>{};
    const auto x = run.input("x", rows, cols, values);
    MatrixView<const float> saved;
    if (activation != Activation::identity) {
      saved = run.input("saved", rows, cols, saved_of(activation, before));
    }
    const auto reference = [=, act = activation] {
      return finished_gradient(widen(values), act, before, initial);
    };
    const auto y = run.output<float>("y", rows, cols, reference, {2e-6, 2e-6}, initial);
    run.operation = [=, act = activation, add = accumulate](Context& context) {
      ops::add(context, y, x, saved, act, add);
    };
  }
};

}  // namespace elbo::test
