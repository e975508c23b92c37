#pragma once
// The common part of normalisation kernels: sums over a batch's positions in parts, and normalisation of four
// values at once.

#include "block.cuh"
#include "gradient.cuh"
#include "math/normalization.h"

namespace elbo::cuda {

inline constexpr int kNormThreads = 256;
inline constexpr int kNormWarps = kNormThreads / kWarpSize;

/// Rows of `positions` positions of `channels` channels.
struct NormShape {
  std::int64_t rows, positions, channels;

  ELBO_HD std::int64_t all() const { return rows * positions; }
};

/// Shared memory for one value per lane and warp.
template <class T>
struct WarpPartials {
  T partial[kNormWarps][kWarpSize];

  /// Sums each lane's value over the warps, in order; every warp gets the sum. All threads call it.
  __device__ T sum(T value) {
    partial[warp_in_block()][lane_in_warp()] = value;
    sync_block();
    T total = partial[0][lane_in_warp()];
    for (int w = 1; w < kNormWarps; ++w) total += partial[w][lane_in_warp()];
    sync_block();
    return total;
  }
};

/// The channel of this lane, in strips of a warp's width along x of the grid.
__device__ inline std::int64_t lane_channel() {
  return static_cast<std::int64_t>(blockIdx.x) * kWarpSize + lane_in_warp();
}

/// Part `index` of a batch's positions: each warp of a block takes every eighth position.
class NormPart {
 public:
  __device__ NormPart(const NormShape& shape, std::int64_t index)
      : shape_(shape),
        begin_(math::norm_part_begin(shape.all(), index, math::norm_parts(shape.all()))),
        end_(math::norm_part_begin(shape.all(), index + 1, math::norm_parts(shape.all()))) {}

  __device__ std::int64_t size() const { return end_ - begin_; }

  /// Σ term(example, position) over this warp's positions.
  template <class Term>
  __device__ auto sum(const Term& term) const {
    const std::int64_t first = begin_ + warp_in_block();
    std::int64_t i = first / shape_.positions, p = first % shape_.positions;
    const std::int64_t step_i = kNormWarps / shape_.positions, step_p = kNormWarps % shape_.positions;
    auto total = decltype(term(i, p)){};
    for (std::int64_t at = first; at < end_; at += kNormWarps) {
      total += term(i, p);
      i += step_i;
      p += step_p;
      if (p >= shape_.positions) {
        p -= shape_.positions;
        ++i;
      }
    }
    return total;
  }

 private:
  NormShape shape_;
  std::int64_t begin_, end_;
};

/// The grid: strips of channels × parts of positions.
inline dim3 norm_part_grid(const NormShape& shape) {
  return {blocks_for(shape.channels, kWarpSize), static_cast<unsigned>(math::norm_parts(shape.all()))};
}

__device__ inline float4 splat(float value) {
  return {value, value, value, value};
}

/// The factors that normalise four channels.
struct Norm4 {
  float4 mean, rstd, gamma;

  __device__ float4 normalized(float4 x) const {
    return {math::normalized(x.x, mean.x, rstd.x), math::normalized(x.y, mean.y, rstd.y),
            math::normalized(x.z, mean.z, rstd.z), math::normalized(x.w, mean.w, rstd.w)};
  }
  /// g = γ dy.
  __device__ float4 scaled(float4 dy) const {
    return {gamma.x * dy.x, gamma.y * dy.y, gamma.z * dy.z, gamma.w * dy.w};
  }
};

/// Stores y.
struct NormTarget {
  MatrixView<float> y, saved;  ///< saved may be empty
  Activation activation;
  bool aligned;  ///< whether four values can be moved at once

  /// Writes act(γ x̂ + β) for the first `count` of four values of a row, from column `col` on.
  __device__ void write(std::int64_t row, std::int64_t col, const Norm4& norm, float4 x, float4 beta,
                        std::int64_t count) const {
    const float4 n = norm.scaled(norm.normalized(x));
    const float4 value = {n.x + beta.x, n.y + beta.y, n.z + beta.z, n.w + beta.w};
    if (saved.data) store4(saved.data + row * saved.stride + col, value, count, aligned);
    const float4 result = activate(activation, value);
    float* const to = y.data + row * y.stride + col;
    if (aligned && count >= 4) {  // nvcc makes one store here, but not in store4's own branch
      store4(to, result);
    } else {
      store4(to, result, count, false);
    }
  }
};

/// ∂f/∂x of four values, given the means of g = γ dy and of g·x̂.
__device__ inline float4 normalized_gradient(const Norm4& norm, float4 x, float4 dy, float4 mean_g,
                                             float4 mean_product) {
  const float4 n = norm.normalized(x), g = norm.scaled(dy), r = norm.rstd;
  return {math::normalized_gradient(g.x, n.x, r.x, mean_g.x, mean_product.x),
          math::normalized_gradient(g.y, n.y, r.y, mean_g.y, mean_product.y),
          math::normalized_gradient(g.z, n.z, r.z, mean_g.z, mean_product.z),
          math::normalized_gradient(g.w, n.w, r.w, mean_g.w, mean_product.w)};
}

/// Whether four values can be moved at once at the start of all rows; true without rows.
inline bool rows_aligned_or_none(MatrixView<const float> rows) {
  return rows.empty() || rows_aligned16(rows.data, rows.stride);
}

}  // namespace elbo::cuda
