#pragma once
// The KL of a posterior from a prior without a formula for it, estimated from the samples.
//
// Shapes: row i·K + k is sample k of example i. Nats. Fixed order: the same device and build give the same
// bits.

#include "ops/reparameterize.h"

namespace elbo::ops {

/// log_ratio [n·K] += excess [n·K] (see ops/mixture.h), and kl [n] = 1/K Σ_k log_ratio, "=", which may be
/// empty. The estimate is unbiased and may be below 0. Throws ShapeError.
void sampled_kl(Context& context, VectorView<float> kl, VectorView<float> log_ratio,
                VectorView<const float> excess);

/// weights [n·K] = divisor⁻¹ · scale · per_sample, or divisor⁻¹ · scale · per_row / K if those are not given,
/// "=": the weight of each log_ratio in an objective averaged over `divisor` examples. Throws ShapeError,
/// also for weights per dimension.
void sample_weights(Context& context, VectorView<float> weights, const KlWeight& weight, std::int64_t samples,
                    float divisor);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/sampled_kl.cu
decltype(ops::sampled_kl) sampled_kl;
decltype(ops::sample_weights) sample_weights;
}  // namespace elbo::cuda
