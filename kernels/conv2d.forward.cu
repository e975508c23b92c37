// Convolutions: y = act(x ∗ w + b), and the gradient in a transpose's input, dx = (dy ∗ w) ⊙ act′.

#include "ops/conv2d.h"

#include "conv2d.cuh"

namespace elbo::cuda {

void convolve(Context& context, const ops::ProductPlan* given, MatrixView<const float> from,
              MatrixView<const float> w, const math::Conv2dShape& shape, const FinishPixels& finish) {
  const math::PatchProduct of = math::convolution_product(shape);
  const GatheredOperand<PatchSource> patches{{of, from}, from.rows * of.corners.count()};
  const ops::ProductKey key{patches.extent, w.rows, of.depth(), ops::ProductKind::forward,
                            context.precision()};
  product<Along::k, Along::k>(context.cuda(), plan_gathered(context, given, key), patches,
                              Operand(w.data, w.stride, w.rows), of.depth(), finish.at(of));
}

}  // namespace elbo::cuda
