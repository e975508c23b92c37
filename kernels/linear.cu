// dw = dyᵀ x and db = Σ dy. The other products of a layer are in linear.forward.cu and
// linear.backward_input.cu, so that they compile in parallel.

#include "ops/linear.h"

#include "gemm.cuh"

namespace elbo::cuda {
namespace {

/// Stores the gradient in `to`, "=" or "+=".
struct BackwardParamsEpilogue {
  MatrixView<float> dw;
  float* db;
  bool accumulate, quads;

  struct Columns {};
  struct Operands {
    float4 before;
  };
  __device__ Columns columns(std::int64_t, int) const { return {}; }
  __device__ Operands load(std::int64_t row, std::int64_t col, int count) const {
    if (!accumulate) return {};
    return {load4(dw.data + row * dw.stride + col, count, quads)};
  }
  __device__ void quad(std::int64_t row, std::int64_t col, float4 sums, int count, Columns,
                       const Operands& operands) const {
    if (accumulate) sums = add4(operands.before, sums);
    store4(dw.data + row * dw.stride + col, sums, count, quads);
  }
  __device__ void operand_sum(std::int64_t row, float sum) const {
    if (db) db[row] = accumulate ? db[row] + sum : sum;
  }
  MatrixView<float> staging() const { return dw; }
  std::vector<MemoryRange> writes() const { return {range_of(dw), range_of(VectorView<float>(db, dw.rows))}; }
  bool stores_sums() const { return !accumulate; }
  bool adds_sums() const { return accumulate; }
};

}  // namespace

void linear_backward_params(Context& context, const ops::GemmPlan& plan, MatrixView<float> dw,
                            VectorView<float> db, MatrixView<const float> dy, MatrixView<const float> x,
                            bool accumulate) {
  const BackwardParamsEpilogue epilogue{dw, db.data, accumulate, rows_aligned16(dw.data, dw.stride)};
  gemm<Along::extent, Along::extent>(context.cuda(), plan, Operand(dy.data, dy.stride, dy.cols),
                                     Operand(x.data, x.stride, x.cols), x.rows, epilogue);
}

void linear_backward_params(Context& context, MatrixView<float> dw, VectorView<float> db,
                            MatrixView<const float> dy, MatrixView<const float> x, bool accumulate) {
  const ops::GemmKey key{dw.rows, dw.cols, x.rows, ops::GemmKind::backward_params, context.precision()};
  linear_backward_params(context, choose_gemm(context, key), dw, db, dy, x, accumulate);
}

}  // namespace elbo::cuda
