#include "gemm.h"

#include "gemm.cuh"

namespace elbo::test {
namespace {

using namespace elbo::cuda;

struct EpilogueWithSums {
  MatrixView<float> c, row_sums;
  float* a_sums;

  __device__ float quad(std::int64_t row, std::int64_t col, float4 sums, int count) const {
    store4(c.data + row * c.stride + col, sums, count, false);
    const float values[4] = {sums.x, sums.y, sums.z, sums.w};
    float squares = 0.0f;
    for (int i = 0; i < count; ++i) squares += values[i] * values[i];
    return squares;
  }
  __device__ void row_sum(std::int64_t row, std::int64_t part, float sum) const {
    row_sums.data[row * row_sums.stride + part] = sum;
  }
  __device__ void operand_sum(std::int64_t row, float sum) const { a_sums[row] = sum; }
};

struct alignas(16) CopiedStorage {
  float values[128];
};

__global__ void sum_copied_kernel(float* y, const float* x, Missing missing) {
  auto& shared = shared_storage<CopiedStorage>();
  const int thread = static_cast<int>(threadIdx.x), neighbour = (thread + 1) % 32;
  arch::AsyncCopies<2> copies;
  float sum = 0.0f;
  for (int part = 0; part < 4; ++part) {
    copies.copy4(&shared.values[4 * thread], x + 128 * part + 4 * thread);
    copies.commit();
    if (missing != Missing::wait) copies.wait<0>();
    if (missing != Missing::barrier) sync_block();
    for (int i = 0; i < 4; ++i) sum += shared.values[4 * neighbour + i];
    if (missing != Missing::barrier_before_next) sync_block();
  }
  y[thread] = sum;
}

template <class Format>
__global__ void multiply_piece_kernel(float* c, const float* a, const float* b) {
  const int g = lane_in_warp() / 4, t = lane_in_warp() % 4;
  arch::FragmentA from_a[1];
  arch::FragmentB from_b[1];
  const auto at_a = [&](int row, int k) { return a[row * Format::kDepth + k]; };
  const auto at_b = [&](int k, int col) { return b[k * 8 + col]; };
  for (int half = 0; half < 2; ++half) {
    for (int i = 0; i < 2; ++i) {
      if constexpr (Format::kDepth == 8) {
        from_a[0].bits[half + 2 * i] = arch::tf32_bits(at_a(g + 8 * half, t + 4 * i));
        from_b[0].bits[i] = arch::tf32_bits(at_b(t + 4 * i, g));
      } else {
        const int k = 2 * t + 8 * i;
        from_a[0].bits[half + 2 * i] = arch::bf16_pair_bits(at_a(g + 8 * half, k), at_a(g + 8 * half, k + 1));
        from_b[0].bits[i] = arch::bf16_pair_bits(at_b(k, g), at_b(k + 1, g));
      }
    }
  }
  float sums[1][1][4] = {};
  arch::multiply_add<Format>(sums, from_a, from_b);
  for (int i = 0; i < 4; ++i) c[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = sums[0][0][i];
}

}  // namespace

void gemm_with_sums(CudaState& state, const ops::GemmPlan& plan, MatrixView<float> c,
                    MatrixView<float> row_sums, float* a_sums, MatrixView<const float> a,
                    MatrixView<const float> b) {
  gemm<Along::k, Along::k>(state, plan, Operand(a.data, a.stride, a.rows), Operand(b.data, b.stride, b.rows),
                           a.cols, EpilogueWithSums{c, row_sums, a_sums});
}

void sum_copied(CudaState& state, float* y, const float* x, Missing missing) {
  launch(state, LaunchShape(1, 32, sizeof(CopiedStorage)), sum_copied_kernel, y, x, missing);
}

void multiply_piece(CudaState& state, Precision precision, float* c, const float* a, const float* b) {
  if (precision == Precision::tf32) {
    launch(state, LaunchShape(1, 32), multiply_piece_kernel<arch::Tf32>, c, a, b);
  } else {
    launch(state, LaunchShape(1, 32), multiply_piece_kernel<arch::Bf16>, c, a, b);
  }
}

}  // namespace elbo::test
