#pragma once
// Small kernels with mistakes that a GPU may or may not show, and their correct twins. The `plain` kernels
// are compiled without the checker, like all kernels under ASan.

#include "runtime/cuda_state.h"
#include "runtime/view.h"

namespace elbo::test {

inline constexpr int kPlantedThreads = 64;

/// y[t] = x[t + 1 mod 64] of each block of 64, through shared memory; with its barrier or without.
void rotate(CudaState& state, VectorView<float> y, VectorView<const float> x, bool barrier);
void plain_rotate(CudaState& state, VectorView<float> y, VectorView<const float> x, bool barrier);
/// The same within each warp; ordered by a warp collective or by nothing.
void rotate_warps(CudaState& state, VectorView<float> y, VectorView<const float> x, bool collective);
/// *sum += Σ of each block's x, one block after another in arbitrary order: a race.
void add_blocks(CudaState& state, float* sum, VectorView<const float> x);
/// *count += the blocks, atomically.
void count_blocks(CudaState& state, unsigned* count, unsigned blocks);
/// *last = the block that came last: no race, but its result depends on the order.
void last_block(CudaState& state, unsigned* last, unsigned blocks);
/// Each block writes its part; the last block, by an atomic count, adds the parts in order.
void last_block_adds(CudaState& state, float* sum, float* parts, unsigned* count, unsigned blocks);

/// y[i] = 1 for every i in [first, first + 64).
void write_ones(CudaState& state, float* y, std::int64_t first);
void plain_write_ones(CudaState& state, float* y, std::int64_t first);
/// *y = *x.
void copy_one(CudaState& state, float* y, const float* x);
void plain_copy_one(CudaState& state, float* y, const float* x);
/// *y = *(the pointer stored at x).
void follow(CudaState& state, float* y, const std::uint64_t* x);
/// Four floats from an address that is not a multiple of 16.
void load_misaligned(CudaState& state, float* y, const float* x);
/// Reads shared memory that no thread has written.
void read_fresh_shared(CudaState& state, float* y);
/// Takes more shared memory than it is launched with.
void take_too_much_shared(CudaState& state, float* y);
/// Copies a view and its values.
void copy_view(CudaState& state, MatrixView<float> y, MatrixView<const float> x);

/// A barrier that the threads below `threads` reach, of 64.
void divergent_barrier(CudaState& state, float* y, int threads);
/// Half of the threads wait at one barrier, half at another.
void two_barriers(CudaState& state, float* y);
/// A sum over the lanes below `lanes`.
void divergent_collective(CudaState& state, float* y, int lanes);
/// A block of `threads`, and a sum over its warps.
void odd_block(CudaState& state, float* y, int threads);
/// y[number of the thread] = its place in the grid, as x + 100 y + 10000 z, over a grid of three dimensions.
void places(CudaState& state, VectorView<float> y, dim3 grid, dim3 block);
/// y[i] = Σ over the block of i, by warp and block sums.
void sums(CudaState& state, VectorView<double> y, VectorView<const float> x);
/// Launches an empty kernel.
void nothing(CudaState& state, dim3 grid, dim3 block, std::size_t shared_bytes = 0);
/// `barriers` barriers in a row.
void wait_often(CudaState& state, dim3 grid, dim3 block, int barriers);

}  // namespace elbo::test
