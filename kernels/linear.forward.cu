// y = act(x wᵀ + b).

#include "activation.cuh"
#include "ops/linear.h"
#include "gemm.cuh"

namespace elbo::cuda {
namespace {

struct ForwardEpilogue {
  MatrixView<float> y, saved;
  VectorView<const float> b;
  Activation activation;
  bool quads;  ///< whether all rows allow moving four values at once

  struct Columns {
    float4 bias;
  };
  struct Operands {};
  __device__ Columns columns(std::int64_t col, int count) const {
    if (!b.data) return {};
    return {load4(b.data + col, count, quads)};
  }
  __device__ Operands load(std::int64_t, std::int64_t, int) const { return {}; }
  __device__ void quad(std::int64_t row, std::int64_t col, float4 sums, int count, const Columns& columns,
                       Operands) const {
    if (b.data) sums = add4(sums, columns.bias);
    if (saved.data) store4(saved.data + row * saved.stride + col, sums, count, quads);
    store4(y.data + row * y.stride + col, activate(activation, sums), count, quads);
  }
  MatrixView<float> staging() const { return y; }
  const float* bias_alone() const {
    return !saved.data && activation == Activation::identity ? b.data : nullptr;
  }
  std::vector<MemoryRange> writes() const { return {range_of(y), range_of(saved)}; }
  bool stores_sums() const { return !b.data && !saved.data && activation == Activation::identity; }
  bool adds_sums() const { return false; }
};

}  // namespace

void linear_forward(Context& context, const ops::GemmPlan& plan, MatrixView<float> y, MatrixView<float> saved,
                    MatrixView<const float> x, MatrixView<const float> w, VectorView<const float> b,
                    Activation activation) {
  const bool quads =
      rows_aligned16(y.data, y.stride) && rows_aligned16(saved.data, saved.stride) && aligned16(b.data);
  const ForwardEpilogue epilogue{y, saved, b, activation, quads};
  gemm<Along::k, Along::k>(context.cuda(), plan, Operand(x.data, x.stride, x.rows),
                           Operand(w.data, w.stride, w.rows), x.cols, epilogue);
}

void linear_forward(Context& context, MatrixView<float> y, MatrixView<float> saved, MatrixView<const float> x,
                    MatrixView<const float> w, VectorView<const float> b, Activation activation) {
  const ops::GemmKey key{y.rows, y.cols, x.cols, ops::GemmKind::forward, context.precision()};
  linear_forward(context, choose_gemm(context, key), y, saved, x, w, b, activation);
}

}  // namespace elbo::cuda
