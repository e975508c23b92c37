#pragma once
// Arguments of the normalisations' CPU code.

#include <algorithm>
#include <cstdint>

#include "math/activation_kind.h"
#include "runtime/view.h"

namespace elbo::ops {

/// One example's positions of C channels, and its statistics: a value for each group of `per_group` channels.
struct NormRow {
  std::int64_t positions, channels, per_group;
  const float* x;
  const float* mean;
  const float* rstd;
  const float* gamma;
};

struct NormForwardRow {
  NormRow of;
  float* y;
  float* saved;  ///< or null
  const float* beta;
  Activation activation;
};

struct NormBackwardRow {
  NormRow of;
  float* dx;
  const float* dy;
  const float* saved;  ///< null for the identity
  Activation activation;
  bool accumulate;
};

/// dγ and dβ [C] over positions [begin, end) of a batch whose examples have `positions` positions. mean and
/// rstd are as for norm_backward_params.
struct NormPart {
  float* dgamma;
  float* dbeta;
  MatrixView<const float> dy, x, mean, rstd;
  std::int64_t channels, positions, begin, end;
};

/// Calls visit(example, its first position, count) for positions [begin, end) of a batch.
template <class Visit>
void for_each_segment(std::int64_t begin, std::int64_t end, std::int64_t positions, const Visit& visit) {
  for (std::int64_t at = begin; at < end;) {
    const std::int64_t first = at % positions, count = std::min(end - at, positions - first);
    visit(at / positions, first, count);
    at += count;
  }
}

/// Number of channels whose sums are added up together.
inline constexpr std::int64_t kSumChannels = 64;

/// Calls use(first, sums) for each kSumChannels channels from `first` on, with sums_c = Σ_k term(k, c) over
/// the parts, in order and in double.
template <class Term, class Use>
void add_parts(std::int64_t channels, std::int64_t parts, const Term& term, const Use& use) {
  for (std::int64_t first = 0; first < channels; first += kSumChannels) {
    const std::int64_t count = std::min(kSumChannels, channels - first);
    double sums[kSumChannels] = {};
    for (std::int64_t k = 0; k < parts; ++k) {
      for (std::int64_t c = 0; c < count; ++c) sums[c] += term(k, first + c);
    }
    use(first, count, sums);
  }
}

}  // namespace elbo::ops
