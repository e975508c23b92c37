#include "ops/gather_batch.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/gather_batch.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "ops/kernels.h"
#include "ops/noise_chunk.h"
#include "ops/noise_row.h"
#include "ops/shapes.h"
#include "ops/simd.h"
#include "base/check.h"

#ifndef ELBO_OPS_GATHER_BATCH_ROW
#define ELBO_OPS_GATHER_BATCH_ROW
namespace elbo::ops {

/// One row's transfer from the dataset to the batch; pointers are to the row's first value.
struct GatherRow {
  const std::uint8_t* bytes;  // or null
  const float* values;        // or null; may be x itself
  float* x;
  float* mask;  // or null
  std::int64_t cols;
  NoiseRow noise;  // for dynamic
};

}  // namespace elbo::ops
#endif

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_ATTR hn::Vec<D> load_source(D d, const std::uint8_t* from) {
  const hn::Rebind<std::uint8_t, D> bytes;
  const hn::Rebind<std::int32_t, D> integers;
  return hn::ConvertTo(d, hn::PromoteTo(integers, hn::LoadU(bytes, from)));
}

template <class D>
HWY_ATTR hn::Vec<D> load_source(D d, const float* from) {
  return hn::LoadU(d, from);
}

/// Writes values [j, j + Lanes(d)) of the row. `uniforms` are the noise of these values, for dynamic.
template <Binarize kBinarize, class D, class T>
HWY_ATTR void gather_lanes(D d, const GatherRow& row, const T* from, const Preprocess& p,
                           const float* uniforms, std::int64_t j) {
  using V = hn::Vec<D>;
  const V raw = load_source(d, from + j);
  V value = hn::MulAdd(raw, hn::Set(d, p.scale), hn::Set(d, p.offset));
  const V one = hn::Set(d, 1.0f);
  if constexpr (kBinarize == Binarize::threshold) {
    value = hn::IfThenElseZero(hn::Gt(value, hn::Set(d, p.threshold)), one);
  } else if constexpr (kBinarize == Binarize::dynamic) {
    value = hn::IfThenElseZero(hn::Lt(hn::LoadU(d, uniforms), value), one);
  }
  if (!p.mean.empty()) value = hn::Sub(value, hn::LoadU(d, p.mean.data + j));
  if (!p.inverse_deviation.empty()) value = hn::Mul(value, hn::LoadU(d, p.inverse_deviation.data + j));
  const auto missing = hn::IsNaN(raw);
  hn::StoreU(hn::IfThenZeroElse(missing, value), d, row.x + j);
  if (row.mask) hn::StoreU(hn::IfThenZeroElse(missing, one), d, row.mask + j);
}

template <Binarize kBinarize, class T>
HWY_ATTR void gather_values(const GatherRow& row, const T* from, const Preprocess& p) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;  // the last few values: the same operations, so the same bits
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  constexpr std::int64_t kChunk = NoiseChunk::kSize;
  NoiseChunk noise;
  for (std::int64_t first = 0; first < row.cols; first += kChunk) {
    const std::int64_t end = std::min(row.cols, first + kChunk);
    const float* uniforms = nullptr;
    if constexpr (kBinarize == Binarize::dynamic) {
      uniforms = noise.fill(row.noise, first, end - first, Uniforms());
    }
    const auto at = [&](std::int64_t j) { return uniforms ? uniforms + (j - first) : nullptr; };
    std::int64_t j = first;
    for (; j + lanes <= end; j += lanes) gather_lanes<kBinarize>(d, row, from, p, at(j), j);
    for (; j < end; ++j) gather_lanes<kBinarize>(one, row, from, p, at(j), j);
  }
}

template <class T>
HWY_ATTR void gather_from(const GatherRow& row, const T* from, const Preprocess& p) {
  switch (p.binarize) {
    case Binarize::none:
      return gather_values<Binarize::none>(row, from, p);
    case Binarize::threshold:
      return gather_values<Binarize::threshold>(row, from, p);
    case Binarize::dynamic:
      return gather_values<Binarize::dynamic>(row, from, p);
  }
}

HWY_ATTR void gather_row(const GatherRow& row, const Preprocess& p) {
  row.bytes ? gather_from(row, row.bytes, p) : gather_from(row, row.values, p);
}

}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(gather_row);

/// Writes the row with its zeros.
void fill_in(const SparseMatrix& sparse, std::int64_t row, float* x) {
  std::fill_n(x, sparse.cols, 0.0f);
  for (std::int64_t at = sparse.starts.data[row]; at < sparse.starts.data[row + 1]; ++at)
    x[sparse.columns.data[at]] = sparse.values.data[at];
}

std::int64_t width_of(const GatherSource& source) {
  if (!source.sparse.empty()) return source.sparse.cols;
  return source.bytes.empty() ? source.values.cols : source.bytes.cols;
}

/// Bytes that a value of the batch takes, read and written.
double bytes_per_value(const GatherSource& source) {
  if (source.sparse.empty()) return source.bytes.empty() ? 8.0 : 5.0;
  const auto places = static_cast<double>(source.examples() * source.sparse.cols);
  return 4.0 + 8.0 * static_cast<double>(source.sparse.values.size) / std::max(places, 1.0);
}

constexpr std::int64_t kParallelValues = 1 << 14;

void check_shapes(const GatherTarget& target, const GatherSource& source, const Preprocess& preprocess) {
  ELBO_CHECK(!source.bytes.empty() + !source.values.empty() + !source.sparse.empty() == 1, ShapeError,
             "gather_batch needs exactly one of the sources bytes, values and sparse");
  const SparseMatrix& sparse = source.sparse;
  ELBO_CHECK(sparse.empty() || (sparse.starts.size > 0 && sparse.columns.size == sparse.values.size),
             ShapeError, "gather_batch's sparse source has ", sparse.starts.size, " starts, ",
             sparse.columns.size, " columns and ", sparse.values.size, " values");
  const std::int64_t examples = source.examples();
  const std::int64_t d = width_of(source);
  const std::int64_t n = target.x.rows;
  ELBO_CHECK(!target.x.empty() && target.x.cols == d, ShapeError, "gather_batch's x has ", target.x.cols,
             " columns and its source ", d);
  const std::int64_t order = source.permutation.empty() ? examples : source.permutation.size;
  ELBO_CHECK(n <= order, ShapeError, "gather_batch was asked for ", n, " rows of ", order);
  check_optional_shape("gather_batch", "mask", target.mask, n, d);
  check_optional_size("gather_batch", "examples", target.examples, n);
  check_optional_size("gather_batch", "mean", preprocess.mean, d);
  check_optional_size("gather_batch", "inverse_deviation", preprocess.inverse_deviation, d);
  ELBO_CHECK(preprocess.binarize != Binarize::dynamic || d <= math::kNoiseDimensions, ShapeError,
             "gather_batch can resample ", math::kNoiseDimensions, " columns at most and was given ", d);
}

}  // namespace

void gather_batch(Context& context, const GatherTarget& target, const GatherSource& source,
                  const Preprocess& preprocess, const StepState* state) {
  check_shapes(target, source, preprocess);
  const TracedOp traced(context, [&] {
    return plain_call("gather_batch", concat(target.x.rows, "x", target.x.cols),
                      static_cast<double>(target.x.rows * target.x.cols) * bytes_per_value(source));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::gather_batch(context, target, source, preprocess, state); });
  }
  const std::int64_t n = target.x.rows;
  const std::int64_t d = target.x.cols;
  const std::int64_t examples = source.examples();
  const std::int64_t order = source.permutation.empty() ? examples : source.permutation.size;
  const std::int64_t cursor = state ? state->cursor : 0;
  ELBO_CHECK(cursor >= 0 && cursor <= order - n, ShapeError, "gather_batch's rows [", cursor, ", ",
             cursor + n, ") are outside the ", order, " that there are");
  const auto example_of = [&](std::int64_t i) {
    return source.permutation.empty() ? cursor + i : source.permutation.data[cursor + i];
  };
  for (std::int64_t i = 0; i < n; ++i) {
    ELBO_CHECK(example_of(i) >= 0 && example_of(i) < examples, ShapeError, "gather_batch's permutation has ",
               example_of(i), " at ", cursor + i, " and the source ", examples, " rows");
  }
  const std::uint64_t time = preprocess.noise.time ? *preprocess.noise.time : 0;

  parallel_for(context.team(), n, n * d >= kParallelValues, [&](std::int64_t i) {
    const std::int64_t example = example_of(i);
    if (!target.examples.empty()) target.examples.data[i] = example;
    const bool sparse = !source.sparse.empty();
    if (sparse) fill_in(source.sparse, example, target.x.row(i));
    const GatherRow row = {
        source.bytes.row(example),
        sparse ? target.x.row(i) : source.values.row(example),
        target.x.row(i),
        target.mask.row(i),
        d,
        {preprocess.noise.seed, math::noise_subsequence(NoisePurpose::binarize, example), time}};
    HWY_DYNAMIC_DISPATCH(gather_row)(row, preprocess);
  });
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
