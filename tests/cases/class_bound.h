#pragma once
// Cases of ops::class_bound.

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "ops/class_bound.h"
#include "support/op_case.h"

namespace elbo::test {

/// The op in float64, for one example after another.
struct ClassBoundReference {
  std::int64_t classes = 1, parts = 1;
  double kl_weight = 1.0, classifier = 0.0, gradient_scale = 1.0;

  struct Results {
    std::vector<double> weights, nll, kl, cost, dlogits;
  };
  /// Inputs have the op's shapes, without padding.
  Results operator()(std::span<const double> nll, std::span<const double> kl, std::span<const double> logits,
                     const std::vector<float>& label) const {
    Results all;
    for (std::size_t i = 0; i < label.size(); ++i) {
      const auto count = static_cast<std::size_t>(classes), row = i * count;
      const auto part_count = static_cast<std::size_t>(parts);
      add_example(all, nll.subspan(row * part_count, count * part_count), kl.subspan(row, count),
                  logits.subspan(row, count), static_cast<int>(label[i]));
    }
    return all;
  }

 private:
  void add_example(Results& all, std::span<const double> nll, std::span<const double> kl,
                   std::span<const double> logits, int label) const {
    const std::vector<double> log_q = log_softmax(logits);
    double nll_sum = 0.0, kl_sum = 0.0;
    std::vector<double> weights, costs;
    for (std::size_t y = 0; y < kl.size(); ++y) {
      const bool is_label = static_cast<int>(y) == label;
      const double w = label < 0 ? std::exp(log_q[y]) : is_label ? 1.0 : 0.0;
      double nll_y = 0.0;
      for (std::size_t p = 0; p < nll.size() / kl.size(); ++p) nll_y += nll[y * nll.size() / kl.size() + p];
      const double kl_y = kl[y] + (label < 0 ? log_q[y] : 0.0) + std::log(static_cast<double>(kl.size()));
      weights.push_back(w);
      costs.push_back(nll_y + kl_weight * kl_y);
      nll_sum += w * nll_y;
      kl_sum += w * kl_y;
    }
    const double bound = nll_sum + kl_weight * kl_sum;
    for (std::size_t y = 0; y < kl.size(); ++y) {
      const double gradient =
          label < 0 ? weights[y] * (costs[y] - bound) : classifier * (std::exp(log_q[y]) - weights[y]);
      all.dlogits.push_back(gradient_scale * gradient);
    }
    all.weights.insert(all.weights.end(), weights.begin(), weights.end());
    all.nll.push_back(nll_sum);
    all.kl.push_back(kl_sum);
    all.cost.push_back(label < 0 ? bound : bound - classifier * log_q[static_cast<std::size_t>(label)]);
  }

  static std::vector<double> log_softmax(std::span<const double> logits) {
    const double largest = *std::max_element(logits.begin(), logits.end());
    double sum = 0.0;
    for (const double logit : logits) sum += std::exp(logit - largest);
    std::vector<double> result;
    for (const double logit : logits) result.push_back(logit - largest - std::log(sum));
    return result;
  }
};

struct ClassBoundCase {
  std::int64_t examples = 1, classes = 1;
  std::int64_t parts = 1;  ///< partial sums of each nll
  double labelled = 0.5;   ///< share of the examples
  double spread = 2.0;     ///< deviation of the logits
  bool scaled = false;     ///< β given
  float classifier = 5.0f;
  float gradient_scale = 1.0f;

  std::string name() const {
    return concat("n", examples, "_c", classes, "_p", parts,
                  labelled == 0.0   ? "_unlabelled"
                  : labelled == 1.0 ? "_labelled"
                                    : "",
                  spread > 10.0 ? "_wide" : "", scaled ? "_scaled" : "");
  }
  double flops() const { return 0.0; }
  double bytes() const { return 4.0 * static_cast<double>(examples * classes * (parts + 4) + 4 * examples); }

  /// −1 or a class for each example; both kinds where there are several examples and a share of them.
  std::vector<float> labels() const {
    std::vector<float> result;
    for (std::int64_t i = 0; i < examples; ++i) {
      const bool known = static_cast<double>(i % 4) < 4.0 * labelled;
      result.push_back(known ? static_cast<float>(7 * i % classes) : -1.0f);
    }
    return result;
  }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(1000 * examples + classes));
    const std::int64_t rows = examples * classes;
    const auto nll = random.normal(rows * parts, 90.0 / static_cast<double>(parts), 3.0);
    const auto kl = random.normal(rows, 20.0, 3.0), logits = random.normal(rows, 1.0, spread);
    const auto label = labels();
    constexpr float kScale = 0.6f;
    const ClassBoundReference reference{classes, parts, scaled ? double{kScale} : 1.0, double{classifier},
                                        double{gradient_scale}};
    using Member = std::vector<double> ClassBoundReference::Results::*;
    const auto expect = [=](Member member) {
      return [=] {
        const auto wide = [](const std::vector<float>& v) { return std::vector<double>(v.begin(), v.end()); };
        return reference(wide(nll), wide(kl), wide(logits), label).*member;
      };
    };
    using Results = ClassBoundReference::Results;
    // A logit of some hundred has an error of 1e-5, which is its probability's relative error. Costs are
    // about 110, and so are the terms of the gradients' differences.
    const Tolerance sums = {1e-5, 3e-6};
    ops::ClassBound result;
    result.weights = run.output<float>("weights", rows, expect(&Results::weights), {1e-9, 3e-5});
    result.nll = run.output<float>("nll", examples, expect(&Results::nll), sums);
    result.kl = run.output<float>("kl", examples, expect(&Results::kl), sums);
    result.cost = run.output<float>("cost", examples, expect(&Results::cost), sums);
    result.dlogits = run.output<float>("dlogits", examples, classes, expect(&Results::dlogits),
                                       {1e-4 * double{gradient_scale}, 3e-5});
    ops::ClassCosts costs;
    costs.nll = run.dense_input<float>("nll of each class", rows, parts, nll);
    costs.kl = run.input<float>("kl of each class", kl);
    costs.logits = run.input<float>("logits", examples, classes, logits);
    costs.label = run.input<float>("label", label);
    const ops::ClassWeighting weighting = {
        scaled ? run.input<float>("kl_weight", std::vector<float>{kScale}).data : nullptr, classifier,
        gradient_scale};
    run.operation = [=](Context& context) { ops::class_bound(context, result, costs, weighting); };
  }
};

}  // namespace elbo::test
