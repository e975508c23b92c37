#pragma once
// How one matrix product runs on a GPU: which tile a block computes, how far the inner dimension is split, in
// which precision. Plain data and arithmetic; kernels/product.cuh runs a plan.

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

/// Which of a layer's three products: c[m, n] = Σ_k a b.
enum class ProductKind {
  forward,          ///< y = x wᵀ: m = batch, n = out, k = in
  backward_input,   ///< dx = dy w: m = batch, n = in, k = out
  backward_params,  ///< dw = dyᵀ x: m = out, n = in, k = batch
};

/// What a plan is chosen for.
struct ProductKey {
  std::int64_t m, n, k;
  ProductKind kind;
  Precision precision;

  bool operator==(const ProductKey&) const = default;
  /// "forward_m128_n400_k784_tf32".
  std::string name() const;
  double flops() const;
  /// Both operands read once, the result written once.
  double bytes() const;
};

/// A block's piece [rows, cols] of c, `depth` of the inner dimension at a time, `stages` of which are on the
/// way or in use. Its warps stand in a grid of warps_down × warps_across; `slices` such grids share the depth
/// among them, and their sums are added in order at the end.
struct ProductTile {
  int rows, cols, depth, stages;
  int warps_down, warps_across, slices;

  constexpr int warps() const { return warps_down * warps_across * slices; }
  constexpr int threads() const { return 32 * warps(); }
  constexpr int warp_rows() const { return rows / warps_down; }
  constexpr int warp_cols() const { return cols / warps_across; }
};

/// For multiply-adds of single values, in fp32.
inline constexpr ProductTile kScalarTiles[] = {
    {32, 32, 32, 3, 2, 4, 1},
    {64, 64, 16, 4, 2, 4, 1},
    {128, 128, 16, 3, 2, 4, 1},
};

/// For tensor cores, in tf32 and bf16.
inline constexpr ProductTile kTensorTiles[] = {
    {16, 32, 64, 4, 1, 1, 4},    //
    {32, 32, 64, 4, 1, 1, 4},    //
    {32, 64, 32, 4, 1, 2, 2},    //
    {64, 64, 32, 4, 2, 2, 1},    //
    {128, 64, 32, 3, 4, 2, 1},   //
    {128, 128, 16, 4, 2, 2, 1},  //
    {256, 128, 16, 4, 4, 2, 1},
};

enum class ProductEngine {
  scalar,  ///< kScalarTiles; fp32
  tensor,  ///< kTensorTiles; tf32 and bf16
  blas,    ///< cuBLAS, in tf32 and bf16 cuBLASLt, and a pass over what it leaves
};

/// The columns whose results a split or cuBLAS's product sums per row where its epilogue sums rows.
inline constexpr int kFinishColumns = 128;

struct ProductPlan {
  ProductEngine engine = ProductEngine::scalar;
  Precision precision = Precision::fp32;
  int tile = 0;  ///< index into the engine's tiles; of cuBLASLt's algorithms, from what it holds for the best
  int splits = 1;  ///< blocks that share a tile's inner dimension; they leave partial sums, added in order
  /// Programmatic dependent launch: the grid begins while the one before it ends. Only where the stream's
  /// grid before is one that lets it.
  bool overlap = false;

  bool operator==(const ProductPlan&) const = default;
  /// "tf32_32x64x32_split2", "blas_fp32".
  std::string name() const;
  const ProductTile& shape() const;
  /// "fp32 units", "tensor cores", "cuBLAS"; and the tile of a block of ours, "32x64x32", else nothing.
  std::string engine_name() const;
  std::string tile_name() const;
  /// Whether results are finished by a second kernel, from sums in memory.
  bool two_kernels() const { return splits > 1 || engine == ProductEngine::blas; }
  /// How many neighbouring columns of a row an epilogue that sums rows is given as one sum, and how many such
  /// sums a row of n columns has.
  int row_sum_columns() const { return two_kernels() ? kFinishColumns : shape().cols; }
  std::int64_t row_sums(std::int64_t n) const { return (n + row_sum_columns() - 1) / row_sum_columns(); }
};

/// What plans must fit.
struct ProductLimits {
  int sm_count;
  int compute_capability;  ///< 90 for 9.0
  std::size_t max_shared_bytes;
  std::size_t workspace_bytes;  ///< for partial sums
};

/// Shared memory of a tile's block: its stages, where later its results are, and a's sums.
constexpr std::size_t shared_bytes(const ProductTile& tile, ProductKind kind) {
  const bool a_along_k = kind != ProductKind::backward_params, b_along_k = kind == ProductKind::forward;
  const int a = a_along_k ? tile.rows * (tile.depth + 4) : tile.depth * (tile.rows + 8);
  const int b = b_along_k ? tile.cols * (tile.depth + 4) : tile.depth * (tile.cols + 8);
  const int stages = tile.stages * (a + b), results = tile.slices * tile.rows * (tile.cols + 8);
  return 4 * static_cast<std::size_t>((stages > results ? stages : results) + tile.threads());
}
/// Workspace that a plan needs.
std::size_t workspace_bytes(const ProductPlan& plan, const ProductKey& key);
/// Numbers between the rows of an operand in bf16, which cuBLASLt wants at 16 bytes.
constexpr std::int64_t bf16_stride(std::int64_t cols) {
  return (cols + 7) / 8 * 8;
}
/// Floats between the rows of partial sums [m, n].
constexpr std::int64_t partial_stride(std::int64_t n) {
  return (n + 3) / 4 * 4;
}

/// The inner dimension's values per split: a multiple of the tile's depth, and none of the splits is empty.
std::int64_t split_length(const ProductPlan& plan, std::int64_t k);

/// Every plan worth timing for a product on such a device; the first is the one that is chosen unmeasured.
std::vector<ProductPlan> candidates(const ProductKey& key, const ProductLimits& limits);

/// The candidate of that name, where there is one.
std::optional<ProductPlan> find_candidate(const ProductKey& key, const ProductLimits& limits,
                                          std::string_view name);

/// The candidate that predicted_seconds() holds for the fastest; the second never is cuBLAS.
ProductPlan choose_product(const ProductKey& key, const ProductLimits& limits);
ProductPlan choose_own_product(const ProductKey& key, const ProductLimits& limits);

/// Seconds that a plan should take, from the bytes that its blocks move, their arithmetic and latencies, with
/// an H200's figures per multiprocessor. For choosing, and to hold measurements against.
double predicted_seconds(const ProductPlan& plan, const ProductKey& key, const ProductLimits& limits);

/// Plans that were settled for products, by measurement or by an earlier part of the same training. A GPU's
/// context that carries one asks it, and so its products run the same way for as long as it lives.
class ProductChoices : public KernelChoices {
 public:
  /// The settled plan, or choose_product(). Remembers that it was asked.
  ProductPlan plan(const ProductKey& key, const ProductLimits& limits);
  /// The products that were asked for, each once, in order.
  const std::vector<ProductKey>& asked() const noexcept { return asked_; }

  void settle(const ProductKey& key, const ProductPlan& plan);
  bool empty() const noexcept { return settled_.empty(); }
  /// The settled plans: the products' names and theirs.
  std::map<std::string, std::string> names() const;

 private:
  std::vector<ProductKey> asked_;
  std::map<std::string, ProductPlan> settled_;  ///< by the product's name
};

/// What the context's choices say, where it carries some; else choose_product().
ProductPlan planned_product(const Context& context, const ProductKey& key, const ProductLimits& limits);

/// Names the plan of the product that is being given to the device, where its op is traced.
void note_product(const ProductPlan& plan);

}  // namespace elbo::ops
