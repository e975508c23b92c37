#include "planted.h"

#include "block.cuh"
#include "memory.cuh"

namespace elbo::test {
namespace {

using namespace elbo::cuda;

#define ELBO_PLAIN __attribute__((no_sanitize("thread")))

constexpr int kThreads = kPlantedThreads;

struct Shared {
  float value[kThreads];
};

__global__ void rotate_kernel(VectorView<float> y, VectorView<const float> x, bool barrier) {
  auto& s = shared_storage<Shared>();
  const unsigned t = threadIdx.x, first = blockIdx.x * kThreads;
  s.value[t] = x.data[first + t];
  if (barrier) sync_block();
  y.data[first + t] = s.value[(t + 1) % kThreads];
}

__global__ ELBO_PLAIN void plain_rotate_kernel(VectorView<float> y, VectorView<const float> x, bool barrier) {
  auto& s = shared_storage<Shared>();
  const unsigned t = threadIdx.x, first = blockIdx.x * kThreads;
  s.value[t] = x.data[first + t];
  if (barrier) sync_block();
  y.data[first + t] = s.value[(t + 1) % kThreads];
}

__global__ void rotate_warps_kernel(VectorView<float> y, VectorView<const float> x, bool collective) {
  auto& s = shared_storage<Shared>();
  const unsigned t = threadIdx.x, first = blockIdx.x * kThreads;
  s.value[t] = x.data[first + t];
  if (collective) sync_warp();
  y.data[first + t] = s.value[t / 32 * 32 + (t + 1) % 32];
}

__global__ void add_blocks_kernel(float* sum, VectorView<const float> x) {
  if (threadIdx.x == 0) *sum += x.data[blockIdx.x];
}

__global__ void count_blocks_kernel(unsigned* count) {
  if (threadIdx.x == 0) atomic_add(count, 1u);
}

__global__ void last_block_kernel(unsigned* last) {
  if (threadIdx.x == 0) atomicExch(last, blockIdx.x);
}

struct Ticket {
  bool last;
};

__global__ void last_block_adds_kernel(float* sum, float* parts, unsigned* count) {
  auto& s = shared_storage<Ticket>();
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = 1.0f / static_cast<float>(blockIdx.x + 1);
    __threadfence();
    s.last = atomic_add(count, 1u) + 1 == gridDim.x;
  }
  sync_block();
  if (!s.last || threadIdx.x != 1) return;  // no barrier follows
  float total = 0.0f;
  for (unsigned i = 0; i < gridDim.x; ++i) total += parts[i];
  *sum = total;
}

__global__ void write_ones_kernel(float* y, std::int64_t first) {
  y[first + threadIdx.x] = 1.0f;
}
__global__ ELBO_PLAIN void plain_write_ones_kernel(float* y, std::int64_t first) {
  y[first + threadIdx.x] = 1.0f;
}
__global__ void copy_one_kernel(float* y, const float* x) {
  *y = *x;
}
__global__ ELBO_PLAIN void plain_copy_one_kernel(float* y, const float* x) {
  *y = *x;
}
__global__ void follow_kernel(float* y, const std::uint64_t* x) {
  *y = *reinterpret_cast<const float*>(*x);
}
__global__ void load_misaligned_kernel(float* y, const float* x) {
  *y = load4(x).x;
}
__global__ void read_fresh_shared_kernel(float* y) {
  *y = shared_storage<Shared>().value[3];
}
__global__ void copy_view_kernel(MatrixView<float> y, MatrixView<const float> x) {
  const std::int64_t row = threadIdx.x / y.cols, col = threadIdx.x % y.cols;
  if (row < y.rows) y.data[row * y.stride + col] = x.data[row * x.stride + col];
}

__global__ void divergent_barrier_kernel(float* y, int threads) {
  if (static_cast<int>(threadIdx.x) < threads) sync_block();
  y[threadIdx.x] = 1.0f;
}

__global__ void two_barriers_kernel(float* y) {
  if (threadIdx.x % 2 == 0) {
    sync_block();
  } else {
    sync_block();
  }
  y[threadIdx.x] = 1.0f;
}

__global__ void divergent_collective_kernel(float* y, int lanes) {
  if (static_cast<int>(threadIdx.x) < lanes) y[threadIdx.x] = warp_sum(1.0f);
}

__global__ void odd_block_kernel(float* y) {
  y[threadIdx.x] = warp_sum(1.0f);
}

__global__ void places_kernel(VectorView<float> y) {
  const dim3 place(blockIdx.x * blockDim.x + threadIdx.x, blockIdx.y * blockDim.y + threadIdx.y,
                   blockIdx.z * blockDim.z + threadIdx.z);
  const unsigned width = gridDim.x * blockDim.x, height = gridDim.y * blockDim.y;
  y.data[place.x + width * (place.y + height * place.z)] =
      static_cast<float>(place.x + 100 * place.y + 10000 * place.z);
}

struct Sums {
  BlockScratch<float, kThreads> floats;
  BlockScratch<double, kThreads> doubles;
};

__global__ void sums_kernel(VectorView<double> y, VectorView<const float> x) {
  auto& s = shared_storage<Sums>();
  const float value = x.data[threadIdx.x];
  const float total = block_sum(value, s.floats);
  const double wide = block_sum(static_cast<double>(value), s.doubles);
  const float max_value = block_max(value, s.floats);
  const float min_value = warp_min(value);
  const float second = warp_broadcast(value, 1);
  const float across = warp_exchange(value, 16);
  const double checks[8] = {total,
                            wide,
                            max_value,
                            min_value,
                            second,
                            across,
                            warp_any(value < 0) ? 1.0 : 0.0,
                            warp_all(value < 1000) ? 1.0 : 0.0};
  for (int i = 0; i < 8; ++i) y.data[8 * threadIdx.x + static_cast<unsigned>(i)] = checks[i];
}

__global__ void nothing_kernel() {}

__global__ void wait_often_kernel(int barriers) {
  for (int i = 0; i < barriers; ++i) sync_block();
}

LaunchShape blocks_of(std::int64_t values, std::size_t shared_bytes) {
  return {blocks_for(values, kThreads), kThreads, shared_bytes};
}

}  // namespace

void rotate(CudaState& state, VectorView<float> y, VectorView<const float> x, bool barrier) {
  launch(state, blocks_of(x.size, sizeof(Shared)), rotate_kernel, y, x, barrier);
}
void plain_rotate(CudaState& state, VectorView<float> y, VectorView<const float> x, bool barrier) {
  launch(state, blocks_of(x.size, sizeof(Shared)), plain_rotate_kernel, y, x, barrier);
}
void rotate_warps(CudaState& state, VectorView<float> y, VectorView<const float> x, bool collective) {
  launch(state, blocks_of(x.size, sizeof(Shared)), rotate_warps_kernel, y, x, collective);
}
void add_blocks(CudaState& state, float* sum, VectorView<const float> x) {
  launch(state, LaunchShape{blocks_for(x.size, 1), kThreads}, add_blocks_kernel, sum, x);
}
void count_blocks(CudaState& state, unsigned* count, unsigned blocks) {
  launch(state, LaunchShape{blocks, kThreads}, count_blocks_kernel, count);
}
void last_block(CudaState& state, unsigned* last, unsigned blocks) {
  launch(state, LaunchShape{blocks, kThreads}, last_block_kernel, last);
}
void last_block_adds(CudaState& state, float* sum, float* parts, unsigned* count, unsigned blocks) {
  launch(state, LaunchShape{blocks, kThreads, sizeof(Ticket)}, last_block_adds_kernel, sum, parts, count);
}
void write_ones(CudaState& state, float* y, std::int64_t first) {
  launch(state, LaunchShape{1, kThreads}, write_ones_kernel, y, first);
}
void plain_write_ones(CudaState& state, float* y, std::int64_t first) {
  launch(state, LaunchShape{1, kThreads}, plain_write_ones_kernel, y, first);
}
void copy_one(CudaState& state, float* y, const float* x) {
  launch(state, LaunchShape{1, 1}, copy_one_kernel, y, x);
}
void plain_copy_one(CudaState& state, float* y, const float* x) {
  launch(state, LaunchShape{1, 1}, plain_copy_one_kernel, y, x);
}
void follow(CudaState& state, float* y, const std::uint64_t* x) {
  launch(state, LaunchShape{1, 1}, follow_kernel, y, x);
}
void load_misaligned(CudaState& state, float* y, const float* x) {
  launch(state, LaunchShape{1, 1}, load_misaligned_kernel, y, x + 1);
}
void read_fresh_shared(CudaState& state, float* y) {
  launch(state, LaunchShape{1, 1, sizeof(Shared)}, read_fresh_shared_kernel, y);
}
void take_too_much_shared(CudaState& state, float* y) {
  launch(state, LaunchShape{1, 1, sizeof(Shared) - 4}, read_fresh_shared_kernel, y);
}
void copy_view(CudaState& state, MatrixView<float> y, MatrixView<const float> x) {
  launch(state, LaunchShape{1, kThreads}, copy_view_kernel, y, x);
}
void divergent_barrier(CudaState& state, float* y, int threads) {
  launch(state, LaunchShape{1, kThreads}, divergent_barrier_kernel, y, threads);
}
void two_barriers(CudaState& state, float* y) {
  launch(state, LaunchShape{1, kThreads}, two_barriers_kernel, y);
}
void divergent_collective(CudaState& state, float* y, int lanes) {
  launch(state, LaunchShape{1, kThreads}, divergent_collective_kernel, y, lanes);
}
void odd_block(CudaState& state, float* y, int threads) {
  launch(state, LaunchShape{1, static_cast<unsigned>(threads)}, odd_block_kernel, y);
}
void places(CudaState& state, VectorView<float> y, dim3 grid, dim3 block) {
  launch(state, LaunchShape{grid, block}, places_kernel, y);
}
void sums(CudaState& state, VectorView<double> y, VectorView<const float> x) {
  launch(state, LaunchShape{1, kThreads, sizeof(Sums)}, sums_kernel, y, x);
}
void nothing(CudaState& state, dim3 grid, dim3 block, std::size_t shared_bytes) {
  launch(state, LaunchShape{grid, block, shared_bytes}, nothing_kernel);
}
void wait_often(CudaState& state, dim3 grid, dim3 block, int barriers) {
  launch(state, LaunchShape{grid, block}, wait_often_kernel, barriers);
}

}  // namespace elbo::test
