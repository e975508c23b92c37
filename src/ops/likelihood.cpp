#include "ops/likelihood.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/likelihood.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "ops/kernels.h"
#include "ops/likelihood_shapes.h"
#include "ops/shapes.h"
#include "ops/simd.h"
#include "base/check.h"

#ifndef ELBO_OPS_LIKELIHOOD_ROW
#define ELBO_OPS_LIKELIHOOD_ROW
namespace elbo::ops {

/// One row of the op; pointers are to its first value.
struct LikelihoodRow {
  const float* parameters;
  const float* x;
  const float* mask;  // or null
  float* nll;         // or null
  float* gradient;    // or null
  float weight;
  std::int64_t size;
};

}  // namespace elbo::ops
#endif

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;
using formulas::Floats;

/// Returns −log p of the values from j on, and writes its gradient. Both are computed before anything is
/// stored, so that the compiler shares common terms.
template <bool kGradient, class Likelihood, class Access>
HWY_INLINE Floats value_lanes(Access access, const Likelihood& likelihood, const LikelihoodRow& row,
                              std::int64_t j) {
  constexpr int kParameters = Likelihood::kParameters;
  Floats parameters[kParameters], gradient[kParameters];
  for (int p = 0; p < kParameters; ++p) parameters[p] = access.load(row.parameters + p * row.size + j);
  const Floats x = access.load(row.x + j);
  Floats nll = likelihood.nll(x, parameters);
  if constexpr (kGradient) {
    likelihood.nll_gradient(x, parameters, gradient);
    for (int p = 0; p < kParameters; ++p) gradient[p] = gradient[p] * Floats(row.weight);
  }
  if (row.mask) {
    const auto absent = access.load(row.mask + j) == Floats(0.0f);
    nll = select(absent, Floats(0.0f), nll);
    for (int p = 0; kGradient && p < kParameters; ++p)
      gradient[p] = select(absent, Floats(0.0f), gradient[p]);
  }
  for (int p = 0; kGradient && p < kParameters; ++p)
    access.store(gradient[p], row.gradient + p * row.size + j);
  return access.keep(nll);
}

/// The logits of the values from `first` on.
template <class Access>
struct Logits {
  Access access;
  const float* first;
  std::int64_t size;  // number of values: the distance between classes

  HWY_INLINE Floats operator()(int c) const { return access.load(first + c * size); }
};

template <bool kGradient, class Access>
HWY_INLINE Floats value_lanes(Access access, const formulas::Categorical& likelihood,
                              const LikelihoodRow& row, std::int64_t j) {
  const Logits<Access> logit{access, row.parameters + j, row.size};
  const Floats x = access.load(row.x + j), zero(0.0f);
  const Floats present = row.mask ? access.load(row.mask + j) : Floats(1.0f);
  const auto softmax = likelihood.softmax(x, logit);
  const Floats nll = likelihood.nll(softmax), max_probability = likelihood.max_probability(softmax);
  for (int c = 0; kGradient && c < likelihood.classes; ++c) {
    const Floats slope =
        likelihood.nll_gradient(softmax, max_probability, x, c, logit(c)) * Floats(row.weight);
    access.store(select(present == zero, zero, slope), row.gradient + c * row.size + j);
  }
  return access.keep(select(present == zero, zero, nll));
}

/// Inlined completely, so that no formula is called for every few values.
template <bool kGradient, class Likelihood>
HWY_FLATTEN void sum_row(const Likelihood& likelihood, const LikelihoodRow& row) {
  Floats sum(0.0f);
  formulas::for_lanes(row.size, [&](auto access, std::int64_t j) {
    sum += value_lanes<kGradient>(access, likelihood, row, j);
  });
  if (row.nll) *row.nll = sum.sum();
}

template <class Likelihood>
void likelihood_row(const Likelihood& likelihood, const LikelihoodRow& row) {
  row.gradient ? sum_row<true>(likelihood, row) : sum_row<false>(likelihood, row);
}

template <class Likelihood, class Access>
HWY_INLINE void mean_lanes(Access access, const Likelihood& likelihood, float* mean, const float* from,
                           std::int64_t size) {
  Floats parameters[Likelihood::kParameters];
  for (int p = 0; p < Likelihood::kParameters; ++p) parameters[p] = access.load(from + p * size);
  access.store(likelihood.mean(parameters), mean);
}

template <class Access>
HWY_INLINE void mean_lanes(Access access, const formulas::Categorical& likelihood, float* mean,
                           const float* from, std::int64_t size) {
  access.store(likelihood.mode<Floats>(Logits<Access>{access, from, size}), mean);
}

template <class Likelihood>
void mean_row(const Likelihood& likelihood, float* mean, const float* from, std::int64_t size) {
  formulas::for_lanes(
      size, [&](auto access, std::int64_t j) { mean_lanes(access, likelihood, mean + j, from + j, size); });
}

void likelihood_row_of(LikelihoodKind kind, const LikelihoodConstants& constants, const LikelihoodRow& row) {
  formulas::visit_likelihood(kind, constants,
                             [&](const auto& likelihood) { likelihood_row(math::settled(likelihood), row); });
}

void mean_row_of(LikelihoodKind kind, const LikelihoodConstants& constants, float* mean, const float* from,
                 std::int64_t size) {
  formulas::visit_likelihood(kind, constants,
                             [&](const auto& likelihood) { mean_row(likelihood, mean, from, size); });
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(likelihood_row_of);
HWY_EXPORT(mean_row_of);

constexpr std::int64_t kParallelSize = 1 << 13;  // parameters

void check_parameters(LikelihoodKind kind, const LikelihoodConstants& constants,
                      const MatrixView<const float>& parameters, std::int64_t values) {
  ELBO_CHECK(constants.classes >= 2 && constants.classes <= kMaxClasses, ShapeError,
             "the categorical was given ", constants.classes, " classes");
  ELBO_CHECK(parameters.cols == likelihood_parameters(kind, constants) * values, ShapeError, "the ",
             likelihood_name(kind), " likelihood of ", values, " values was given parameters ",
             shape(parameters));
  ELBO_CHECK(constants.variance > 0.0f && constants.scale > 0.0f, ShapeError, "the gaussian's variance was ",
             constants.variance, ", the laplace's scale ", constants.scale);
}

}  // namespace

void likelihood(Context& context, LikelihoodKind kind, const LikelihoodConstants& constants,
                VectorView<float> nll, MatrixView<float> gradient, MatrixView<const float> parameters,
                MatrixView<const float> x, MatrixView<const float> mask, const RowWeight& weight) {
  const std::int64_t rows = parameters.rows;
  check_parameters(kind, constants, parameters, x.cols);
  check_row_costs("likelihood", nll, gradient, parameters, x, mask, weight);
  if (rows == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call(
        "likelihood", concat(rows, "x", parameters.cols),
        4.0 * static_cast<double>((gradient.empty() ? 1 : 2) * rows * parameters.cols + x.rows * x.cols));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::likelihood(context, kind, constants, nll, gradient, parameters, x, mask, weight);
    });
  }
  const std::int64_t samples = rows / x.rows;
  parallel_for(context.team(), rows, rows * parameters.cols >= kParallelSize, [&](std::int64_t row) {
    const std::int64_t example = row / samples;
    const float per_row = weight.per_row.empty() ? 1.0f : weight.per_row.data[row];
    HWY_DYNAMIC_DISPATCH(likelihood_row_of)
    (kind, constants,
     LikelihoodRow{parameters.row(row), x.row(example), mask.row(example),
                   nll.empty() ? nullptr : nll.data + row, gradient.row(row), weight.scale * per_row,
                   x.cols});
  });
}

void likelihood_mean(Context& context, LikelihoodKind kind, const LikelihoodConstants& constants,
                     MatrixView<float> mean, MatrixView<const float> parameters) {
  check_parameters(kind, constants, parameters, mean.cols);
  check_shape("likelihood_mean", "mean", mean, parameters.rows, mean.cols);
  if (mean.rows == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call("likelihood_mean", concat(mean.rows, "x", mean.cols),
                      4.0 * static_cast<double>(mean.rows * (mean.cols + parameters.cols)));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::likelihood_mean(context, kind, constants, mean, parameters); });
  }
  parallel_for(context.team(), mean.rows, mean.rows * parameters.cols >= kParallelSize,
               [&](std::int64_t row) {
                 HWY_DYNAMIC_DISPATCH(mean_row_of)
                 (kind, constants, mean.row(row), parameters.row(row), mean.cols);
               });
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
