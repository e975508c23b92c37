#pragma once
// One example of ops::class_bound, for host and device. The classes may be shared among lanes, which add up
// their parts between these functions: see ClassLanes.

#include <cmath>
#include <cstdint>

#include "math/elementary.h"
#include "math/host_device.h"
#include "math/importance.h"

namespace elbo::math {

inline constexpr std::int64_t kUnknownClass = -1;
inline constexpr std::int64_t kNoClass = -2;  ///< what the label says is no class

ELBO_HD inline std::int64_t class_of_label(float label, std::int64_t classes) {
  if (label == -1.0f) return kUnknownClass;
  const bool valid = label >= 0.0f && label < static_cast<float>(classes) && label == floor(label);
  return valid ? static_cast<std::int64_t>(label) : kNoClass;
}

/// An example's inputs and results; pointers are to its first class.
struct ClassRow {
  const float* nll;  ///< [classes, parts]
  std::int64_t parts;
  const float* kl;
  const float* logits;
  std::int64_t classes;
  std::int64_t label;  ///< a class, kUnknownClass or kNoClass
  float* weights;
  float* dlogits;  ///< may be null
};

struct ClassScales {
  float kl_weight, classifier, gradient_scale;
};

/// The classes of one lane: first, first + step, …
struct ClassLanes {
  std::int64_t first, step;
};

/// q(y|x), from the largest logit and Σ exp(logit − largest), which is NaN where a logit is.
struct ClassSoftmax {
  float largest, sum, log_sum;

  ELBO_HD ClassSoftmax(float largest, float sum) : largest(largest), sum(sum), log_sum(math::log(sum)) {}
  ELBO_HD float probability(float logit) const { return importance_weight(exp(logit - largest), sum); }
  ELBO_HD float log_probability(float logit) const { return logit - largest - log_sum; }
};

/// Passes over NaN.
ELBO_HD_INLINE float largest_logit(const ClassRow& row, ClassLanes lanes) {
  float largest = -INFINITY;
  for (std::int64_t y = lanes.first; y < row.classes; y += lanes.step) {
    largest = row.logits[y] > largest ? row.logits[y] : largest;
  }
  return largest;
}

ELBO_HD_INLINE float sum_of_exp(const ClassRow& row, float largest, ClassLanes lanes) {
  float sum = 0.0f;
  for (std::int64_t y = lanes.first; y < row.classes; y += lanes.step) sum += exp(row.logits[y] - largest);
  return sum;
}

/// An example's weighted sums over its classes.
struct ClassSums {
  float nll = 0.0f, kl = 0.0f;
};

/// Writes the weights and, of an example of unknown class, each class's cost into dlogits.
ELBO_HD_INLINE ClassSums weigh_classes(const ClassRow& row, const ClassSoftmax& softmax, float kl_weight,
                                       ClassLanes lanes) {
  const bool unknown = row.label == kUnknownClass;
  const float log_classes = math::log(static_cast<float>(row.classes));
  ClassSums sums;
  for (std::int64_t y = lanes.first; y < row.classes; y += lanes.step) {
    const float weight = unknown ? softmax.probability(row.logits[y]) : y == row.label ? 1.0f : 0.0f;
    row.weights[y] = weight;
    if (weight == 0.0f) continue;  // the costs may be infinite
    float nll = 0.0f;
    for (std::int64_t part = 0; part < row.parts; ++part) nll += row.nll[y * row.parts + part];
    const float log_weight = unknown ? softmax.log_probability(row.logits[y]) : 0.0f;
    const float kl = row.kl[y] + (log_weight + log_classes);
    sums.nll += weight * nll;
    sums.kl += weight * kl;
    if (unknown && row.dlogits) row.dlogits[y] = nll + kl_weight * kl;
  }
  return sums;
}

/// An example's results; all are NaN if one is.
struct ClassResults {
  float nll, kl, cost;
};

ELBO_HD_INLINE ClassResults class_results(const ClassRow& row, const ClassSoftmax& softmax,
                                          const ClassSums& sums, const ClassScales& scales) {
  float cost = sums.nll + scales.kl_weight * sums.kl;
  if (row.label >= 0 && scales.classifier != 0.0f) {  // log q may be −∞
    cost -= scales.classifier * softmax.log_probability(row.logits[row.label]);
  }
  if (row.label == kNoClass || softmax.sum != softmax.sum) cost = NAN;
  if (cost != cost) return {cost, cost, cost};
  return {sums.nll, sums.kl, cost};
}

/// ∂cost/∂logit of class y, whose cost weigh_classes() left in dlogits.
ELBO_HD_INLINE float class_gradient(const ClassRow& row, const ClassSoftmax& softmax, float cost,
                                    float classifier, std::int64_t y) {
  const float weight = row.weights[y];
  if (row.label != kUnknownClass) return classifier * (softmax.probability(row.logits[y]) - weight);
  return weight == 0.0f ? 0.0f : weight * (row.dlogits[y] - cost);
}

/// Writes the gradients; a cost that is NaN, into the weights too.
ELBO_HD_INLINE void finish_classes(const ClassRow& row, const ClassSoftmax& softmax, float cost,
                                   const ClassScales& scales, ClassLanes lanes) {
  const bool failed = cost != cost;
  for (std::int64_t y = lanes.first; y < row.classes; y += lanes.step) {
    if (row.dlogits) {
      const float gradient = failed ? cost : class_gradient(row, softmax, cost, scales.classifier, y);
      row.dlogits[y] = scales.gradient_scale * gradient;
    }
    if (failed) row.weights[y] = cost;
  }
}

}  // namespace elbo::math
