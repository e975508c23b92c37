// The host part of products: the plan for a device, the place of partial sums, cuBLAS.

#include "ops/gemm_plan.h"

#include "bf16_operand.cuh"
#include "gemm.cuh"
#include "runtime/blas_workspace.h"
#include "runtime/context.h"
#include "runtime/cuda_lt.h"

namespace elbo::cuda {
namespace {

/// A row-major operand for cuBLAS, whose matrices are column-major, so it sees the transpose.
struct BlasOperand {
  const Operand& stored;
  bool transposed;

  cublasOperation_t operation() const { return transposed ? CUBLAS_OP_T : CUBLAS_OP_N; }
  int leading() const { return static_cast<int>(stored.stride); }
};

}  // namespace

ops::GemmLimits gemm_limits(const CudaState& state) {
  return {state.sm_count, state.compute_capability, state.max_shared_bytes, state.blas_workspace_bytes};
}

ops::GemmLimits gemm_limits(Context& context) {
  return gemm_limits(context.cuda());
}

ops::GemmPlan choose_gemm(Context& context, const ops::GemmKey& key) {
  ops::GemmPlan plan = ops::planned_gemm(context, key, gemm_limits(context));
  plan.overlap = context.cuda().overlap;
  return plan;
}

PartialSums partial_sums(CudaState& state, const ops::GemmPlan& plan, std::int64_t m, std::int64_t n) {
  const std::size_t bytes = ops::workspace_bytes(plan, {m, n, 0, {}, plan.precision});
  if (bytes > state.blas_workspace_bytes || !state.blas_workspace) {
    throw_error(cudaErrorInvalidValue, "a product's partial sums do not fit the workspace",
                std::source_location::current());
  }
  PartialSums sums;
  sums.data = static_cast<float*>(state.blas_workspace);
  sums.row_stride = ops::partial_stride(n);
  sums.split_stride = m * sums.row_stride;
  sums.splits = plan.splits;
  sums.operand_sums = sums.data + plan.splits * sums.split_stride;
  return sums;
}

namespace {

/// Row-major c = a b, as column-major cᵀ = bᵀ aᵀ.
void blas_fp32(CudaState& state, const BlasGemm& p) {
  const BlasOperand left{p.b, p.along_b == Along::k}, right{p.a, p.along_a == Along::extent};
  const float alpha = 1.0f, beta = p.add ? 1.0f : 0.0f;
  ELBO_CUDA_CHECK(cublasSgemm(blas(state), left.operation(), right.operation(), static_cast<int>(p.b.extent),
                              static_cast<int>(p.a.extent), static_cast<int>(p.k), &alpha, p.b.data,
                              left.leading(), p.a.data, right.leading(), &beta, p.to.data,
                              static_cast<int>(p.to.row_stride)));
}

/// An operand in bf16, in the workspace from `to` on, with its place and stride; launches the kernel that
/// fills it.
struct Bf16Operand {
  std::uint16_t* data;
  const Operand& from;
  std::int64_t rows, cols, stride;

  Bf16Operand(std::uint16_t* to, const Operand& operand, Along along, std::int64_t k)
      : data(to),
        from(operand),
        rows(along == Along::k ? operand.extent : k),
        cols(along == Along::k ? k : operand.extent),
        stride(ops::bf16_stride(cols)) {}

  std::uint16_t* end() const { return data + rows * stride; }
  void fill(CudaState& state) const {
    launch(state, LaunchShape(blocks_for(rows * stride / 8, 256), 256), bf16_operand_kernel, data, stride,
           from.data, from.stride, rows, cols, rows_aligned16(from.data, from.stride));
  }
};

LtGemm lt_gemm(const BlasGemm& p) {
  LtGemm gemm{.m = p.a.extent,
              .n = p.b.extent,
              .k = p.k,
              .a = {p.a.data, p.a.stride, p.along_a == Along::k},
              .b = {p.b.data, p.b.stride, p.along_b == Along::k}};
  gemm.c = p.to.data;
  gemm.c_stride = p.to.row_stride;
  gemm.add = p.add;
  gemm.bias = p.bias;
  return gemm;
}

/// The product of both operands in bf16, once they are filled.
struct Bf16Gemm {
  Bf16Operand left, right;
  LtGemm gemm;

  Bf16Gemm(CudaState& state, const BlasGemm& p)
      : left(reinterpret_cast<std::uint16_t*>(static_cast<std::byte*>(state.blas_workspace) + kLtWorkspace),
             p.a, p.along_a, p.k),
        right(left.end(), p.b, p.along_b, p.k),
        gemm(lt_gemm(p)) {
    gemm.bf16 = true;
    gemm.a = {left.data, left.stride, p.along_a == Along::k};
    gemm.b = {right.data, right.stride, p.along_b == Along::k};
  }
};

}  // namespace

bool blas_takes(CudaState& state, const ops::GemmPlan& plan, const BlasGemm& p) {
  if (plan.precision == Precision::fp32) return true;
  if (!state.blas_workspace) return false;  // this line of work was made without one
  if (plan.precision == Precision::tf32) return lt_takes(state, lt_gemm(p));
  const ops::GemmKey key{p.a.extent, p.b.extent, p.k, {}, plan.precision};
  if (ops::workspace_bytes(plan, key) > state.blas_workspace_bytes) return false;
  return lt_takes(state, Bf16Gemm(state, p).gemm);
}

void blas_sums(CudaState& state, const ops::GemmPlan& plan, const BlasGemm& p) {
  if (plan.precision == Precision::fp32) return blas_fp32(state, p);
  if (plan.precision == Precision::tf32) return lt_multiply(state, lt_gemm(p), plan.tile);
  const Bf16Gemm converted(state, p);
  converted.left.fill(state);
  converted.right.fill(state);
  lt_multiply(state, converted.gemm, plan.tile);
}

}  // namespace elbo::cuda
