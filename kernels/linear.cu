// Fully connected layers: one product each, by matmul.cuh with bias, activation or act′ applied to the
// results in registers, or by cuBLAS and a pass over its results where the product is large.

#include "ops/linear.h"

#include <limits>

#include "math/activations.h"
#include "matmul.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 256;

/// What happens to one result of a product, by row and column.
template <Activation kActivation>
struct FinishForward {
  MatrixView<float> y, saved;
  VectorView<const float> b;

  __device__ void operator()(std::int64_t row, std::int64_t col, float sum) const {
    const float value = b.data ? sum + b.data[col] : sum;
    if (saved.data) saved.data[row * saved.stride + col] = value;
    y.data[row * y.stride + col] = math::activate<kActivation>(value);
  }
};

template <Activation kActivation>
struct FinishBackwardInput {
  MatrixView<float> dx;
  MatrixView<const float> saved;

  __device__ void operator()(std::int64_t row, std::int64_t col, float sum) const {
    if constexpr (kActivation != Activation::identity) {
      sum *= math::activation_derivative<kActivation>(saved.data[row * saved.stride + col]);
    }
    dx.data[row * dx.stride + col] = sum;
  }
};

struct FinishBackwardParams {
  MatrixView<float> dw;
  bool accumulate;

  __device__ void operator()(std::int64_t row, std::int64_t col, float sum) const {
    float& to = dw.data[row * dw.stride + col];
    to = accumulate ? to + sum : sum;
  }
};

/// finish(row, col, c) for each value that a product left in c.
template <class Finish>
__global__ void __launch_bounds__(kThreads) finish_kernel(MatrixView<const float> c, Finish finish) {
  const std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (index >= c.rows * c.cols) return;  // no barrier follows
  const std::int64_t row = index / c.cols, col = index % c.cols;
  finish(row, col, c.data[row * c.stride + col]);
}

template <class Finish>
void launch_finish(Context& context, MatrixView<const float> c, const Finish& finish) {
  launch(context.cuda(), LaunchShape{blocks_for(c.rows * c.cols, kThreads), kThreads}, finish_kernel<Finish>,
         c, finish);
}

using LargeTile = Tile<64, 64, 16, 4, 4>;
using SmallTile =
    Tile<32, 32, 32, 2, 2>;  // a quarter of the work per block: where large ones would leave the GPU idle

template <class T, Along kAlongA, Along kAlongB, class Finish>
void launch_tiles(Context& context, const Operand& a, const Operand& b, std::int64_t k,
                  const Finish& finish) {
  const std::int64_t tiles = ((a.extent + T::kRows - 1) / T::kRows) * ((b.extent + T::kCols - 1) / T::kCols);
  launch(context.cuda(), LaunchShape{blocks_for(tiles, 1), T::kThreads, sizeof(MatmulStorage<T>)},
         matmul_kernel<T, kAlongA, kAlongB, Finish>, a, b, k, finish);
}

template <Along kAlongA, Along kAlongB, class Finish>
void tiled_matmul(Context& context, const Operand& a, const Operand& b, std::int64_t k,
                  const Finish& finish) {
  const std::int64_t large_tiles = blocks_for(a.extent, LargeTile::kRows) *
                                   static_cast<std::int64_t>(blocks_for(b.extent, LargeTile::kCols));
  if (large_tiles >= context.cuda().sm_count) {
    launch_tiles<LargeTile, kAlongA, kAlongB>(context, a, b, k, finish);
  } else {
    launch_tiles<SmallTile, kAlongA, kAlongB>(context, a, b, k, finish);
  }
}

/// cuBLAS takes the products that last long enough for its better use of the multiprocessors to outweigh a
/// pass of its own for bias and activation.
bool cublas_is_better(std::int64_t m, std::int64_t n, std::int64_t k) {
  constexpr double kFlops = 0x1p28;
  constexpr std::int64_t kLargest = std::numeric_limits<int>::max();
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) >= kFlops &&
         m <= kLargest && n <= kLargest && k <= kLargest;
}

/// A row-major operand for cuBLAS, which sees it transposed: its matrices are column-major.
struct BlasOperand {
  MatrixView<const float> stored;
  bool transposed;

  cublasOperation_t operation() const { return transposed ? CUBLAS_OP_T : CUBLAS_OP_N; }
  int leading() const { return static_cast<int>(stored.stride); }
};

/// Row-major c = a b + beta c, as column-major cᵀ = bᵀ aᵀ + beta cᵀ.
void blas_matmul(Context& context, MatrixView<float> c, const BlasOperand& a, const BlasOperand& b,
                 std::int64_t k, float beta) {
  const float alpha = 1.0f;
  ELBO_CUDA_CHECK(cublasSgemm(cuda::blas(context.cuda()), b.operation(), a.operation(),
                              static_cast<int>(c.cols), static_cast<int>(c.rows), static_cast<int>(k), &alpha,
                              b.stored.data, b.leading(), a.stored.data, a.leading(), &beta, c.data,
                              static_cast<int>(c.stride)));
}

template <Activation kActivation>
void forward(Context& context, MatrixView<float> y, MatrixView<float> saved, MatrixView<const float> x,
             MatrixView<const float> w, VectorView<const float> b) {
  const FinishForward<kActivation> finish{y, saved, b};
  if (cublas_is_better(y.rows, y.cols, x.cols)) {
    blas_matmul(context, y, {x, false}, {w, true}, x.cols, 0.0f);
    launch_finish(context, y, finish);
  } else {
    tiled_matmul<Along::k, Along::k>(context, Operand(x.data, x.stride, x.rows),
                                     Operand(w.data, w.stride, w.rows), x.cols, finish);
  }
}

template <Activation kActivation>
void backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                    MatrixView<const float> w, MatrixView<const float> saved) {
  const FinishBackwardInput<kActivation> finish{dx, saved};
  // The tiled product reads `saved` where it then writes dx, so the two may be one; cuBLAS would overwrite
  // it.
  if (saved.data != dx.data && cublas_is_better(dx.rows, dx.cols, dy.cols)) {
    blas_matmul(context, dx, {dy, false}, {w, false}, dy.cols, 0.0f);
    if (kActivation != Activation::identity) launch_finish(context, dx, finish);
  } else {
    tiled_matmul<Along::k, Along::extent>(context, Operand(dy.data, dy.stride, dy.rows),
                                          Operand(w.data, w.stride, w.cols), dy.cols, finish);
  }
}

constexpr int kSumCols = 32, kSumRows = kThreads / kSumCols;

struct ColumnSumStorage {
  float partial[kSumRows][kSumCols];
};

/// sums_j = Σ_i values_ij: eight threads of a column take every eighth row, then the first adds up the eight.
__global__ void __launch_bounds__(kThreads)
    column_sums_kernel(float* sums, MatrixView<const float> values, bool accumulate) {
  auto& shared = shared_storage<ColumnSumStorage>();
  const int lane = static_cast<int>(threadIdx.x) % kSumCols, first = static_cast<int>(threadIdx.x) / kSumCols;
  const std::int64_t col = static_cast<std::int64_t>(blockIdx.x) * kSumCols + lane;
  float sum = 0.0f;
  if (col < values.cols) {
    for (std::int64_t row = first; row < values.rows; row += kSumRows)
      sum += values.data[row * values.stride + col];
  }
  shared.partial[first][lane] = sum;
  sync_block();
  if (first != 0 || col >= values.cols) return;  // no barrier follows
  for (int i = 1; i < kSumRows; ++i) sum += shared.partial[i][lane];
  sums[col] = accumulate ? sums[col] + sum : sum;
}

}  // namespace

void linear_forward(Context& context, MatrixView<float> y, MatrixView<float> saved, MatrixView<const float> x,
                    MatrixView<const float> w, VectorView<const float> b, Activation activation) {
  switch (activation) {
#define ELBO_CASE(name, ...) \
  case Activation::name:     \
    return forward<Activation::name>(context, y, saved, x, w, b);
    ELBO_ACTIVATIONS(ELBO_CASE)
#undef ELBO_CASE
  }
}

void linear_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                           MatrixView<const float> w, MatrixView<const float> saved, Activation activation) {
  switch (activation) {
#define ELBO_CASE(name, ...) \
  case Activation::name:     \
    return backward_input<Activation::name>(context, dx, dy, w, saved);
    ELBO_ACTIVATIONS(ELBO_CASE)
#undef ELBO_CASE
  }
}

void linear_backward_params(Context& context, MatrixView<float> dw, VectorView<float> db,
                            MatrixView<const float> dy, MatrixView<const float> x, bool accumulate) {
  if (cublas_is_better(dw.rows, dw.cols, x.rows)) {
    blas_matmul(context, dw, {dy, true}, {x, false}, x.rows, accumulate ? 1.0f : 0.0f);
  } else {
    tiled_matmul<Along::extent, Along::extent>(context, Operand(dy.data, dy.stride, dy.cols),
                                               Operand(x.data, x.stride, x.cols), x.rows,
                                               FinishBackwardParams{dw, accumulate});
  }
  if (!db.empty()) {
    launch(context.cuda(), LaunchShape{blocks_for(dy.cols, kSumCols), kThreads, sizeof(ColumnSumStorage)},
           column_sums_kernel, db.data, dy, accumulate);
  }
}

}  // namespace elbo::cuda
