#pragma once
// Marks a formula that compiles for the host and, under nvcc, for the device too.

#if defined(__CUDACC__)
#define ELBO_HD __host__ __device__
#else
#define ELBO_HD
#endif
