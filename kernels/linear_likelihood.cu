// The likelihood as the epilogue of the last layer's product: it uses the product's results in registers, and
// stores only the gradient.

#include "ops/linear_likelihood.h"

#include "gemm.cuh"

namespace elbo::cuda {
namespace {

template <class Likelihood>
struct LikelihoodEpilogue {
  Likelihood likelihood;
  MatrixView<float> nll, gradient;
  MatrixView<const float> x, mask;
  VectorView<const float> b;
  ops::RowWeight weight;
  std::int64_t samples;
  bool quads;              ///< whether all rows allow moving four values at once
  std::int64_t parts = 0;  ///< partial sums of a row, by the plan that runs

  void begin(const ops::GemmPlan& plan) { parts = plan.row_sums(gradient.cols); }

  struct Columns {
    float4 bias;
  };
  struct Operands {
    float4 values, present;
    float weight;
  };
  __device__ Columns columns(std::int64_t col, int count) const {
    if (!b.data) return {};
    return {load4(b.data + col, count, quads)};
  }
  __device__ Operands load(std::int64_t row, std::int64_t col, int count) const {
    const std::int64_t example = samples == 1 ? row : row / samples;
    return {load4(x.data + example * x.stride + col, count, quads),
            mask.data ? load4(mask.data + example * mask.stride + col, count, quads)
                      : float4{1.0f, 1.0f, 1.0f, 1.0f},
            weight.per_row.data ? weight.per_row.data[row] : 1.0f};
  }
  __device__ float quad(std::int64_t row, std::int64_t col, float4 sums, int count, const Columns& columns,
                        const Operands& operands) const {
    const auto& [values, present, row_weight] = operands;
    const float4& bias = columns.bias;
    const float scale = weight.scale * row_weight;
    float4 slopes;
    float sum = one(values.x, sums.x + bias.x, present.x, scale, slopes.x);
    const float second = one(values.y, sums.y + bias.y, present.y, scale, slopes.y);
    const float third = one(values.z, sums.z + bias.z, present.z, scale, slopes.z);
    const float fourth = one(values.w, sums.w + bias.w, present.w, scale, slopes.w);
    store4(gradient.data + row * gradient.stride + col, slopes, count, quads);
    if (count > 1) sum += second;
    if (count > 2) sum += third;
    if (count > 3) sum += fourth;
    return sum;
  }
  __device__ void row_sum(std::int64_t row, std::int64_t part, float sum) const {
    float* const sums = nll.data + row * nll.cols;
    sums[part] = sum;
    if (part + 1 < parts) return;
    ELBO_KEEP_LOOP
    for (std::int64_t unused = parts; unused < nll.cols; ++unused) sums[unused] = 0.0f;
  }
  std::vector<MemoryRange> writes() const { return {range_of(nll), range_of(gradient)}; }
  bool stores_sums() const { return false; }
  bool adds_sums() const { return false; }
  MatrixView<float> staging() const { return gradient; }

 private:
  /// −log p of one value, and its weighted gradient; both are 0 if the value is missing.
  __device__ float one(float value, float parameter, float present, float scale, float& slope) const {
    const float parameters[1] = {parameter};
    float gradients[1];
    likelihood.nll_gradient(value, parameters, gradients);
    slope = present != 0.0f ? gradients[0] * scale : 0.0f;
    const float nll = likelihood.nll(value, parameters);
    return present != 0.0f ? nll : 0.0f;
  }
};

/// Does nothing for a likelihood that linear_likelihood_takes() refuses.
template <class Likelihood>
void run(Context& context, const Likelihood& likelihood, MatrixView<float> nll, MatrixView<float> gradient,
         MatrixView<const float> h, MatrixView<const float> w, VectorView<const float> b,
         MatrixView<const float> x, MatrixView<const float> mask, const ops::RowWeight& weight) {
  if constexpr (ops::kLinearLikelihoodTakes<Likelihood>) {
    const ops::GemmPlan plan =
        choose_gemm(context, {h.rows, w.rows, h.cols, ops::GemmKind::forward, context.precision()});
    const bool aligned = rows_aligned16(x.data, x.stride) && rows_aligned16(mask.data, mask.stride) &&
                         rows_aligned16(gradient.data, gradient.stride) && aligned16(b.data);
    const LikelihoodEpilogue<Likelihood> epilogue{likelihood, nll,    gradient,        x,      mask,
                                                  b,          weight, h.rows / x.rows, aligned};
    gemm<Along::k, Along::k>(context.cuda(), plan, Operand(h.data, h.stride, h.rows),
                             Operand(w.data, w.stride, w.rows), h.cols, epilogue);
  }
}

}  // namespace

void linear_likelihood(Context& context, LikelihoodKind kind, const LikelihoodConstants& constants,
                       MatrixView<float> nll, MatrixView<float> gradient, MatrixView<const float> h,
                       MatrixView<const float> w, VectorView<const float> b, MatrixView<const float> x,
                       MatrixView<const float> mask, const ops::RowWeight& weight) {
  math::visit_likelihood(kind, constants, [&](const auto& likelihood) {
    run(context, likelihood, nll, gradient, h, w, b, x, mask, weight);
  });
}

}  // namespace elbo::cuda
