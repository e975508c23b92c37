#pragma once
// Programmatic dependent launch: a grid begins while the one before it in its stream ends (sm_90 on, and only
// where its launch asks for it by LaunchShape::overlap). Elsewhere these do nothing, since the grid before
// has ended.

#include "platform.cuh"

namespace elbo::cuda::arch {

/// Waits until the grids before this one have ended and their writes are seen. Whoever reads or writes
/// memory that they touch does so after this.
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
