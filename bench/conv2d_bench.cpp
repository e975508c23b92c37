// The convolutions of the picture recipes and their transposes, forward and both backward products, in each
// precision that the device computes natively.

#include "cases/conv2d.h"
#include "support.h"

namespace elbo::bench {
namespace {

void add_layer(const test::Conv2dLayer& layer, Precision precision) {
  test::Conv2dForwardCase forward{layer, Activation::relu};
  test::Conv2dBackwardInputCase backward_input{layer, Activation::relu};
  test::Conv2dBackwardParamsCase backward_params{layer};
  forward.precision = backward_input.precision = backward_params.precision = precision;
  add("conv2d_forward", forward);
  add("conv2d_backward_input", backward_input);
  add("conv2d_backward_params", backward_params);
}

std::vector<Precision> precisions() {
  if (!bench_device().is_cuda()) return {Precision::fp32};  // others are fp32 with rounding
  return {Precision::fp32, Precision::tf32, Precision::bf16};
}

}  // namespace
}  // namespace elbo::bench

int main(int argc, char** argv) {
  using namespace elbo;
  for (const std::int64_t batch : {128, 256}) {
    for (const auto& shape : test::picture_convolutions()) {
      for (const bool transpose : {false, true}) {
        for (const auto precision : bench::precisions())
          bench::add_layer({batch, shape, transpose}, precision);
      }
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
