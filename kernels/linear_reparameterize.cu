// The sample's gradient as the epilogue of the product that gives dz: its noise is drawn again, one block of
// Philox per quad.

#include "ops/linear_reparameterize.h"

#include "noise.cuh"
#include "gemm.cuh"
#include "sample_gradient.cuh"

namespace elbo::cuda {
namespace {

struct SampleEpilogue {
  MatrixView<float> dz;
  SampleGradient gradient;
  NoiseSource noise;

  __device__ void quad(std::int64_t row, std::int64_t col, float4 sums, int count) const {
    float normals[4];
    NoiseRow(noise, row).normals(noise.first_sample * gradient.dmean.cols + col, normals);
    const float dz_values[4] = {sums.x, sums.y, sums.z, sums.w};
    for (int j = 0; j < 4; ++j) {
      if (j < count) gradient.write(row, col + j, dz_values[j], dz_values[j] * normals[j]);
    }
  }
  std::vector<MemoryRange> writes() const {
    return {range_of(gradient.dmean), range_of(gradient.dlog_variance)};
  }
  bool stores_sums() const { return false; }
  bool adds_sums() const { return false; }
  MatrixView<float> staging() const { return dz; }
};

}  // namespace

void linear_reparameterize_backward(Context& context, MatrixView<float> dmean,
                                    MatrixView<float> dlog_variance, MatrixView<float> dz,
                                    MatrixView<const float> dy, MatrixView<const float> w,
                                    MatrixView<const float> mean, MatrixView<const float> log_variance,
                                    const ops::KlWeight& weight, float divisor, const NoiseSource& noise) {
  const ops::GemmPlan plan =
      choose_gemm(context, {dy.rows, w.cols, dy.cols, ops::GemmKind::backward_input, context.precision()});
  const SampleEpilogue epilogue{
      dz,
      {dmean, dlog_variance, mean, log_variance, weight.scale, weight.per_row, weight.per_dimension, divisor},
      noise};
  gemm<Along::k, Along::extent>(context.cuda(), plan, Operand(dy.data, dy.stride, dy.rows),
                                Operand(w.data, w.stride, w.cols), dy.cols, epilogue);
}

}  // namespace elbo::cuda
