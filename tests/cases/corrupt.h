#pragma once
// Cases of ops::corrupt.

#include <string>
#include <vector>

#include "cases/reparameterize.h"
#include "ops/corrupt.h"
#include "support/op_case.h"

namespace elbo::test {

struct CorruptCase {
  std::int64_t rows = 1;
  std::int64_t cols = 1;
  ops::Corruption kind = ops::Corruption::gaussian;
  bool masked = false;
  bool addressed = false;  ///< example numbers and a time from the device

  std::string name() const {
    return concat("n", rows, "_d", cols, kind == ops::Corruption::gaussian ? "_gaussian" : "_masking",
                  masked ? "_masked" : "", addressed ? "_addressed" : "");
  }
  double flops() const { return 0.0; }
  double bytes() const { return (masked ? 12.0 : 8.0) * static_cast<double>(rows * cols); }

  void bind(OpRun& run) const {
    constexpr float kAmount = 0.3f;
    Random random(static_cast<std::uint64_t>(1000 * rows + cols));
    const auto x = random.uniform(rows * cols, 0.1, 1.0);
    std::vector<float> mask(masked ? static_cast<std::size_t>(rows * cols) : 0);
    for (float& present : mask) present = random.below(3) == 0 ? 0.0f : 1.0f;
    NoiseSource noise{.seed = 77, .purpose = NoisePurpose::corrupt};
    std::vector<std::int64_t> examples;
    std::uint64_t time = 0;
    if (addressed) {
      examples = random.indices(rows, std::int64_t{1} << 36);
      noise.examples = run.input<std::int64_t>("examples", examples).data;
      time = 12345;
      noise.time = run.input<std::uint64_t>("time", {time}).data;
    }
    const auto expected = [=, *this] {
      std::vector<double> result(x.begin(), x.end());
      for (std::size_t at = 0; at < result.size(); ++at) {
        if (masked && mask[at] == 0.0f) continue;
        const auto i = static_cast<std::int64_t>(at) / cols, j = static_cast<std::int64_t>(at) % cols;
        const std::int64_t example = addressed ? examples[static_cast<std::size_t>(i)] : i;
        if (kind == ops::Corruption::gaussian) {
          result[at] += double{kAmount} * reference_normal(77, NoisePurpose::corrupt, example, time, j);
        } else if (reference_uniform(77, NoisePurpose::corrupt, example, time, j) < double{kAmount}) {
          result[at] = 0.0;
        }
      }
      return result;
    };
    const auto corrupted = run.output<float>("corrupted", rows, cols, expected, {3e-6, 1e-6});
    const auto x_view = run.input<float>("x", rows, cols, x);
    const auto mask_view = masked ? run.input<float>("mask", rows, cols, mask) : MatrixView<const float>();
    run.operation = [=, *this](Context& context) {
      ops::corrupt(context, corrupted, x_view, mask_view, kind, kAmount, noise);
    };
  }
};

}  // namespace elbo::test
