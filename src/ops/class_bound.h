#pragma once
// The bound of examples whose class may be unknown (Kingma et al. 2014, "Semi-supervised learning with deep
// generative models", eqs. 6, 7 and 9): model M2, p(y) p(z) p(x|y, z) with p(y) = 1/C.
//
// Shapes: n examples, C classes; row i·C + y of nll and kl is example i as class y. Nats. Fixed order: the
// same device and build give the same bits, independently of the other examples.

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// What each example costs as each class, and what the classifier says of it.
struct ClassCosts {
  MatrixView<const float> nll;     ///< [n·C, p] contiguous; each row sums to −log p(x|y, z)
  VectorView<const float> kl;      ///< [n·C] KL(q(z|x, y) ‖ p(z))
  MatrixView<const float> logits;  ///< [n, C] q(y|x) = softmax(logits); rows may be strided
  VectorView<const float> label;   ///< [n] an example's class, −1 where it is unknown
};

struct ClassWeighting {
  const float* kl_weight = nullptr;  ///< β in device memory; null: 1
  float classifier = 0.0f;           ///< weight of −log q(y|x) of labelled examples (α N / N_l)
  float gradient_scale = 1.0f;       ///< of dlogits: 1/n for the mean over a batch
};

/// Results, "=". Each but the weights may be empty.
struct ClassBound {
  VectorView<float> weights;  ///< [n·C] w: q(y|x); of a labelled example 1 for its class, 0 for the others
  VectorView<float> nll;      ///< [n] Σ_y w_y nll_y
  VectorView<float> kl;       ///< [n] Σ_y w_y (kl_y + log w_y + log C) = KL(q(y, z|x) ‖ p(y) p(z))
  VectorView<float> cost;     ///< [n] nll + β · kl; of labelled examples, + classifier · −log q(label|x)
  MatrixView<float> dlogits;  ///< [n, C] gradient_scale · ∂cost/∂logits; rows may be strided
};

/// Computes the results above. The gradients in the other inputs are ∂cost/∂nll_y = w_y and ∂cost/∂kl_y = β
/// w_y. With A_y = nll_y + β (kl_y + log q_y + log C) an example of unknown class has ∂cost/∂logit_y = q_y
/// (A_y − cost), one of class c has classifier · (q_y − [y = c]).
///
/// Probabilities below 1e-18 count as 0. A class of weight 0 costs nothing: its nll and kl, which may be
/// infinite or NaN, are not read. Logits and costs may be large: no intermediate result overflows. All of an
/// example's results are NaN where a logit or the cost is NaN, and where the label is neither −1 nor one of 0
/// … C − 1. No view may alias another. Throws ShapeError.
void class_bound(Context& context, const ClassBound& result, const ClassCosts& costs,
                 const ClassWeighting& weighting);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/class_bound.cu
decltype(ops::class_bound) class_bound;
}  // namespace elbo::cuda
