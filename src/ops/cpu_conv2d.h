#pragma once
// Convolutions on the CPU as products on tiles. The sums are finished while they are in the first-level
// cache.

#include "math/activation_kind.h"
#include "math/conv2d_geometry.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops::cpu {

/// The epilogue of sums: bias and activation, or the product with an activation's derivative.
struct PixelEpilogue {
  enum class Kind { activation, derivative };
  Kind kind;
  Activation activation;
  VectorView<const float> bias = {};           ///< [channels] or empty
  MatrixView<float> pre_activation = {};       ///< receives the sums with the bias, or is empty
  MatrixView<const float> derivative_of = {};  ///< source of the derivative

  bool changes_nothing() const {
    return activation == Activation::identity && bias.empty() && pre_activation.empty();
  }
  /// Finishes `count` channels, from `channel` on, of the pixel at `offset` of picture `picture`, in place.
  void apply(float* sums, std::int64_t picture, std::int64_t offset, std::int64_t channel,
             std::int64_t count) const;
};

/// to = epilogue(from ∗ w) and to = epilogue(from ∗ᵀ w), see ops/conv2d.h. The operands are already rounded.
void convolve(Context& context, MatrixView<float> to, MatrixView<const float> from, MatrixView<const float> w,
              const math::Conv2dShape& shape, const PixelEpilogue& epilogue);
void convolve_transposed(Context& context, MatrixView<float> to, MatrixView<const float> from,
                         MatrixView<const float> w, const math::Conv2dShape& shape,
                         const PixelEpilogue& epilogue);

/// dw = Σ over positions of filters ⊗ patches, or "+=": `filters` [n, shape.out()], `pictures` [n,
/// shape.in()].
void correlate(Context& context, MatrixView<float> dw, MatrixView<const float> filters,
               MatrixView<const float> pictures, const math::Conv2dShape& shape, bool accumulate);

/// sums_c = Σ over all pixels, or "+=", for pictures [n, pixels · channels].
void channel_sums(Context& context, VectorView<float> sums, MatrixView<const float> pictures,
                  bool accumulate);

}  // namespace elbo::ops::cpu
