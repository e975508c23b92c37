#pragma once
// Programmatic dependent launch: a grid begins while the previous grid in its stream ends (from sm_90 on, and
// only if its launch requests it by LaunchShape::overlap). Otherwise these functions do nothing, since the
// previous grid has ended.

#include "platform.cuh"

namespace elbo::cuda::arch {

/// Waits until the previous grids have ended and their writes are visible. Call it before reading or writing
/// memory that they use.
__device__ inline void wait_for_previous_grid() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;\n" ::: "memory");
#endif
}

/// The next grid may begin once every block of this one has called this, or has ended.
__device__ inline void let_next_grid_begin() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;\n" ::: "memory");
#endif
}

}  // namespace elbo::cuda::arch
