#pragma once
// The operands and epilogues of convolutions' products: math/conv2d_geometry.h on a GPU. Patches are
// assembled while they are copied to shared memory.

#include "activation.cuh"
#include "gathered_operand.cuh"
#include "math/conv2d_geometry.h"
#include "math/divider.h"
#include "gemm.cuh"

namespace elbo::cuda {

/// The pixels of a grid, picture after picture.
struct GridPlaces {
  math::Divider pixels, cols;
  int step = 1, y = 0, x = 0;

  GridPlaces() = default;
  explicit GridPlaces(const math::PixelGrid& grid)
      : pixels(grid.count()),
        cols(grid.cols),
        step(static_cast<int>(grid.step)),
        y(static_cast<int>(grid.y)),
        x(static_cast<int>(grid.x)) {}

  struct Place {
    std::uint32_t picture;
    int y, x;
  };
  __device__ Place at(std::uint32_t index) const {
    Place place;
    place.picture = pixels.split(index);
    const std::uint32_t row = cols.split(index);
    place.y = y + static_cast<int>(row) * step;
    place.x = x + static_cast<int>(index) * step;
    return place;
  }
};

/// One patch per row, with its pixels' channels in columns: (row of the patch, pixel, channel).
struct PatchSource {
  const float* data = nullptr;
  bool quads = false;
  int stride = 0;  ///< distance between pictures
  int height = 0, width = 0, channels = 0;
  GridPlaces corners;
  math::Divider line, pixel;  ///< divide by the values of a patch's row, and of a pixel

  PatchSource() = default;
  PatchSource(const math::PatchGemm& gemm, const MatrixView<const float>& pictures)
      : data(pictures.data),
        quads(gemm.from.channels % 4 == 0 && rows_aligned16(pictures.data, pictures.stride)),
        stride(static_cast<int>(pictures.stride)),
        height(static_cast<int>(gemm.from.height)),
        width(static_cast<int>(gemm.from.width)),
        channels(static_cast<int>(gemm.from.channels)),
        corners(gemm.corners),
        line(gemm.taps_across > 0 ? gemm.taps_across * gemm.from.channels : 1),
        pixel(gemm.from.channels) {}

  struct Row {
    int offset, y, x;
  };
  struct Col {
    int offset, y, x;
  };
  __device__ Row row(std::uint32_t i) const {
    const GridPlaces::Place corner = corners.at(i);
    const int picture = static_cast<int>(corner.picture);
    return {picture * stride + (corner.y * width + corner.x) * channels, corner.y, corner.x};
  }
  __device__ Col col(std::uint32_t j) const {
    const int y = static_cast<int>(line.split(j));
    return {y * width * channels + static_cast<int>(j), y, static_cast<int>(pixel.divide(j))};
  }
  __device__ bool exists(const Row& row, const Col& col) const {
    return static_cast<unsigned>(row.y + col.y) < static_cast<unsigned>(height) &&
           static_cast<unsigned>(row.x + col.x) < static_cast<unsigned>(width);
  }
};

/// A row or column whose values all exist.
struct PlainPlace {
  int offset;
};

/// One pixel of strided pictures per row, with its channels in columns.
struct PixelSource {
  const float* data = nullptr;
  bool quads = false;
  int stride = 0, channels = 0;
  math::Divider pixels;  ///< divides by a picture's pixels

  PixelSource() = default;
  PixelSource(const MatrixView<const float>& pictures, std::int64_t channels)
      : data(pictures.data),
        quads(channels % 4 == 0 && rows_aligned16(pictures.data, pictures.stride)),
        stride(static_cast<int>(pictures.stride)),
        channels(static_cast<int>(channels)),
        pixels(pictures.cols / channels) {}

  __device__ PlainPlace row(std::uint32_t i) const {
    const std::uint32_t picture = pixels.split(i);
    return {static_cast<int>(picture) * stride + static_cast<int>(i) * channels};
  }
  __device__ PlainPlace col(std::uint32_t j) const { return {static_cast<int>(j)}; }
  __device__ bool exists(const PlainPlace&, const PlainPlace&) const { return true; }
};

/// The weights that a transpose's patches are multiplied by: a row per (pixel of the patch, filter), channels
/// in columns.
struct PhaseWeightSource {
  const float* data = nullptr;
  bool quads = false;
  int patch = 0, channels = 0, kernel = 0, kernel_y = 0, kernel_x = 0, step = 0;
  math::Divider filters, taps_across;

  PhaseWeightSource() = default;
  PhaseWeightSource(const math::TransposePhase& phase, std::int64_t kernel, const MatrixView<const float>& w)
      : data(w.data),
        quads(phase.gemm.to.channels % 4 == 0 && aligned16(w.data)),
        patch(static_cast<int>(w.cols)),
        channels(static_cast<int>(phase.gemm.to.channels)),
        kernel(static_cast<int>(kernel)),
        kernel_y(static_cast<int>(phase.kernel_y)),
        kernel_x(static_cast<int>(phase.kernel_x)),
        step(static_cast<int>(phase.step)),
        filters(phase.gemm.from.channels),
        taps_across(phase.gemm.taps_across > 0 ? phase.gemm.taps_across : 1) {}

  __device__ PlainPlace row(std::uint32_t i) const {
    std::uint32_t tap = filters.split(i);
    const int down = static_cast<int>(taps_across.split(tap)), across = static_cast<int>(tap);
    const int weight = (kernel_y - down * step) * kernel + kernel_x - across * step;
    return {static_cast<int>(i) * patch + weight * channels};
  }
  __device__ PlainPlace col(std::uint32_t j) const { return {static_cast<int>(j)}; }
  __device__ bool exists(const PlainPlace&, const PlainPlace&) const { return true; }
};

/// to = act(sums + b) or sums ⊙ act′, at the pixels of a product's results.
struct PixelEpilogue {
  MatrixView<float> to;
  Activation activation;
  VectorView<const float> b;              ///< empty in a backward pass
  MatrixView<float> pre_activation;       ///< or empty
  MatrixView<const float> derivative_of;  ///< empty in a forward pass
  bool forward = true;

  GridPlaces results = {};  ///< at() sets these
  int width = 0, channels = 0;
  bool quads = false;  ///< whether all rows allow moving four values at once

  /// The same epilogue with the places of a product's results.
  PixelEpilogue at(const math::PatchGemm& gemm) const {
    PixelEpilogue epilogue = *this;
    epilogue.results = GridPlaces(gemm.results);
    epilogue.width = static_cast<int>(gemm.to.width);
    epilogue.channels = static_cast<int>(gemm.to.channels);
    epilogue.quads = gemm.to.channels % 4 == 0 && rows_aligned16(to.data, to.stride) && aligned16(b.data) &&
                     rows_aligned16(pre_activation.data, pre_activation.stride) &&
                     rows_aligned16(derivative_of.data, derivative_of.stride);
    return epilogue;
  }

  struct Columns {
    float4 bias;
  };
  struct Operands {
    std::uint32_t picture;
    int offset;  ///< in the picture
    float4 saved;
  };
  __device__ Columns columns(std::int64_t col, int count) const {
    if (!b.data) return {};
    return {load4(b.data + col, count, quads)};
  }
  __device__ Operands load(std::int64_t row, std::int64_t col, int count) const {
    const GridPlaces::Place place = results.at(static_cast<std::uint32_t>(row));
    Operands operands{place.picture, (place.y * width + place.x) * channels + static_cast<int>(col), {}};
    if (!forward && activation != Activation::identity)
      operands.saved = load4(at(derivative_of, operands), count, quads);
    return operands;
  }
  __device__ void quad(std::int64_t, std::int64_t, float4 sums, int count, const Columns& columns,
                       const Operands& operands) const {
    if (forward) {
      if (b.data) sums = add4(sums, columns.bias);
      if (pre_activation.data) store4(at(pre_activation, operands), sums, count, quads);
      sums = activate(activation, sums);
    } else if (activation != Activation::identity) {
      const float4 derivative = activation_derivative(activation, operands.saved);
      sums = {sums.x * derivative.x, sums.y * derivative.y, sums.z * derivative.z, sums.w * derivative.w};
    }
    store4(at(to, operands), sums, count, quads);
  }

  std::vector<MemoryRange> writes() const { return {range_of(to), range_of(pre_activation)}; }

 private:
  template <class Value>
  static __device__ Value* at(const MatrixView<Value>& pictures, const Operands& operands) {
    return pictures.data + operands.picture * pictures.stride + operands.offset;
  }
};

/// `given`, or else our own kernels' plan that is predicted to be the fastest.
inline ops::GemmPlan plan_gathered(Context& context, const ops::GemmPlan* given, const ops::GemmKey& key) {
  if (given) return *given;
  ops::GemmPlan plan = ops::choose_own_gemm(key, gemm_limits(context.cuda()));
  plan.overlap = context.cuda().overlap;
  return plan;
}

/// epilogue(from ∗ w), and in conv2d.transpose.cu epilogue(from ∗ᵀ w): each serves a forward and a backward
/// pass.
void convolve(Context& context, const ops::GemmPlan* given, MatrixView<const float> from,
              MatrixView<const float> w, const math::Conv2dShape& shape, const PixelEpilogue& epilogue);
void convolve_transposed(Context& context, const ops::GemmPlan* given, MatrixView<const float> from,
                         MatrixView<const float> w, const math::Conv2dShape& shape,
                         const PixelEpilogue& epilogue);

}  // namespace elbo::cuda
