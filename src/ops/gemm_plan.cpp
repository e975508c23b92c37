#include "ops/gemm_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/blas_workspace.h"
#include "base/check.h"

namespace elbo::ops {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

std::int64_t tiles_of(const GemmTile& tile, const GemmKey& key) {
  return ceil_div(key.m, tile.rows) * ceil_div(key.n, tile.cols);
}

// Figures of an H200, per multiprocessor. Bandwidths and rates of mma.sync are values that others report to
// reach, not peaks.
namespace h200 {
constexpr double kClock = 1.755e9;
constexpr double kL2PerSm = 64 * kClock * 0.8;  ///< bytes per second that one multiprocessor reads
constexpr double kL2Total = 5.5e12;             ///< bytes per second that all read together
constexpr double kShared = 128 * kClock;        ///< bytes per second from shared memory
constexpr double kTf32 = 495e12 / 132 * 0.6;    ///< mma.sync is slower than wgmma
constexpr double kBf16 = 989e12 / 132 * 0.6;
constexpr double kFp32 = 67e12 / 132 * 0.75;
constexpr double kSharedBytes = 227 * 1024;
constexpr double kThreads = 2048;
constexpr double kRegisters = 65536;
constexpr double kFirstBytes = 0.9e-6;  ///< from a block's start to its first stage in shared memory
constexpr double kStep = 90 / kClock;   ///< barrier, loads and a chain of multiply-adds
constexpr double kEpilogue = 0.5e-6;    ///< a block's results through shared memory to the last store
constexpr double kNextKernel = 1.5e-6;  ///< one more kernel in a graph
constexpr double kBlasFp32 = 67e12 * 0.85;
constexpr double kBlasTf32 = 495e12 * 0.7;
constexpr double kBlasBf16 = 989e12 * 0.7;
constexpr double kMemory = 4e12;  ///< bytes per second
}  // namespace h200

double math_rate(Precision precision) {
  return precision == Precision::fp32   ? h200::kFp32
         : precision == Precision::tf32 ? h200::kTf32
                                        : h200::kBf16;
}

/// The share of the peak that cuBLAS reaches on large products.
double blas_rate(Precision precision) {
  return precision == Precision::fp32   ? h200::kBlasFp32
         : precision == Precision::tf32 ? h200::kBlasTf32
                                        : h200::kBlasBf16;
}

double blas_seconds(const GemmKey& key, const GemmLimits& limits) {
  const double epilogue = 4.0 * 2 * static_cast<double>(key.m * key.n) / h200::kL2Total;
  // In bf16 both operands are first read as floats and written as bf16.
  const double operands =
      key.precision == Precision::bf16
          ? 2 * h200::kNextKernel + 6.0 * static_cast<double>((key.m + key.n) * key.k) / h200::kMemory
          : 0.0;
  const double rate = blas_rate(key.precision) * std::min(1.0, limits.sm_count / 132.0);
  return 4e-6 + key.flops() / rate + h200::kNextKernel + epilogue + operands;
}

/// The number of a tile's blocks that one multiprocessor holds.
double resident_blocks(const GemmPlan& plan, GemmKind kind) {
  const GemmTile& tile = plan.shape();
  const double shared = static_cast<double>(shared_bytes(tile, kind)) + 1024;
  const double sums = static_cast<double>(tile.rows * tile.cols * tile.k_slices) / tile.threads();
  const double registers = tile.threads() * std::min(255.0, 64 + 1.5 * sums);
  return std::max(1.0, std::floor(std::min({h200::kSharedBytes / shared, h200::kThreads / tile.threads(),
                                            h200::kRegisters / registers})));
}

constexpr int kSplits[] = {1, 2, 3, 4, 6, 8, 12, 16};

/// Whether every split has enough work to be worth the second kernel.
bool split_pays(const GemmPlan& plan, const GemmKey& key, const GemmLimits& limits) {
  if (plan.splits == 1) return true;
  const GemmTile& tile = plan.shape();
  return key.k >= 2 * plan.splits * tile.depth && (plan.splits - 1) * split_length(plan, key.k) < key.k &&
         tiles_of(tile, key) * plan.splits <= 2 * static_cast<std::int64_t>(limits.sm_count);
}

/// Whether half of the tile would hold the whole product; it then wastes more than a smaller tile.
bool too_large(const GemmTile& tile, const GemmTile& smallest, const GemmKey& key) {
  return (tile.rows > smallest.rows && tile.rows >= 2 * key.m) ||
         (tile.cols > smallest.cols && tile.cols >= 2 * key.n);
}

template <std::size_t kCount>
void add_tiles(std::vector<GemmPlan>& plans, const GemmTile (&tiles)[kCount], GemmEngine engine,
               const GemmKey& key, const GemmLimits& limits) {
  for (std::size_t index = 0; index < kCount; ++index) {
    const GemmTile& tile = tiles[index];
    if (shared_bytes(tile, key.kind) > limits.max_shared_bytes) continue;
    if (too_large(tile, tiles[0], key)) continue;
    for (const int splits : kSplits) {
      const GemmPlan plan{engine, key.precision, static_cast<int>(index), splits};
      if (!split_pays(plan, key, limits)) continue;
      if (workspace_bytes(plan, key) <= limits.workspace_bytes) plans.push_back(plan);
    }
  }
}

/// Whether the plan should not be tried. cuBLASLt needs a second kernel for the epilogue, and its time for
/// little work is hard to predict; unless measured, small products use our tiles.
bool unlikely_to_pay(const GemmPlan& plan, const GemmKey& key) {
  constexpr double kLittle = 0x1p28;
  return plan.engine == GemmEngine::blas && key.precision != Precision::fp32 && key.flops() < kLittle;
}

/// Number of cuBLASLt's algorithms that are worth a trial.
constexpr int kBlasAlgorithms = 4;

/// cuBLAS counts in int.
bool blas_takes(const GemmKey& key) {
  constexpr std::int64_t kLargest = std::numeric_limits<int>::max();
  return std::max({key.m, key.n, key.k}) <= kLargest && std::min({key.m, key.n, key.k}) > 0;
}

}  // namespace

std::string GemmKey::name() const {
  const char* const kinds[] = {"forward", "backward_input", "backward_params"};
  return concat(kinds[static_cast<int>(kind)], "_m", m, "_n", n, "_k", k, "_", precision_name(precision));
}

double GemmKey::flops() const {
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

double GemmKey::bytes() const {
  return 4.0 * static_cast<double>(m * k + n * k + m * n);
}

const GemmTile& GemmPlan::shape() const {
  const auto index = static_cast<std::size_t>(tile);
  return engine == GemmEngine::tensor ? kTensorTiles[index] : kScalarTiles[index];
}

std::string GemmPlan::name() const {
  if (engine == GemmEngine::blas) {
    return concat("blas_", precision_name(precision), tile > 0 ? concat("_algorithm", tile) : "");
  }
  const GemmTile& t = shape();
  return concat(precision_name(precision), "_", t.rows, "x", t.cols, "x", t.depth,
                splits > 1 ? concat("_split", splits) : "");
}

std::string GemmPlan::engine_name() const {
  return engine == GemmEngine::blas     ? (precision == Precision::fp32 ? "cuBLAS" : "cuBLASLt")
         : engine == GemmEngine::tensor ? "tensor cores"
                                        : "fp32 units";
}

std::string GemmPlan::tile_name() const {
  if (engine == GemmEngine::blas) return tile > 0 ? concat("algorithm ", tile) : "";
  return concat(shape().rows, "x", shape().cols, "x", shape().depth);
}

std::size_t workspace_bytes(const GemmPlan& plan, const GemmKey& key) {
  if (plan.engine == GemmEngine::blas) {
    if (plan.precision != Precision::bf16) return 0;
    // In either orientation of an operand, a row is padded by at most seven numbers.
    return kLtWorkspace + 2 * static_cast<std::size_t>((key.m + 7) * (key.k + 7) + (key.n + 7) * (key.k + 7));
  }
  if (plan.splits == 1) return 0;
  return 4 * static_cast<std::size_t>(plan.splits * key.m * (partial_stride(key.n) + 1));
}

std::int64_t split_length(const GemmPlan& plan, std::int64_t k) {
  const int depth = plan.shape().depth;
  return std::max<std::int64_t>(1, ceil_div(ceil_div(k, plan.splits), depth)) * depth;
}

std::vector<GemmPlan> candidates(const GemmKey& key, const GemmLimits& limits) {
  std::vector<GemmPlan> plans;
  if (key.precision == Precision::fp32) {
    add_tiles(plans, kScalarTiles, GemmEngine::scalar, key, limits);
    if (blas_takes(key)) plans.push_back({GemmEngine::blas, key.precision});
  } else {
    add_tiles(plans, kTensorTiles, GemmEngine::tensor, key, limits);
    for (int rank = 0; rank < kBlasAlgorithms && blas_takes(key); ++rank) {
      const GemmPlan plan{GemmEngine::blas, key.precision, rank};
      if (workspace_bytes(plan, key) <= limits.workspace_bytes) plans.push_back(plan);
    }
  }
  std::stable_sort(plans.begin(), plans.end(), [&](const GemmPlan& a, const GemmPlan& b) {
    if (unlikely_to_pay(a, key) != unlikely_to_pay(b, key)) return unlikely_to_pay(b, key);
    return predicted_seconds(a, key, limits) < predicted_seconds(b, key, limits);
  });
  return plans;
}

std::optional<GemmPlan> find_candidate(const GemmKey& key, const GemmLimits& limits, std::string_view name) {
  for (const GemmPlan& plan : candidates(key, limits)) {
    if (plan.name() == name) return plan;
  }
  return std::nullopt;
}

GemmPlan choose_gemm(const GemmKey& key, const GemmLimits& limits) {
  return candidates(key, limits).front();
}

GemmPlan choose_own_gemm(const GemmKey& key, const GemmLimits& limits) {
  for (const GemmPlan& plan : candidates(key, limits)) {
    if (plan.engine != GemmEngine::blas) return plan;
  }
  return {};
}

double predicted_seconds(const GemmPlan& plan, const GemmKey& key, const GemmLimits& limits) {
  if (plan.engine == GemmEngine::blas) return blas_seconds(key, limits);
  const GemmTile& tile = plan.shape();
  const double sms = limits.sm_count;
  const double blocks = static_cast<double>(tiles_of(tile, key) * plan.splits);
  const double length =
      static_cast<double>(std::min(split_length(plan, key.k), std::max<std::int64_t>(key.k, 1)));
  const double busiest = std::ceil(blocks / sms);
  const double waves = std::ceil(busiest / resident_blocks(plan, key.kind));
  const double steps = std::ceil(length / tile.depth);
  // The data and arithmetic of the busiest multiprocessor, and the latencies within its blocks.
  const double padded = steps * tile.depth;
  const double l2_rate = std::min(h200::kL2PerSm, h200::kL2Total / std::min(sms, blocks));
  const double loads = busiest * 4 * (tile.rows + tile.cols) * length / l2_rate;
  const double from_shared = busiest * 4 * padded * tile.warps() / tile.k_slices *
                             (tile.warp_rows() + tile.warp_cols()) / h200::kShared;
  const double math = busiest * 2 * tile.rows * tile.cols * padded / math_rate(plan.precision);
  const double waiting = waves * steps * tile.depth / (8.0 * tile.k_slices) * h200::kStep;
  double seconds =
      waves * (h200::kFirstBytes + h200::kEpilogue) + std::max({loads, from_shared, math, waiting});
  if (plan.splits > 1) {
    const double partials = 2.0 * static_cast<double>(workspace_bytes(plan, key));
    seconds += h200::kNextKernel + partials / h200::kL2Total;
  }
  return seconds;
}

}  // namespace elbo::ops
