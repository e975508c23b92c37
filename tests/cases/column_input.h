#pragma once
// Cases of ops::column_input.

#include <cmath>
#include <string>
#include <vector>

#include "ops/column_input.h"
#include "base/check.h"
#include "support/op_case.h"

namespace elbo::test {

/// Columns in turns: a number, a count, a column of `classes` classes.
struct ColumnInputCase {
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  std::int32_t classes = 2;
  bool masked = false;

  std::vector<std::int32_t> table() const {
    std::vector<std::int32_t> entries;
    for (std::int32_t j = 0; j < columns; ++j) {
      if (j % 3 == 0) entries.insert(entries.end(), {j, math::kAsItIs});
      if (j % 3 == 1) entries.insert(entries.end(), {j, math::kLogOfOnePlus});
      for (std::int32_t c = 0; j % 3 == 2 && c < classes; ++c) entries.insert(entries.end(), {j, c});
    }
    return entries;
  }
  std::int64_t width() const { return std::ssize(table()) / 2; }
  std::string name() const {
    return concat("n", rows, "_d", columns, "_c", classes, masked ? "_masked" : "");
  }
  double flops() const { return 0.0; }
  double bytes() const { return 4.0 * static_cast<double>(rows * (columns * (masked ? 2 : 1) + width())); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(100 * rows + columns + classes));
    std::vector<float> x = random.normal(rows * columns), mask(masked ? x.size() : 0);
    for (std::size_t at = 0; at < x.size(); ++at) {
      const auto j = static_cast<std::int64_t>(at) % columns;
      if (j % 3 == 1) x[at] = std::floor(std::exp(2.0f * x[at]));
      if (j % 3 == 2) x[at] = static_cast<float>(random.below(static_cast<std::uint64_t>(classes) + 1));
    }
    for (float& present : mask) present = random.below(3) == 0 ? 0.0f : 1.0f;
    const auto entries = table();
    const auto expected = [=, *this] {
      std::vector<double> input;
      for (std::int64_t i = 0; i < rows; ++i) {
        for (std::size_t e = 0; e < entries.size(); e += 2) {
          const auto at = static_cast<std::size_t>(i * columns + entries[e]);
          const double value = static_cast<double>(x[at]);
          const bool present = !masked || mask[at] != 0.0f;
          double form = value;
          if (entries[e + 1] == math::kLogOfOnePlus) form = std::log1p(value);
          if (entries[e + 1] >= 0) form = value == entries[e + 1] ? 1.0 : 0.0;
          input.push_back(present ? form : 0.0);
        }
      }
      return input;
    };
    const auto input = run.output<float>("input", rows, width(), expected, {0.0, 5e-7});
    const auto x_view = run.input<float>("x", rows, columns, x);
    const auto mask_view = masked ? run.input<float>("mask", rows, columns, mask) : MatrixView<const float>();
    const auto table_view = run.input<std::int32_t>("table", entries);
    run.operation = [=](Context& context) {
      ops::column_input(context, input, x_view, mask_view, table_view);
    };
  }
};

}  // namespace elbo::test
