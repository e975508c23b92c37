#pragma once
// Cases of ops::sampled_kl and ops::sample_weights.

#include <string>
#include <vector>

#include "ops/sampled_kl.h"
#include "base/check.h"
#include "support/op_case.h"

namespace elbo::test {

struct SampledKlCase {
  std::int64_t examples = 1;
  std::int64_t samples = 1;
  bool kl = true;  ///< whether to compute it

  std::string name() const { return concat("n", examples, "_k", samples, kl ? "" : "_sum"); }
  std::int64_t rows() const { return examples * samples; }
  double flops() const { return 0.0; }
  double bytes() const { return 4.0 * static_cast<double>(3 * rows() + examples); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(100 * examples + samples));
    const auto ratio = random.normal(rows(), 20.0, 3.0), excess = random.normal(rows(), -1.0, 5.0);
    const auto sums = [=] {
      std::vector<double> all;
      for (std::size_t i = 0; i < ratio.size(); ++i) all.push_back(double{ratio[i]} + double{excess[i]});
      return all;
    };
    VectorView<float> kl_view;
    if (kl) {
      kl_view = run.output<float>("kl", examples,
                                  [=, *this] {
                                    std::vector<double> means(static_cast<std::size_t>(examples));
                                    const auto all = sums();
                                    for (std::size_t i = 0; i < all.size(); ++i)
                                      means[i / static_cast<std::size_t>(samples)] +=
                                          all[i] / static_cast<double>(samples);
                                    return means;
                                  },
                                  {1e-5, 2e-6});
    }
    const auto ratio_view = run.output<float>("log_ratio", rows(), sums, {1e-6, 1e-6}, ratio);
    const auto excess_view = run.input<float>("excess", excess);
    run.operation = [=](Context& context) { ops::sampled_kl(context, kl_view, ratio_view, excess_view); };
  }
};

struct SampleWeightsCase {
  std::int64_t examples = 1;
  std::int64_t samples = 1;
  enum class Given { nothing, per_row, per_sample } given = Given::nothing;

  std::string name() const {
    return concat("n", examples, "_k", samples,
                  given == Given::per_row      ? "_per_row"
                  : given == Given::per_sample ? "_per_sample"
                                               : "");
  }
  double flops() const { return 0.0; }
  double bytes() const { return 8.0 * static_cast<double>(examples * samples); }

  void bind(OpRun& run) const {
    constexpr float kScale = 0.6f, kDivisor = 7.0f;
    Random random(static_cast<std::uint64_t>(100 * examples + samples));
    const auto rows = random.uniform(examples, 0.0, 2.0), each = random.uniform(examples * samples, 0.0, 1.0);
    const auto expected = [=, *this] {
      std::vector<double> all;
      for (std::size_t i = 0; i < each.size(); ++i) {
        const auto count = static_cast<double>(samples);
        const double of_row = given == Given::per_row ? rows[i / static_cast<std::size_t>(samples)] : 1.0f;
        const double weight = given == Given::per_sample ? double{each[i]} : of_row / count;
        all.push_back(kScale * weight / kDivisor);
      }
      return all;
    };
    const auto weights = run.output<float>("weights", examples * samples, expected, {1e-8, 1e-6});
    ops::KlWeight weight;
    weight.scale = run.input<float>("scale", std::vector<float>{kScale}).data;
    if (given == Given::per_row) weight.per_row = run.input<float>("per_row", rows);
    if (given == Given::per_sample) weight.per_sample = run.input<float>("per_sample", each);
    run.operation = [=, *this](Context& context) {
      ops::sample_weights(context, weights, weight, samples, kDivisor);
    };
  }
};

}  // namespace elbo::test
