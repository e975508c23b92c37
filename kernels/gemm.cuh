#pragma once
// Matrix products with a functor as epilogue, so that the epilogue needs no separate pass.
//
//   gemm<Along::k, Along::k>(state, plan, a, b, k, epilogue);
//
// computes c[m, n] = Σ_k a b for m = a.extent and n = b.extent and passes every value once to `epilogue`. The
// plan (ops/gemm_plan.h) gives the tile, the precision and the number of splits; choose_gemm() picks a
// plan. A layer's products are
//   y = x wᵀ   product<Along::k, Along::k>            a = {x, x.stride, batch}, b = {w, w.stride, out}
//   dx = dy w  product<Along::k, Along::extent>       a = {dy, dy.stride, batch}, b = {w, w.stride, in}
//   dw = dyᵀ x product<Along::extent, Along::extent>  a = {dy, dy.stride, out}, b = {x, x.stride, in}
//
// Epilogue is a trivially copyable struct of views with
//   __device__ void quad(std::int64_t row, std::int64_t col, float4 sums, int count) const;
// It is called for four neighbouring columns at a time, of which the first `count` (1 to 4) exist. col is a
// multiple of 4, and neighbouring threads have neighbouring quads, so memory is best read and written by
// load4 and store4(…, count, aligned). It may read what quad() needs beforehand, so that a thread's reads for
// several quads are under way at once; stores would hold back the reads that follow them. It then has
//   struct Columns;   __device__ Columns columns(std::int64_t col, int count) const;
//   struct Operands;  __device__ Operands load(std::int64_t row, std::int64_t col, int count) const;
//   bool quads;       whether all its rows allow moving four values at once
// which quad() takes as further arguments: what all quads of a thread share, which are below each other, and
// what a quad reads. Epilogue may also have:
//   A quad() that returns float, and
//     __device__ void row_sum(std::int64_t row, std::int64_t part, float sum) const;
//   row_sum gets, once per row and group of plan.row_sum_columns() columns, the sum of quad's results for
//   them. `part` counts the groups; a row has plan.row_sums(n) of them, for the plan given to begin().
//     __device__ void operand_sum(std::int64_t row, float sum) const;
//   gets Σ_k a(row, k) in fp32, whatever the plan's precision: the bias gradient, together with dw.
//     MatrixView<float> staging() const;
//     bool stores_sums() const;
//     bool adds_sums() const;
//   called on the host. staging: memory [m, n] where cuBLAS may store the sums before quad() reads and
//   overwrites them, or an empty view. stores_sums, adds_sums: whether quad() only stores the sums there, or
//   only adds them.
//     const float* bias_alone() const;   (called on the host)
//   if quad() only adds a bias [n] to each row, the bias; else null. cuBLASLt adds a bias by itself. It could
//   apply ReLU too, but its ReLU turns NaN into 0, which would hide a diverged training.
//     std::vector<MemoryRange> writes() const;   (called on the host)
//   all memory that the epilogue writes. A product that follows, and reads none of it as b, may begin to copy
//   b before this one ends.
//     void begin(const ops::GemmPlan& plan);
//   called on the host before any kernel, with the plan that will run. It differs from product()'s plan if
//   cuBLAS does not take the operands.
// quad() must not read memory that its calls for other values write.
//
// Blocks do not wait for each other: splits store partial sums in the state's workspace, and a second kernel
// adds them in order. So the bits depend on operands and plan alone. Products that may run at the same time
// need separate workspaces.

#include <array>
#include <type_traits>
#include <utility>

#include "gemm_epilogue.cuh"
#include "gemm_multiplier.cuh"
#include "gemm_tile.cuh"

namespace elbo::cuda {

/// A kernel's arguments, except the epilogue.
template <class A, class B>
struct GemmArguments {
  A a;
  B b;
  std::int64_t k;
  std::int64_t split_length;
  bool b_early;  ///< whether no grid that may still run when this one begins writes b
  unsigned tiles_across;
  PartialSums partial;
};

template <Along kAlongA, Along kAlongB>
inline constexpr ops::GemmKind kKind = kAlongB == Along::k   ? ops::GemmKind::forward
                                       : kAlongA == Along::k ? ops::GemmKind::backward_input
                                                             : ops::GemmKind::backward_params;

template <class T, Along kAlongA, Along kAlongB>
struct alignas(16) GemmStorage {
  struct Stage {
    SharedOperand<T, T::kRows, kAlongA> a;
    SharedOperand<T, T::kCols, kAlongB> b;
  };
  union {
    Stage stages[T::kStages];
    SharedResults<T> results;  ///< used after the last stage has been multiplied
  };
  /// The threads' sums of a's columns, in order.
  float operand_sums[T::kThreads / T::kRows][T::kRows];
};

/// Adds up a's values over k while its stages pass: kThreads / kRows threads per row, each taking a run of
/// every stage.
template <class T>
class OperandSummer {
 public:
  template <class A>
  __device__ void add(const A& a) {
    ELBO_UNROLL
    for (int i = 0; i < kRun; ++i) sum_ += a.at(row(), part() * kRun + i);
  }
  template <class Sums>
  __device__ void store(Sums& to) const {
    to[part()][row()] = sum_;
  }

 private:
  static constexpr int kParts = T::kThreads / T::kRows, kRun = T::kDepth / kParts;
  static_assert(T::kThreads % T::kRows == 0 && T::kDepth % kParts == 0);
  __device__ int row() const { return static_cast<int>(threadIdx.x) % T::kRows; }
  __device__ int part() const { return static_cast<int>(threadIdx.x) / T::kRows; }

  float sum_ = 0.0f;
};

/// One block per tile of c and split: x counts the tiles, row by row; y counts the splits.
template <class T, Along kAlongA, Along kAlongB, class A, class B, class Epilogue>
__global__ void __launch_bounds__(T::kThreads, kAlongA == Along::k ? T::kBlocks : T::kBlocksAcross)
    gemm_kernel(GemmArguments<A, B> arguments, Epilogue epilogue) {
  using Storage = GemmStorage<T, kAlongA, kAlongB>;
  constexpr int kStages = T::kStages;
  auto& shared = shared_storage<Storage>();
  const A& a = arguments.a;
  const B& b = arguments.b;
  const unsigned tile_col = blockIdx.x % arguments.tiles_across;
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.x / arguments.tiles_across) * T::kRows;
  const std::int64_t first_col = static_cast<std::int64_t>(tile_col) * T::kCols;
  const std::int64_t first_k = blockIdx.y * arguments.split_length;
  const std::int64_t left = arguments.k - first_k;
  const std::int64_t length = left < arguments.split_length ? left : arguments.split_length;
  const int steps = static_cast<int>((length + T::kDepth - 1) / T::kDepth);
  const int last_depth = static_cast<int>(length - (steps - 1) * static_cast<std::int64_t>(T::kDepth));

  typename A::template Copier<T, T::kRows, kAlongA> copier_a(a, first_row, first_k, first_k + length);
  typename B::template Copier<T, T::kCols, kAlongB> copier_b(b, first_col, first_k, first_k + length);
  arch::AsyncCopies<4 * (copier_a.kCopies + copier_b.kCopies) * kStages> copies;
  if (!arguments.b_early) copies.wait_for_previous_grid();
  ELBO_KEEP_LOOP
  for (int i = 0; i < kStages - 1 && i < steps; ++i) copier_b.copy(copies, shared.stages[i].b);
  copies.wait_for_previous_grid();
  ELBO_KEEP_LOOP
  for (int i = 0; i < kStages - 1; ++i) {
    if (i < steps) copier_a.copy(copies, shared.stages[i].a);
    copies.commit();  // the first group has all of b's stages as well
  }

  using Multiply = Multiplier<T, SharedOperand<T, T::kRows, kAlongA>, SharedOperand<T, T::kCols, kAlongB>>;
  Multiply multiplier;
  OperandSummer<T> operand_summer;
  const bool sums_operand = kSumsOperand<Epilogue> && tile_col == 0;
  int stage = 0, free_stage = kStages - 1;
  for (int step = 0; step < steps; ++step) {
    copies.template wait<kStages - 2>();
    sync_block();  // this stage has arrived, and no thread reads the previous one, which is filled next
    if (step + kStages - 1 < steps) {
      copier_a.copy(copies, shared.stages[free_stage].a);
      copier_b.copy(copies, shared.stages[free_stage].b);
    }
    copies.commit();
    if (T::kDepth > Multiply::kStep && step + 1 == steps && last_depth < T::kDepth) {
      multiplier.add_first(shared.stages[stage].a, shared.stages[stage].b, last_depth);
    } else {
      multiplier.add(shared.stages[stage].a, shared.stages[stage].b);
    }
    if (sums_operand) operand_summer.add(shared.stages[stage].a);
    stage = stage + 1 == kStages ? 0 : stage + 1;
    free_stage = free_stage + 1 == kStages ? 0 : free_stage + 1;
  }
  arch::let_next_grid_begin();
  sync_block();  // no thread reads the stages any more; results go there
  multiplier.store(shared.results);
  if (sums_operand) operand_summer.store(shared.operand_sums);
  sync_block();
  const ResultPlace place{first_row, first_col, tile_col, a.extent, b.extent, static_cast<int>(blockIdx.y)};
  if (arguments.partial.data) {
    keep_results<T>(shared.results, place, arguments.partial);
  } else {
    epilogue_results<T>(shared.results, place, epilogue);
  }
  if constexpr (kSumsOperand<Epilogue>) {
    if (sums_operand) epilogue_operand_sums<T>(shared.operand_sums, place, arguments.partial, epilogue);
  }
}

template <class T, Along kAlongA, Along kAlongB, class A, class B, class Epilogue>
void launch_gemm(CudaState& state, const ops::GemmPlan& plan, GemmArguments<A, B> arguments,
                 const Epilogue& epilogue) {
  static_assert(kAlongB != Along::k || kAlongA == Along::k, "a layer has no such product");
  static_assert(sizeof(GemmStorage<T, kAlongA, kAlongB>) ==
                ops::shared_bytes(T::kShape, kKind<kAlongA, kAlongB>));
  arguments.tiles_across = blocks_for(arguments.b.extent, T::kCols);
  const std::int64_t tiles_down = blocks_for(arguments.a.extent, T::kRows);
  LaunchShape shape(
      dim3(blocks_for(tiles_down * arguments.tiles_across, 1), static_cast<unsigned>(plan.splits)),
      T::kThreads, sizeof(GemmStorage<T, kAlongA, kAlongB>));
  shape.overlap = plan.overlap;
  launch(state, shape, gemm_kernel<T, kAlongA, kAlongB, A, B, Epilogue>, arguments, epilogue);
}

/// The engine's kernel for the plan's tile.
template <class Engine, Along kAlongA, Along kAlongB, class A, class B, class Epilogue, int... kTiles>
void launch_tile(std::integer_sequence<int, kTiles...>, CudaState& state, const ops::GemmPlan& plan,
                 const GemmArguments<A, B>& arguments, const Epilogue& epilogue) {
  ((plan.tile == kTiles
        ? launch_gemm<TileOf<Engine, kTiles>, kAlongA, kAlongB>(state, plan, arguments, epilogue)
        : void()),
   ...);
}

ops::GemmLimits gemm_limits(const CudaState& state);

/// The plan of a product on the context's GPU.
ops::GemmPlan choose_gemm(Context& context, const ops::GemmKey& key);

/// A split plan's partial sums, in the workspace. Throws DeviceError if they do not fit.
PartialSums partial_sums(CudaState& state, const ops::GemmPlan& plan, std::int64_t m, std::int64_t n);

/// Both are of runtime/cuda_capture.h: whether a product that is launched next may read `range` before it
/// waits for the grids before it, and what the latest work writes.
bool spared_by_previous(const CudaState& state, const MemoryRange& range);
void note_writes(CudaState& state, std::vector<MemoryRange> written);

/// Whether the product that is launched next may copy b before it waits for the grids before it.
template <Along kAlong, class B>
bool reads_early(const CudaState& state, const B& b, std::int64_t k) {
  if constexpr (std::is_same_v<B, Operand>) {
    const bool along_k = kAlong == Along::k;
    return spared_by_previous(state,
                              memory_of(b.data, along_k ? b.extent : k, along_k ? k : b.extent, b.stride));
  }
  return false;
}

/// Σ_k a b by cuBLAS, stored in or added to `to`, with `bias` [b.extent] added to each row unless it is null.
struct BlasGemm {
  PartialSums to;
  Operand a;
  Along along_a;
  Operand b;
  Along along_b;
  std::int64_t k;
  bool add;
  const float* bias;
};

/// Whether cuBLAS can compute the product.
bool blas_takes(CudaState& state, const ops::GemmPlan& plan, const BlasGemm& gemm);
/// Computes the product by cuBLAS. Computes the product by cuBLAS. Throws DeviceError, also if cuBLAS cannot.
void blas_sums(CudaState& state, const ops::GemmPlan& plan, const BlasGemm& gemm);

/// The product whose sums cuBLAS stores in epilogue.staging(); its memory is null if there is no staging
/// memory.
template <Along kAlongA, Along kAlongB, class Epilogue>
BlasGemm blas_gemm(const ops::GemmPlan& plan, const Operand& a, const Operand& b, std::int64_t k,
                   const Epilogue& epilogue) {
  BlasGemm gemm{{}, a, kAlongA, b, kAlongB, k, false, nullptr};
  if constexpr (kHasStaging<Epilogue>) {
    const auto staging = epilogue.staging();
    gemm.to.data = staging.data;
    gemm.to.row_stride = staging.stride;
    gemm.add = epilogue.adds_sums();
    if constexpr (kAddsBiasAlone<Epilogue>) {
      if (plan.precision != Precision::fp32) gemm.bias = epilogue.bias_alone();
    }
  }
  return gemm;
}

template <Along kAlongA, class Epilogue>
void gemm_by_blas(CudaState& state, const ops::GemmPlan& plan, const BlasGemm& gemm,
                  const Epilogue& epilogue) {
  if constexpr (kHasStaging<Epilogue>) {
    const Operand& a = gemm.a;
    blas_sums(state, plan, gemm);
    if (!gemm.bias && !epilogue.stores_sums() && !epilogue.adds_sums())
      launch_epilogue(state, gemm.to, a.extent, gemm.b.extent, false, epilogue);
    if constexpr (kSumsOperand<Epilogue>) {
      static_assert(kAlongA == Along::extent, "only the bias gradient is summed without a product");
      launch(state,
             LaunchShape(blocks_for(a.extent, kSumCols), kSumCols * kSumRows, sizeof(OperandSumStorage)),
             operand_sums_kernel<Epilogue>, a.data, a.stride, a.extent, gemm.k, epilogue);
    }
  }
}

/// Runs `plan`; see the top of this file. A plan for cuBLAS runs on our kernels instead if `epilogue` has no
/// staging() memory, or cuBLAS does not take the operands. Throws DeviceError.
template <Along kAlongA, Along kAlongB, class A, class B, class Epilogue>
void gemm(CudaState& state, const ops::GemmPlan& asked, const A& a, const B& b, std::int64_t k,
          Epilogue epilogue) {
  const std::int64_t m = a.extent, n = b.extent;
  ops::GemmPlan plan = asked;
  if (plan.engine == ops::GemmEngine::blas) {
    if constexpr (std::is_same_v<A, Operand> && std::is_same_v<B, Operand>) {
      const BlasGemm by_blas = blas_gemm<kAlongA, kAlongB>(plan, a, b, k, epilogue);
      if (by_blas.to.data && blas_takes(state, plan, by_blas)) {
        ops::note_gemm(plan);
        if constexpr (kBegins<Epilogue>) epilogue.begin(plan);
        return gemm_by_blas<kAlongA>(state, plan, by_blas, epilogue);
      }
    }
    plan = ops::choose_own_gemm({m, n, k, kKind<kAlongA, kAlongB>, plan.precision}, gemm_limits(state));
  }
  ops::note_gemm(plan);
  if constexpr (kBegins<Epilogue>) epilogue.begin(plan);
  GemmArguments<A, B> arguments{a, b, k, ops::split_length(plan, k), reads_early<kAlongB>(state, b, k),
                                0, {}};
  if (plan.splits > 1) arguments.partial = partial_sums(state, plan, m, n);
  constexpr auto kScalar = std::make_integer_sequence<int, std::size(ops::kScalarTiles)>();
  constexpr auto kTensor = std::make_integer_sequence<int, std::size(ops::kTensorTiles)>();
  switch (plan.precision) {
    case Precision::fp32:
      launch_tile<Scalar, kAlongA, kAlongB>(kScalar, state, plan, arguments, epilogue);
      break;
    case Precision::tf32:
      launch_tile<Tensor<arch::Tf32>, kAlongA, kAlongB>(kTensor, state, plan, arguments, epilogue);
      break;
    case Precision::bf16:
      launch_tile<Tensor<arch::Bf16>, kAlongA, kAlongB>(kTensor, state, plan, arguments, epilogue);
      break;
  }
  if (plan.splits > 1) launch_epilogue(state, arguments.partial, m, n, plan.overlap, epilogue);
  if constexpr (kSaysWhatItWrites<Epilogue>) note_writes(state, epilogue.writes());
}

}  // namespace elbo::cuda
