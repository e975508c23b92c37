// Convolutions: y = act(x ∗ w + b), and the gradient in a transpose's input, dx = (dy ∗ w) ⊙ act′.

#include "ops/conv2d.h"

#include "conv2d.cuh"

namespace elbo::cuda {

void convolve(Context& context, const ops::GemmPlan* given, MatrixView<const float> from,
              MatrixView<const float> w, const math::Conv2dShape& shape, const PixelEpilogue& epilogue) {
  const math::PatchGemm of = math::convolution_gemm(shape);
  const GatheredOperand<PatchSource> patches{{of, from}, from.rows * of.corners.count()};
  const ops::GemmKey key{patches.extent, w.rows, of.depth(), ops::GemmKind::forward, context.precision()};
  gemm<Along::k, Along::k>(context.cuda(), plan_gathered(context, given, key), patches,
                           Operand(w.data, w.stride, w.rows), of.depth(), epilogue.at(of));
}

}  // namespace elbo::cuda
