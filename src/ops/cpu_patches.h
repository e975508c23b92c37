#pragma once
// The operands of a convolution's products on the CPU, assembled from pictures and weights while they are
// packed; see math/conv2d_geometry.h.

#include "math/conv2d_geometry.h"
#include "ops/cpu_matmul.h"

namespace elbo::ops::cpu {

/// Iterates over the pixels of a grid, picture after picture.
class GridCursor {
 public:
  /// Starts at pixel `index`, counted over all pictures.
  GridCursor(const math::PixelGrid& grid, std::int64_t index);

  std::int64_t picture() const { return picture_; }
  /// The pixel's coordinates in its picture.
  std::int64_t y() const { return y_; }
  std::int64_t x() const { return x_; }
  void next() {
    x_ += grid_.step;
    if (x_ != end_x_) return;
    x_ = grid_.x;
    y_ += grid_.step;
    if (y_ != end_y_) return;
    y_ = grid_.y;
    ++picture_;
  }

 private:
  math::PixelGrid grid_;
  std::int64_t end_y_, end_x_;
  std::int64_t picture_, y_, x_;
};

/// The patches of pictures [n, from.height · from.width · from.channels]: a row per patch, in the order of
/// (row of the patch, pixel, channel).
class Patches final : public Source {
 public:
  Patches(const math::PatchGemm& gemm, MatrixView<const float> pictures) : gemm_(gemm), pictures_(pictures) {}

  Operand operand() const { return operand_of(*this, pictures_.rows * gemm_.corners.count(), gemm_.depth()); }
  void copy(const Block& block, float* to, std::int64_t stride) const override;

 private:
  math::PatchGemm gemm_;
  MatrixView<const float> pictures_;
};

/// The weights that a transpose's patches are multiplied by: a row per (pixel of the patch, filter), a column
/// per channel.
class PhaseWeights final : public Source {
 public:
  /// `w` [filters, kernel · kernel · channels], contiguous.
  PhaseWeights(const math::TransposePhase& phase, std::int64_t kernel, MatrixView<const float> w)
      : phase_(phase), kernel_(kernel), w_(w) {}

  Operand operand() const { return operand_of(*this, phase_.gemm.depth(), phase_.gemm.to.channels); }
  void copy(const Block& block, float* to, std::int64_t stride) const override;

 private:
  math::TransposePhase phase_;
  std::int64_t kernel_;
  MatrixView<const float> w_;
};

}  // namespace elbo::ops::cpu
