#pragma once
// Products in tf32 and bf16 by cuBLASLt.

#include <cstddef>
#include <cstdint>

namespace elbo {
struct CudaState;
}

namespace elbo::cuda {

/// Row-major c[m, n] = Σ_k a b + bias, in fp32. Rows in memory are `stride` values apart.
struct LtProduct {
  std::int64_t m = 0, n = 0, k = 0;
  struct Matrix {
    const void* data = nullptr;
    std::int64_t stride = 0;
    bool along_k = true;  ///< whether a row in memory is a run of k; else k goes across the rows
  };
  Matrix a, b;
  bool bf16 = false;  ///< operands of two bytes; else floats, whose products are tf32
  float* c = nullptr;
  std::int64_t c_stride = 0;
  bool add = false;             ///< to what c holds
  const float* bias = nullptr;  ///< [n], added to every row; may be null
};

/// Whether cuBLASLt has any algorithm for the product on this GPU. Those that add up by atomics do not count.
bool lt_takes(CudaState& state, const LtProduct& product);

/// Computes it by the algorithm that cuBLASLt puts at `rank` (from 0), or the last there is. The same rank is
/// the same algorithm for the same GPU and library. Throws DeviceError.
void lt_multiply(CudaState& state, const LtProduct& product, int rank);

}  // namespace elbo::cuda
