#pragma once
// Products in tf32 and bf16 by cuBLASLt.

#include <cstddef>
#include <cstdint>

namespace elbo {
struct CudaState;
}

namespace elbo::cuda {

/// Row-major c[m, n] = Σ_k a b + bias, in fp32. Rows in memory are `stride` values apart.
struct LtGemm {
  std::int64_t m = 0, n = 0, k = 0;
  struct Matrix {
    const void* data = nullptr;
    std::int64_t stride = 0;
    bool along_k = true;  ///< whether k runs along a row in memory; else across the rows
  };
  Matrix a, b;
  bool bf16 = false;  ///< operands are bf16; else floats, multiplied in tf32
  float* c = nullptr;
  std::int64_t c_stride = 0;
  bool add = false;             ///< "+=" instead of "="
  const float* bias = nullptr;  ///< [n], added to every row; may be null
};

/// Whether cuBLASLt has an algorithm for the product on this GPU. Algorithms that use atomics do not count.
bool lt_takes(CudaState& state, const LtGemm& gemm);

/// Computes the product by the algorithm that cuBLASLt ranks at `rank` (from 0), or by the last one. The same
/// rank is the same algorithm for the same GPU and library. Throws DeviceError.
void lt_multiply(CudaState& state, const LtGemm& gemm, int rank);

}  // namespace elbo::cuda
