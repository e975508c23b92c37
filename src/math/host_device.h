#pragma once
// Marks a formula that compiles for the host and, under nvcc, for the device too.

#if defined(__CUDACC__)
#define ELBO_HD __host__ __device__
#else
#define ELBO_HD
#endif

/// The same for a function that reads or writes memory. It is compiled into its caller, so that the
/// emulation, which checks what kernels do to memory, sees it.
#if defined(__CUDACC__)
#define ELBO_HD_INLINE __host__ __device__ __forceinline__
#else
#define ELBO_HD_INLINE inline __attribute__((always_inline))
#endif
