#pragma once
// Kernels that use product.cuh and kernels/arch in ways that no op of the library does, for tests.

#include <cstdint>

#include "ops/gemm_plan.h"
#include "runtime/cuda_state.h"
#include "runtime/view.h"

namespace elbo::test {

/// c = a bᵀ for a [m, k], b [n, k]; row_sums [m, plan.row_sums(n)] = Σ c² over each group of columns;
/// a_sums_i = Σ_k a_ik.
void gemm_with_sums(CudaState& state, const ops::GemmPlan& plan, MatrixView<float> c,
                    MatrixView<float> row_sums, float* a_sums, MatrixView<const float> a,
                    MatrixView<const float> b);

/// The step that an asynchronous copy's reader leaves out.
enum class Missing { nothing, wait, barrier, barrier_before_next };
/// y = Σ over four parts of x [4, 128], each copied into the same 128 floats by 32 threads, each of which
/// then reads the next thread's copy.
void sum_copied(CudaState& state, float* y, const float* x, Missing missing);

/// c [16, 8] = a [16, kDepth] b [kDepth, 8] by one warp, from TF32 (kDepth = 8) or BF16 (16).
void multiply_piece(CudaState& state, Precision precision, float* c, const float* a, const float* b);

}  // namespace elbo::test
