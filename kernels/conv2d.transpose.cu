// Transposes of convolutions: y = act(x ∗ᵀ w + b), and the gradient in a convolution's input,
// dx = (dy ∗ᵀ w) ⊙ act′. One product per phase.

#include "ops/conv2d.h"

#include "conv2d.cuh"

namespace elbo::cuda {

void convolve_transposed(Context& context, const ops::GemmPlan* given, MatrixView<const float> from,
                         MatrixView<const float> w, const math::Conv2dShape& shape,
                         const PixelEpilogue& epilogue) {
  for (std::int64_t i = 0; i < shape.stride * shape.stride; ++i) {
    const math::TransposePhase phase = math::transpose_phase(shape, i / shape.stride, i % shape.stride);
    const math::PatchGemm& of = phase.gemm;
    if (of.corners.count() == 0) continue;
    const GatheredOperand<PatchSource> patches{{of, from}, from.rows * of.corners.count()};
    const GatheredOperand<PhaseWeightSource> weights{{phase, shape.kernel, w}, shape.channels};
    const ops::GemmKey key{patches.extent, weights.extent, of.depth(), ops::GemmKind::backward_input,
                           context.precision()};
    gemm<Along::k, Along::extent>(context.cuda(), plan_gathered(context, given, key), patches, weights,
                                  of.depth(), epilogue.at(of));
  }
}

}  // namespace elbo::cuda
