// Adam or Adamax as the epilogue of the weight gradient's product: the gradient stays in registers.

#include "ops/linear_adam.h"

#include "math/update.h"
#include "gemm.cuh"

namespace elbo::cuda {
namespace {

struct AdamEpilogue {
  ops::AdamLayer layer;
  MatrixView<float> dw;
  math::AdamConstants constants;
  const StepState* state;
  bool quads;  ///< whether all rows allow moving four values at once

  using Columns = math::AdamCoefficients;
  struct Operands {
    float4 value, m, v;
  };
  __device__ Columns columns(std::int64_t, int) const { return math::adam_coefficients(constants, *state); }
  __device__ Operands load(std::int64_t row, std::int64_t col, int count) const {
    const std::int64_t at = row * layer.w.cols + col;
    return {load4(layer.w.data + at, count, quads), load4(layer.w_m.data + at, count, quads),
            load4(layer.w_v.data + at, count, quads)};
  }
  __device__ void quad(std::int64_t row, std::int64_t col, float4 gradient, int count, const Columns& c,
                       const Operands& before) const {
    auto [value, m, v] = before;
    math::update_parameter(value.x, gradient.x, m.x, v.x, c);
    math::update_parameter(value.y, gradient.y, m.y, v.y, c);
    math::update_parameter(value.z, gradient.z, m.z, v.z, c);
    math::update_parameter(value.w, gradient.w, m.w, v.w, c);
    const std::int64_t at = row * layer.w.cols + col;
    store4(layer.w.data + at, value, count, quads);
    store4(layer.w_m.data + at, m, count, quads);
    store4(layer.w_v.data + at, v, count, quads);
  }
  __device__ void operand_sum(std::int64_t row, float gradient) const {
    if (!layer.b.data) return;
    const math::AdamCoefficients c = math::adam_coefficients(constants, *state);
    math::update_parameter(layer.b.data[row], gradient, layer.b_m.data[row], layer.b_v.data[row], c);
  }
  std::vector<MemoryRange> writes() const {
    return {range_of(layer.w), range_of(layer.w_m), range_of(layer.w_v),
            range_of(layer.b), range_of(layer.b_m), range_of(layer.b_v)};
  }
  bool stores_sums() const { return false; }
  bool adds_sums() const { return false; }
  MatrixView<float> staging() const { return dw; }
};

}  // namespace

void linear_adam(Context& context, const ops::GemmPlan& plan, const ops::AdamLayer& layer,
                 MatrixView<float> dw, MatrixView<const float> dy, MatrixView<const float> x,
                 const ops::AdamSettings& settings, const StepState* state) {
  const bool aligned =
      rows_aligned16(layer.w.data, layer.w.cols) && aligned16(layer.w_m.data) && aligned16(layer.w_v.data);
  gemm<Along::extent, Along::extent>(context.cuda(), plan, Operand(dy.data, dy.stride, dy.cols),
                                     Operand(x.data, x.stride, x.cols), x.rows,
                                     AdamEpilogue{layer, dw, settings.constants(), state, aligned});
}

void linear_adam(Context& context, const ops::AdamLayer& layer, MatrixView<float> dw, VectorView<float>,
                 MatrixView<const float> dy, MatrixView<const float> x, const ops::AdamSettings& settings,
                 const StepState* state) {
  const ops::GemmKey key{dy.cols, x.cols, x.rows, ops::GemmKind::backward_params, context.precision()};
  linear_adam(context, choose_gemm(context, key), layer, dw, dy, x, settings, state);
}

}  // namespace elbo::cuda
