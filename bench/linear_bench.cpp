// The products of 784-400-400-20-400-400-784 at batch 128, forward and both ways back, and of larger batches.

#include "cases/linear.h"
#include "support.h"

int main(int argc, char** argv) {
  using namespace elbo;
  auto shapes = test::network_shapes();
  shapes.push_back({1024, 784, 400});
  shapes.push_back({4096, 400, 400});
  for (const auto& shape : shapes) {
    const bool output = shape.out == 784 || shape.out == 40;  // the layers without an activation
    bench::add("linear_forward",
               test::LinearForwardCase{shape, output ? Activation::identity : Activation::relu});
    bench::add("linear_backward_input", test::LinearBackwardInputCase{shape, Activation::relu});
    bench::add("linear_backward_params", test::LinearBackwardParamsCase{shape});
  }
  for (const auto activation : {Activation::tanh, Activation::gelu, Activation::silu}) {
    bench::add("linear_forward", test::LinearForwardCase{
                                     {128, 784, 400}, activation, true, derivative_needs_input(activation)});
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
