#pragma once
// How one matrix product runs on a GPU: the tile of a block, the number of splits of the inner dimension, the
// precision. Plain data and arithmetic; kernels/gemm.cuh runs a plan.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/precision.h"
#include "runtime/context.h"

namespace elbo::ops {

/// A layer's three products, each c[m, n] = Σ_k a b.
enum class GemmKind {
  forward,          ///< y = x wᵀ: m = batch, n = out, k = in
  backward_input,   ///< dx = dy w: m = batch, n = in, k = out
  backward_params,  ///< dw = dyᵀ x: m = out, n = in, k = batch
};

/// A product for which a plan is chosen.
struct GemmKey {
  std::int64_t m, n, k;
  GemmKind kind;
  Precision precision;

  bool operator==(const GemmKey&) const = default;
  /// "forward_m128_n400_k784_tf32".
  std::string name() const;
  double flops() const;
  /// The bytes of reading both operands and writing the result once.
  double bytes() const;
};

/// A block's tile [rows, cols] of c. It takes `depth` of the inner dimension at a time, and `stages` such
/// pieces are in flight or in use. Its warps form a grid of warps_down × warps_across; `k_slices` such grids
/// divide the depth among them, and their sums are added in order at the end.
struct GemmTile {
  int rows, cols, depth, stages;
  int warps_down, warps_across, k_slices;

  constexpr int warps() const { return warps_down * warps_across * k_slices; }
  constexpr int threads() const { return 32 * warps(); }
  constexpr int warp_rows() const { return rows / warps_down; }
  constexpr int warp_cols() const { return cols / warps_across; }
};

/// Tiles for scalar multiply-adds, in fp32.
inline constexpr GemmTile kScalarTiles[] = {
    {32, 32, 32, 3, 2, 4, 1},
    {64, 64, 16, 4, 2, 4, 1},
    {128, 128, 16, 3, 2, 4, 1},
};

/// Tiles for tensor cores, in tf32 and bf16.
inline constexpr GemmTile kTensorTiles[] = {
    {16, 32, 64, 4, 1, 1, 4},    //
    {32, 32, 64, 4, 1, 1, 4},    //
    {32, 64, 32, 4, 1, 2, 2},    //
    {64, 64, 32, 4, 2, 2, 1},    //
    {128, 64, 32, 3, 4, 2, 1},   //
    {128, 128, 16, 4, 2, 2, 1},  //
    {256, 128, 16, 4, 4, 2, 1},
};

enum class GemmEngine {
  scalar,  ///< kScalarTiles; fp32
  tensor,  ///< kTensorTiles; tf32 and bf16
  blas,    ///< cuBLAS (cuBLASLt in tf32 and bf16), then a pass over its sums
};

/// The number of columns per partial row sum, if a split or cuBLAS product has an epilogue that sums rows.
inline constexpr int kEpilogueColumns = 128;

struct GemmPlan {
  GemmEngine engine = GemmEngine::scalar;
  Precision precision = Precision::fp32;
  int tile = 0;    ///< index of the engine's tile, or of cuBLASLt's algorithm, its best guess first
  int splits = 1;  ///< blocks that share a tile's inner dimension; they leave partial sums, added in order
  /// Programmatic dependent launch: the grid begins while the previous grid ends. Only if the stream's
  /// previous grid allows it.
  bool overlap = false;

  bool operator==(const GemmPlan&) const = default;
  /// "tf32_32x64x32_split2", "blas_fp32".
  std::string name() const;
  const GemmTile& shape() const;
  /// "fp32 units", "tensor cores", "cuBLAS"; and the tile, "32x64x32", empty for cuBLAS.
  std::string engine_name() const;
  std::string tile_name() const;
  /// Whether a second kernel applies the epilogue to sums in memory.
  bool two_kernels() const { return splits > 1 || engine == GemmEngine::blas; }
  /// For an epilogue that sums rows: the number of neighbouring columns in one partial sum, and the number of
  /// partial sums in a row of n columns.
  int row_sum_columns() const { return two_kernels() ? kEpilogueColumns : shape().cols; }
  std::int64_t row_sums(std::int64_t n) const { return (n + row_sum_columns() - 1) / row_sum_columns(); }
};

/// The device's limits for plans.
struct GemmLimits {
  int sm_count;
  int compute_capability;  ///< 90 for 9.0
  std::size_t max_shared_bytes;
  std::size_t workspace_bytes;  ///< for partial sums
};

/// Shared memory of a tile's block: its stages, which later hold its results, and a's sums.
constexpr std::size_t shared_bytes(const GemmTile& tile, GemmKind kind) {
  const bool a_along_k = kind != GemmKind::backward_params, b_along_k = kind == GemmKind::forward;
  const int a = a_along_k ? tile.rows * (tile.depth + 4) : tile.depth * (tile.rows + 8);
  const int b = b_along_k ? tile.cols * (tile.depth + 4) : tile.depth * (tile.cols + 8);
  const int stages = tile.stages * (a + b), results = tile.k_slices * tile.rows * (tile.cols + 8);
  return 4 * static_cast<std::size_t>((stages > results ? stages : results) + tile.threads());
}
/// The number of a tile's blocks for which a multiprocessor of sm_90 has shared memory, in the product that
/// takes the largest part of it.
constexpr int shared_blocks(const GemmTile& tile) {
  std::size_t bytes = 0;
  for (const GemmKind kind : {GemmKind::forward, GemmKind::backward_input, GemmKind::backward_params})
    bytes = std::max(bytes, shared_bytes(tile, kind) + 1024);
  return static_cast<int>(std::size_t{228 * 1024} / bytes);
}
/// The workspace that a plan needs.
std::size_t workspace_bytes(const GemmPlan& plan, const GemmKey& key);
/// The row stride of a bf16 operand, in numbers: cuBLASLt needs rows aligned to 16 bytes.
constexpr std::int64_t bf16_stride(std::int64_t cols) {
  return (cols + 7) / 8 * 8;
}
/// The row stride of partial sums [m, n], in floats.
constexpr std::int64_t partial_stride(std::int64_t n) {
  return (n + 3) / 4 * 4;
}

/// The number of the inner dimension's values per split: a multiple of the tile's depth, such that no split
/// is empty.
std::int64_t split_length(const GemmPlan& plan, std::int64_t k);

/// All plans worth timing for a product on such a device; the first is the choice without measurement.
std::vector<GemmPlan> candidates(const GemmKey& key, const GemmLimits& limits);

/// The candidate of that name, if there is one.
std::optional<GemmPlan> find_candidate(const GemmKey& key, const GemmLimits& limits, std::string_view name);

/// The candidate with the smallest predicted_seconds(); the second function never chooses cuBLAS.
GemmPlan choose_gemm(const GemmKey& key, const GemmLimits& limits);
GemmPlan choose_own_gemm(const GemmKey& key, const GemmLimits& limits);

/// The predicted seconds of a plan, from its blocks' bytes, arithmetic and latencies, with an H200's figures
/// per multiprocessor. For choosing plans, and for comparison with measurements.
double predicted_seconds(const GemmPlan& plan, const GemmKey& key, const GemmLimits& limits);

/// Plans that are settled for products, by measurement or by an earlier part of the same training. A GPU's
/// context asks the choices attached to it, so its products run the same way during its lifetime.
class GemmChoices : public KernelChoices {
 public:
  /// The settled plan, or choose_gemm(). Remembers the request.
  GemmPlan plan(const GemmKey& key, const GemmLimits& limits);
  /// The requested products, each once, in order.
  const std::vector<GemmKey>& asked() const noexcept { return asked_; }

  void settle(const GemmKey& key, const GemmPlan& plan);
  bool empty() const noexcept { return settled_.empty(); }
  /// The settled plans' names by the products' names.
  std::map<std::string, std::string> names() const;

 private:
  std::vector<GemmKey> asked_;
  std::map<std::string, GemmPlan> settled_;  ///< by the product's name
};

/// The plan from the context's choices if it has any; else choose_gemm().
GemmPlan planned_gemm(const Context& context, const GemmKey& key, const GemmLimits& limits);

/// Records the plan of the product that is being launched, if its op is traced.
void note_gemm(const GemmPlan& plan);

}  // namespace elbo::ops
