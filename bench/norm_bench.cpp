// Layer and group normalisation of dense layers and of pictures.

#include "cases/norm.h"
#include "support.h"

int main(int argc, char** argv) {
  using namespace elbo::test;
  for (const NormShape& shape :
       {NormShape{128, 1, 400, 1}, NormShape{128, 196, 64, 1}, NormShape{128, 196, 64, 16}}) {
    elbo::bench::add("norm_forward", NormForwardCase{shape, elbo::Activation::relu});
    elbo::bench::add("norm_backward_input", NormBackwardInputCase{shape});
    elbo::bench::add("norm_backward_params", NormBackwardParamsCase{shape});
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
