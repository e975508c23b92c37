#pragma once
// Sums in a fixed order, independent of the device's parallelism.

#include <span>
#include <vector>

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// *sum = Σ values, in double; "+=" if `accumulate`. Partial sums are over fixed spans, added in order.
/// Throws ShapeError.
void reduce_sum(Context& context, double* sum, VectorView<const float> values, bool accumulate);

/// Number of values in one partial sum, on every device.
inline constexpr std::int64_t kReduceSpan = 4096;

/// Added to the norm by which a gradient's range is divided.
inline constexpr double kNormEpsilon = 1e-7;

/// The scratch that clip_global_norm needs for `size` gradients, in doubles.
std::int64_t clip_scratch_size(std::int64_t size);

/// Writes norm = ‖gradient‖₂ to *norm (device; may be null); then gradient *= min(1, max_norm / norm), as in
/// PyTorch's clip_grad_norm_ (which adds 1e-6 to the norm). If the norm is not finite, the gradient does not
/// change. With a max_norm of infinity the norm is measured only. `scratch`
/// [clip_scratch_size(gradient.size)] on the device. Throws ShapeError.
void clip_global_norm(Context& context, VectorView<float> gradient, float max_norm,
                      VectorView<double> scratch, float* norm);

/// Values [first, first + size) of an arena.
struct Range {
  std::int64_t first = 0, size = 0;
};

/// A span of a range, of at most kReduceSpan values.
struct RangeSpan {
  std::int64_t first = 0, size = 0;  ///< its values
  std::int64_t begin = 0, end = 0;   ///< the spans of its range
};

/// Divides ranges of an arena of `size` values into spans, range by range. Throws ShapeError if a range is
/// not within the arena.
std::vector<RangeSpan> range_spans(std::span<const Range> ranges, std::int64_t size);

/// Writes norm = ‖gradient‖₂ over all ranges to *norm (device; may be null); then each range g becomes g /
/// (‖g‖₂ + 1e-7), as in the VampPrior authors' code (Tomczak & Welling 2018). A range of zeros stays 0; a
/// value that is not finite becomes NaN. Values outside all ranges are neither read nor changed. `spans`
/// (device): range_spans() of the gradient's ranges, which do not overlap; `scratch` [spans.size] on the
/// device. Throws ShapeError.
void normalize_ranges(Context& context, VectorView<float> gradient, VectorView<const RangeSpan> spans,
                      VectorView<double> scratch, float* norm);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/reduce.cu
decltype(ops::reduce_sum) reduce_sum;
decltype(ops::clip_global_norm) clip_global_norm;
decltype(ops::normalize_ranges) normalize_ranges;
}  // namespace elbo::cuda
