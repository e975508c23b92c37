#pragma once
// Objectives that do not simply multiply a batch's KL by β: its cost, and the weights of its terms in the
// gradient (KlWeight in ops/reparameterize.h).
//
// Nats; averages are over the batch's n examples. Fixed order: the same device and build give the same bits.
// `kl_weight` is β in device memory, null for 1.

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// Free bits (Kingma et al. 2016, eq. 15, each dimension a group): *cost = β Σ_d max(nats, KL_d) with KL_d
/// the batch's mean KL of dimension d, and weights [latent] = 1 where KL_d is above `nats`, else 0. "=". mean
/// and log_variance [n, latent], strided or not. NaN in a dimension makes the cost NaN. Throws ShapeError.
void free_bits(Context& context, VectorView<float> weights, float* cost, MatrixView<const float> mean,
               MatrixView<const float> log_variance, float nats, const float* kl_weight);

/// Capacity (Burgess et al. 2018, eq. 8): *cost = β |KL − C| with the batch's mean KL, and *scale = β sign(KL
/// − C), the weight of the KL in the gradient. "=". kl [n]; `capacity` is C in device memory. Throws
/// ShapeError.
void kl_capacity(Context& context, float* scale, float* cost, VectorView<const float> kl,
                 const float* kl_weight, const float* capacity);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/kl_objective.cu
decltype(ops::free_bits) free_bits;
decltype(ops::kl_capacity) kl_capacity;
}  // namespace elbo::cuda
