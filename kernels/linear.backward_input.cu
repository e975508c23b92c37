// dx = (dy w) ⊙ act′.

#include "activation.cuh"
#include "ops/linear.h"
#include "gemm.cuh"

namespace elbo::cuda {
namespace {

/// Each value of `saved` is read before dx is written there, so the two may be the same memory.
struct BackwardInputEpilogue {
  MatrixView<float> dx;
  MatrixView<const float> saved;
  Activation activation;
  bool quads;  ///< whether all rows allow moving four values at once

  struct Columns {};
  struct Operands {
    float4 saved;
  };
  __device__ Columns columns(std::int64_t, int) const { return {}; }
  __device__ Operands load(std::int64_t row, std::int64_t col, int count) const {
    if (activation == Activation::identity) return {};
    return {load4(saved.data + row * saved.stride + col, count, quads)};
  }
  __device__ void quad(std::int64_t row, std::int64_t col, float4 sums, int count, Columns,
                       const Operands& operands) const {
    if (activation != Activation::identity) {
      const float4 derivative = activation_derivative(activation, operands.saved);
      sums = {sums.x * derivative.x, sums.y * derivative.y, sums.z * derivative.z, sums.w * derivative.w};
    }
    store4(dx.data + row * dx.stride + col, sums, count, quads);
  }
  /// If `saved` is dx, cuBLAS would overwrite values that are still to be read.
  MatrixView<float> staging() const { return saved.data == dx.data ? MatrixView<float>() : dx; }
  std::vector<MemoryRange> writes() const { return {range_of(dx)}; }
  bool stores_sums() const { return activation == Activation::identity; }
  bool adds_sums() const { return false; }
};

}  // namespace

void linear_backward_input(Context& context, const ops::GemmPlan& plan, MatrixView<float> dx,
                           MatrixView<const float> dy, MatrixView<const float> w,
                           MatrixView<const float> saved, Activation activation) {
  const BackwardInputEpilogue epilogue{
      dx, saved, activation, rows_aligned16(dx.data, dx.stride) && rows_aligned16(saved.data, saved.stride)};
  gemm<Along::k, Along::extent>(context.cuda(), plan, Operand(dy.data, dy.stride, dy.rows),
                                Operand(w.data, w.stride, w.cols), dy.cols, epilogue);
}

void linear_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                           MatrixView<const float> w, MatrixView<const float> saved, Activation activation) {
  const ops::GemmKey key{dx.rows, dx.cols, dy.cols, ops::GemmKind::backward_input, context.precision()};
  linear_backward_input(context, choose_gemm(context, key), dx, dy, w, saved, activation);
}

}  // namespace elbo::cuda
