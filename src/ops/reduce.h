#pragma once
// Sums in a fixed order, whatever the device's parallelism.

#include <span>
#include <vector>

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// *sum = Σ values, in double; "+=" when `accumulate`. Partial sums are over fixed spans, added in order.
/// Throws ShapeError.
void reduce_sum(Context& context, double* sum, VectorView<const float> values, bool accumulate);

/// What one partial sum covers, on every device.
inline constexpr std::int64_t kReduceSpan = 4096;

/// Added to the norm that a range of a gradient is divided by.
inline constexpr double kNormEpsilon = 1e-7;

/// Scratch that clip_global_norm needs for `size` gradients, in doubles.
std::int64_t clip_scratch_size(std::int64_t size);

/// norm = ‖gradient‖₂ is written to *norm (device; may be null); then gradient *= min(1, max_norm / norm), as
/// PyTorch's clip_grad_norm_ (with its 1e-6 added to the norm). A norm that is not finite leaves the gradient
/// as it is, and so does a max_norm of infinity: then it is measured alone. `scratch`
/// [clip_scratch_size(gradient.size)] on the device. Throws ShapeError.
void clip_global_norm(Context& context, VectorView<float> gradient, float max_norm,
                      VectorView<double> scratch, float* norm);

/// Values [first, first + size) of an arena.
struct Range {
  std::int64_t first = 0, size = 0;
};

/// One of the spans, of kReduceSpan values or fewer, that ranges are cut into.
struct RangeSpan {
  std::int64_t first = 0, size = 0;  ///< its values
  std::int64_t begin = 0, end = 0;   ///< the spans of its range
};

/// Cuts ranges of an arena of `size` values into spans, range by range. Throws ShapeError if one lies
/// beyond the arena.
std::vector<RangeSpan> range_spans(std::span<const Range> ranges, std::int64_t size);

/// norm = ‖gradient‖₂ over all ranges is written to *norm (device; may be null); then each range g becomes
/// g / (‖g‖₂ + 1e-7), as the authors of the VampPrior (Tomczak & Welling 2018) normalise gradients. One that
/// is 0 stays so; a value that is not finite becomes NaN. What lies in no range is neither read nor changed.
/// `spans` (device): range_spans() of the gradient's ranges, which do not overlap; `scratch` [spans.size] on
/// the device. Throws ShapeError.
void normalize_ranges(Context& context, VectorView<float> gradient, VectorView<const RangeSpan> spans,
                      VectorView<double> scratch, float* norm);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/reduce.cu
decltype(ops::reduce_sum) reduce_sum;
decltype(ops::clip_global_norm) clip_global_norm;
decltype(ops::normalize_ranges) normalize_ranges;
}  // namespace elbo::cuda
