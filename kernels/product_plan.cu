// What products need besides their kernels: the plan for a device, the place of partial sums, cuBLAS.

#include "ops/product_plan.h"

#include "product.cuh"
#include "runtime/context.h"

namespace elbo::cuda {
namespace {

/// A row-major operand for cuBLAS, which sees it transposed: its matrices are column-major.
struct BlasOperand {
  const Operand& stored;
  bool transposed;

  cublasOperation_t operation() const { return transposed ? CUBLAS_OP_T : CUBLAS_OP_N; }
  int leading() const { return static_cast<int>(stored.stride); }
};

}  // namespace

ops::ProductLimits product_limits(const CudaState& state) {
  return {state.sm_count, state.compute_capability, state.max_shared_bytes, state.blas_workspace_bytes};
}

ops::ProductLimits product_limits(Context& context) {
  return product_limits(context.cuda());
}

ops::ProductPlan choose_product(const CudaState& state, const ops::ProductKey& key) {
  ops::ProductPlan plan = ops::choose_product(key, product_limits(state));
  plan.overlap = state.overlap;
  return plan;
}

PartialSums partial_sums(CudaState& state, const ops::ProductPlan& plan, std::int64_t m, std::int64_t n) {
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

/// Row-major c (+)= a b, as column-major cᵀ (+)= bᵀ aᵀ.
void blas_sums(CudaState& state, const PartialSums& to, const Operand& a, Along along_a, const Operand& b,
               Along along_b, std::int64_t k, bool add) {
  const BlasOperand left{b, along_b == Along::k}, right{a, along_a == Along::extent};
  const float alpha = 1.0f, beta = add ? 1.0f : 0.0f;
  ELBO_CUDA_CHECK(cublasSgemm(blas(state), left.operation(), right.operation(), static_cast<int>(b.extent),
                              static_cast<int>(a.extent), static_cast<int>(k), &alpha, b.data, left.leading(),
                              a.data, right.leading(), &beta, to.data, static_cast<int>(to.row_stride)));
}

}  // namespace elbo::cuda
