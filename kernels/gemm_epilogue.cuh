#pragma once
// Passes a product's sums to the epilogue. They go through shared or global memory, so that the epilogue gets
// them row by row, with neighbouring threads on neighbouring columns. product.cuh describes epilogues.

#include "arch/grid_dependency.cuh"
#include "memory.cuh"
#include "ops/gemm_plan.h"
#include "gemm_tile.cuh"
#include "warp.cuh"

namespace elbo::cuda {

/// Sums [splits, m, n] in memory that a second kernel adds in order; null if there is none.
struct PartialSums {
  float* data = nullptr;
  std::int64_t row_stride = 0, split_stride = 0;
  int splits = 1;
  float* operand_sums = nullptr;  ///< [splits, m]
};

/// The memory of `rows` rows of `cols` floats, `stride` apart.
inline MemoryRange memory_of(const float* data, std::int64_t rows, std::int64_t cols, std::int64_t stride) {
  const std::int64_t floats = data && rows > 0 ? (rows - 1) * stride + cols : 0;
  return {data, sizeof(float) * static_cast<std::size_t>(floats)};
}
/// The memory of a MatrixView or VectorView.
template <class View>
MemoryRange range_of(const View& view) {
  if constexpr (requires { view.stride; })
    return memory_of(view.data, view.rows, view.cols, view.stride);
  else
    return memory_of(view.data, 1, view.size, 0);
}

/// The place of a block's results in c [rows, cols].
struct ResultPlace {
  std::int64_t first_row, first_col, tile_col, rows, cols;
  int split;
};

template <class Epilogue>
inline constexpr bool kSumsRows = requires(const Epilogue& f) {
  f.row_sum(std::int64_t{}, std::int64_t{}, 0.0f);
};
template <class Epilogue>
inline constexpr bool kSumsOperand = requires(const Epilogue& f) {
  f.operand_sum(std::int64_t{}, 0.0f);
};
/// Whether an epilogue reads beforehand what its quads need.
template <class Epilogue>
inline constexpr bool kReadsAhead = requires(const Epilogue& f) {
  f.load(std::int64_t{}, std::int64_t{}, 0);
};
/// Whether an epilogue may be just a bias, which cuBLASLt adds by itself.
template <class Epilogue>
inline constexpr bool kAddsBiasAlone = requires(const Epilogue& f) {
  f.bias_alone();
};
/// Whether all that the epilogue writes is known.
template <class Epilogue>
inline constexpr bool kSaysWhatItWrites = requires(const Epilogue& f) {
  f.writes();
};
/// Whether the epilogue takes the plan that runs.
template <class Epilogue>
inline constexpr bool kBegins = requires(Epilogue& f, const ops::GemmPlan& plan) {
  f.begin(plan);
};
/// Whether a product may store its sums in the epilogue's memory, which the epilogue then overwrites.
template <class Epilogue>
inline constexpr bool kHasStaging = requires(const Epilogue& f) {
  f.staging();
};

/// The number of a row's columns from col on, at most four.
__device__ inline int quad_count(std::int64_t cols, std::int64_t col) {
  return cols - col < 4 ? static_cast<int>(cols - col) : 4;
}

/// Calls quad() where a thread's quad exists. If the epilogue sums rows, all threads call this together, and
/// it calls row_sum() for the kAcross neighbouring lanes whose quads belong to one row.
template <int kAcross, class Epilogue, class Quad>
__device__ void with_row_sum(const Epilogue& epilogue, std::int64_t row, std::int64_t part, std::int64_t rows,
                             bool exists, const Quad& quad) {
  if constexpr (kSumsRows<Epilogue>) {
    static_assert(kAcross <= kWarpSize && (kAcross & (kAcross - 1)) == 0);
    float sum = exists ? quad() : 0.0f;
    for (int apart = kAcross / 2; apart > 0; apart /= 2) sum += warp_exchange(sum, apart);
    if (row < rows && lane_in_warp() % kAcross == 0) epilogue.row_sum(row, part, sum);
  } else {
    if (exists) quad();
  }
}

/// What an epilogue reads before it finishes a quad. A quad that does not exist, with a count below 1, reads
/// none of its columns.
template <class Epilogue>
struct ReadAhead {
  __device__ ReadAhead(const Epilogue&, std::int64_t, std::int64_t, int) {}
  __device__ auto finish(const Epilogue& epilogue, std::int64_t row, std::int64_t col, float4 sums,
                         int count) const {
    return epilogue.quad(row, col, sums, count);
  }
};
template <class Epilogue>
requires kReadsAhead<Epilogue>
struct ReadAhead<Epilogue> {
  typename Epilogue::Columns columns;
  typename Epilogue::Operands operands;

  __device__ ReadAhead(const Epilogue& epilogue, std::int64_t row, std::int64_t col, int count)
      : columns(epilogue.columns(col, count)), operands(epilogue.load(row, col, count)) {}
  __device__ auto finish(const Epilogue& epilogue, std::int64_t row, std::int64_t col, float4 sums,
                         int count) const {
    return epilogue.quad(row, col, sums, count, columns, operands);
  }
};

__device__ inline float4 add4(float4 a, float4 b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w};
}

/// A thread's quads of the block's results: kCount of them, in one column, kDown rows apart.
template <class T>
struct ThreadQuads {
  static constexpr int kAcross = T::kCols / 4, kDown = T::kThreads / kAcross, kCount = T::kRows / kDown;
  static_assert(T::kThreads % kAcross == 0 && T::kRows % kDown == 0);

  const SharedResults<T>& results;
  int first_row = static_cast<int>(threadIdx.x) / kAcross, col = static_cast<int>(threadIdx.x) % kAcross * 4;

  __device__ int row(int i) const { return first_row + i * kDown; }
  /// The slices' sums, added in order.
  __device__ float4 sums(int i) const {
    float4 sums = load4(&results[0][row(i)][col]);
    ELBO_UNROLL
    for (int k_slice = 1; k_slice < T::kKSlices; ++k_slice)
      sums = add4(sums, load4(&results[k_slice][row(i)][col]));
    return sums;
  }
};

/// The number of quads of `floats` whose operands a thread reads at once, of `count`, with so many registers.
constexpr int quads_at_once(int floats, int count, int registers) {
  constexpr int kMax = 4, kForTheRest = 64;
  int quads = floats == 0 ? 1 : std::min(kMax, count);
  while (quads > 1 && quads * floats > registers - kForTheRest) quads /= 2;
  return quads;
}
template <class T, class Epilogue>
inline constexpr int kQuadsAtOnce = quads_at_once(static_cast<int>(sizeof(typename Epilogue::Operands) / 4),
                                                  ThreadQuads<T>::kCount, T::kRegisters);

/// Finishes kQuads of a thread's quads, from the `first` on. All rows exist, and all columns if `exists`.
template <class T, int kQuads, class Epilogue>
__device__ void finish_quads(const ThreadQuads<T>& quads, int first, const ResultPlace& place, bool exists,
                             const Epilogue& epilogue, const typename Epilogue::Columns& columns) {
  const std::int64_t col = place.first_col + quads.col;
  typename Epilogue::Operands operands[kQuads];
  ELBO_UNROLL
  for (int i = 0; i < kQuads; ++i) {
    if (exists) operands[i] = epilogue.load(place.first_row + quads.row(first + i), col, 4);
  }
  // Operands move up instead of being indexed, so that they stay in registers and the code is there once.
  ELBO_KEEP_LOOP
  for (int i = first; i < first + kQuads; ++i) {
    const std::int64_t row = place.first_row + quads.row(i);
    with_row_sum<ThreadQuads<T>::kAcross>(epilogue, row, place.tile_col, place.rows, exists, [&] {
      return epilogue.quad(row, col, quads.sums(i), 4, columns, operands[0]);
    });
    ELBO_UNROLL
    for (int next = 1; next < kQuads; ++next) operands[next - 1] = operands[next];
  }
}

/// Passes a block's results to the epilogue. Whether several quads are read ahead at once is the same for all
/// of a warp's threads, which sum rows together.
template <class T, class Epilogue>
__device__ void epilogue_results(const SharedResults<T>& results, const ResultPlace& place,
                                 const Epilogue& epilogue) {
  using Quads = ThreadQuads<T>;
  const Quads quads{results};
  const std::int64_t col = place.first_col + quads.col;
  const int count = quad_count(place.cols, col);
  const auto finish_one = [&](int i, const auto& quad) {
    const std::int64_t row = place.first_row + quads.row(i);
    with_row_sum<Quads::kAcross>(epilogue, row, place.tile_col, place.rows, row < place.rows && count > 0,
                                 [&] { return quad(row, quads.sums(i)); });
  };
  if constexpr (kReadsAhead<Epilogue>) {
    constexpr int kQuads = kQuadsAtOnce<T, Epilogue>;
    const auto columns = epilogue.columns(col, count);
    const bool whole = epilogue.quads && place.cols % 4 == 0;
    int i = 0;
    ELBO_KEEP_LOOP
    for (; whole && i < Quads::kCount && place.first_row + (i + kQuads) * Quads::kDown <= place.rows;
         i += kQuads)
      finish_quads<T, kQuads>(quads, i, place, count > 0, epilogue, columns);
    ELBO_KEEP_LOOP
    for (; i < Quads::kCount; ++i) {
      finish_one(i, [&](std::int64_t row, float4 sums) {
        return epilogue.quad(row, col, sums, count, columns, epilogue.load(row, col, count));
      });
    }
  } else {
    ELBO_KEEP_LOOP
    for (int i = 0; i < Quads::kCount; ++i)
      finish_one(i, [&](std::int64_t row, float4 sums) { return epilogue.quad(row, col, sums, count); });
  }
}

template <class T>
__device__ void keep_results(const SharedResults<T>& results, const ResultPlace& place,
                             const PartialSums& partial) {
  float* const to = partial.data + place.split * partial.split_stride;
  const ThreadQuads<T> quads{results};
  const std::int64_t col = place.first_col + quads.col;
  constexpr int kAtOnce = ThreadQuads<T>::kCount < 4 ? ThreadQuads<T>::kCount : 4;
  ELBO_KEEP_LOOP
  for (int first = 0; first < quads.kCount; first += kAtOnce) {
    ELBO_UNROLL
    for (int i = first; i < first + kAtOnce; ++i) {
      const std::int64_t row = place.first_row + quads.row(i);
      if (row < place.rows && col < place.cols) store4(to + row * partial.row_stride + col, quads.sums(i));
    }
  }
}

/// Finishes a block's sums of a's rows, given as [parts, rows].
template <class T, int kParts, class Epilogue>
__device__ void epilogue_operand_sums(const float (&sums)[kParts][T::kRows], const ResultPlace& place,
                                      const PartialSums& partial, const Epilogue& epilogue) {
  const int in_row = static_cast<int>(threadIdx.x);
  const std::int64_t row = place.first_row + in_row;
  if (in_row >= T::kRows || row >= place.rows) return;  // no barrier follows
  float sum = sums[0][in_row];
  for (int part = 1; part < kParts; ++part) sum += sums[part][in_row];
  if (partial.data) {
    partial.operand_sums[place.split * place.rows + row] = sum;
  } else {
    epilogue.operand_sum(row, sum);
  }
}

inline constexpr int kEpilogueWarps = 4;

/// Adds partial sums in order and finishes them: a warp per row and group of kEpilogueColumns columns.
template <class Epilogue>
__global__ void __launch_bounds__(kEpilogueWarps* kWarpSize)
    epilogue_kernel(PartialSums partial, std::int64_t rows, std::int64_t cols, bool aligned,
                    Epilogue epilogue) {
  static_assert(ops::kEpilogueColumns == 4 * kWarpSize);
  arch::wait_for_previous_grid();
  arch::let_next_grid_begin();
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kEpilogueWarps + warp_in_block();
  const std::int64_t part = blockIdx.y;
  if (row >= rows) return;  // the whole warp; no barrier follows
  const std::int64_t col = part * ops::kEpilogueColumns + 4 * lane_in_warp();
  const int count = quad_count(cols, col);
  const ReadAhead<Epilogue> ahead(epilogue, row, col, count);
  const float* from = partial.data + row * partial.row_stride + col;
  float4 sums = load4(from, cols - col, aligned);
  for (int split = 1; split < partial.splits; ++split) {
    from += partial.split_stride;
    sums = add4(sums, load4(from, cols - col, aligned));
  }
  with_row_sum<kWarpSize>(epilogue, row, part, rows, count > 0,
                          [&] { return ahead.finish(epilogue, row, col, sums, count); });
  if constexpr (kSumsOperand<Epilogue>) {
    if (!partial.operand_sums || part != 0 || lane_in_warp() != 0) return;
    float sum = partial.operand_sums[row];
    for (int split = 1; split < partial.splits; ++split) sum += partial.operand_sums[split * rows + row];
    epilogue.operand_sum(row, sum);
  }
}

template <class Epilogue>
void launch_epilogue(CudaState& state, const PartialSums& partial, std::int64_t rows, std::int64_t cols,
                     bool overlap, const Epilogue& epilogue) {
  LaunchShape shape(dim3(blocks_for(rows, kEpilogueWarps), blocks_for(cols, ops::kEpilogueColumns)),
                    kEpilogueWarps * kWarpSize);
  shape.overlap = overlap;
  const bool aligned = rows_aligned16(partial.data, partial.row_stride) && partial.split_stride % 4 == 0;
  launch(state, shape, epilogue_kernel<Epilogue>, partial, rows, cols, aligned, epilogue);
}

constexpr int kSumCols = 32, kSumRows = 8;

struct OperandSumStorage {
  float partial[kSumRows][kSumCols];
};

/// Calls epilogue.operand_sum() for an operand whose k goes across its rows, when cuBLAS computes the
/// product: eight threads of a column each take every eighth row, then the first adds up the eight sums.
template <class Epilogue>
__global__ void __launch_bounds__(kSumCols* kSumRows)
    operand_sums_kernel(const float* data, std::int64_t stride, std::int64_t extent, std::int64_t k,
                        Epilogue epilogue) {
  auto& shared = shared_storage<OperandSumStorage>();
  const int lane = static_cast<int>(threadIdx.x) % kSumCols, first = static_cast<int>(threadIdx.x) / kSumCols;
  const std::int64_t col = static_cast<std::int64_t>(blockIdx.x) * kSumCols + lane;
  float sum = 0.0f;
  if (col < extent) {
    for (std::int64_t row = first; row < k; row += kSumRows) sum += data[row * stride + col];
  }
  shared.partial[first][lane] = sum;
  sync_block();
  if (first != 0 || col >= extent) return;  // no barrier follows
  for (int i = 1; i < kSumRows; ++i) sum += shared.partial[i][lane];
  epilogue.operand_sum(col, sum);
}

}  // namespace elbo::cuda
