#include "ops/cpu_conv2d.h"

#include <algorithm>

#include "ops/activation_rows.h"
#include "ops/cpu_column_sums.h"
#include "ops/cpu_matmul.h"
#include "ops/cpu_patches.h"

namespace elbo::ops::cpu {
namespace {

/// The length of equal parts of the sums, short enough for all columns to be packed at once, so that each
/// patch is assembled once.
std::int64_t part_of(std::int64_t depth, std::int64_t cols) {
  constexpr std::int64_t kShortest = 256;
  const std::int64_t longest =
      std::clamp(detail::kPackedFloats / std::max<std::int64_t>(cols, 1), kShortest, kDepth);
  const std::int64_t parts = std::max<std::int64_t>(1, (depth + longest - 1) / longest);
  return std::max<std::int64_t>(1, (depth + parts - 1) / parts);
}

/// Whether a product's results, in order, are the rows of one matrix.
bool is_matrix(const math::PatchGemm& gemm, const MatrixView<float>& to) {
  const math::PixelGrid& grid = gemm.results;
  return to.contiguous() && grid.step == 1 && grid.rows == gemm.to.height && grid.cols == gemm.to.width;
}

void multiply_patches(Context& context, MatrixView<float> to, MatrixView<const float> from,
                      const Operand& weights, const math::PatchGemm& gemm, const PixelEpilogue& epilogue) {
  const std::int64_t rows = from.rows * gemm.results.count(), channels = gemm.to.channels;
  if (rows == 0) return;
  constexpr std::int64_t kFew = 3;  // a panel would be mostly zeros
  const bool in_place = is_matrix(gemm, to);
  const Patches patches(gemm, from);
  const Gemm of{.c = {in_place ? to.data : nullptr, rows, channels},
                .a = patches.operand(),
                .b = weights,
                .cut = Cut::rows,
                .sums = in_place ? Sums::in_result : Sums::in_scratch,
                .part = part_of(gemm.depth(), channels),
                .dots = channels <= kFew};
  matmul(context, of, [&](const Strip& strip) {
    if (in_place && epilogue.changes_nothing()) return;
    const Block& block = strip.block;
    GridCursor pixel(gemm.results, block.row);
    for (std::int64_t r = 0; r < block.rows; ++r, pixel.next()) {
      const std::int64_t offset = gemm.to.offset(pixel.y(), pixel.x()) + block.col;
      epilogue.apply(strip.row(r), pixel.picture(), offset, block.col, block.cols);
      if (!in_place) std::copy_n(strip.row(r), block.cols, to.row(pixel.picture()) + offset);
    }
  });
}

}  // namespace

void PixelEpilogue::apply(float* sums, std::int64_t picture, std::int64_t offset, std::int64_t channel,
                          std::int64_t count) const {
  if (changes_nothing()) return;
  if (kind == Kind::derivative) {
    return multiply_by_derivative(sums, derivative_of.row(picture) + offset, count, activation);
  }
  float* const kept = pre_activation.empty() ? nullptr : pre_activation.row(picture) + offset;
  apply_bias_activation(sums, bias.empty() ? nullptr : bias.data + channel, kept, count, activation);
}

void convolve(Context& context, MatrixView<float> to, MatrixView<const float> from, MatrixView<const float> w,
              const math::Conv2dShape& shape, const PixelEpilogue& epilogue) {
  multiply_patches(context, to, from, {w, true}, math::convolution_gemm(shape), epilogue);
}

void convolve_transposed(Context& context, MatrixView<float> to, MatrixView<const float> from,
                         MatrixView<const float> w, const math::Conv2dShape& shape,
                         const PixelEpilogue& epilogue) {
  for (std::int64_t y = 0; y < shape.stride; ++y) {
    for (std::int64_t x = 0; x < shape.stride; ++x) {
      const math::TransposePhase phase = math::transpose_phase(shape, y, x);
      const PhaseWeights weights(phase, shape.kernel, w);
      multiply_patches(context, to, from, weights.operand(), phase.gemm, epilogue);
    }
  }
}

void correlate(Context& context, MatrixView<float> dw, MatrixView<const float> filters,
               MatrixView<const float> pictures, const math::Conv2dShape& shape, bool accumulate) {
  // Lengths of the sums' parts in the outer loop, short enough for both operands' rows to stay in a cache.
  constexpr std::int64_t kPart = 128, kNarrow = 64;
  const math::PatchGemm gemm = math::convolution_gemm(shape);
  // The filters' rows form one matrix over all pictures if the pictures are contiguous, else one per picture.
  const std::int64_t together = filters.contiguous() ? std::max<std::int64_t>(filters.rows, 1) : 1;
  std::int64_t first = 0;
  do {
    const std::int64_t count = std::min(together, filters.rows - first);
    const Patches patches(gemm, {pictures.row(first), count, pictures.cols, pictures.stride});
    const MatrixView<const float> rows(filters.row(first), count * gemm.results.count(), shape.filters);
    matmul(context,
           {.c = dw,
            .a = {rows, true},
            .b = patches.operand(),
            .accumulate = accumulate || first > 0,
            .cut = dw.cols < kNarrow ? Cut::rows : Cut::columns,
            .order = Order::depth_first,
            .part = kPart},
           [](const Strip&) {});
    first += count;
  } while (first < filters.rows);
}

void channel_sums(Context& context, VectorView<float> sums, MatrixView<const float> pictures,
                  bool accumulate) {
  const std::int64_t channels = sums.size, pixels = pictures.cols / channels;
  const int threads = threads_for(context, static_cast<double>(pictures.rows * pictures.cols));
  context.team().run(threads, [&](int index) {
    const Span own = Span::part(channels, index, threads);
    if (own.size <= 0) return;
    if (pictures.contiguous() || pictures.rows == 0) {
      const MatrixView<const float> all(pictures.data, pictures.rows * pixels, channels);
      column_sums(sums.part(own.first, own.size), all.columns(own.first, own.size), accumulate);
      return;
    }
    for (std::int64_t i = 0; i < pictures.rows; ++i) {
      const MatrixView<const float> one(pictures.row(i), pixels, channels);
      column_sums(sums.part(own.first, own.size), one.columns(own.first, own.size), accumulate || i > 0);
    }
  });
}

}  // namespace elbo::ops::cpu
