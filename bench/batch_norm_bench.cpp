// Batch normalisation of dense layers and of pictures.

#include "cases/batch_norm.h"
#include "support.h"

int main(int argc, char** argv) {
  using namespace elbo::test;
  for (const NormShape& shape : {NormShape{128, 1, 400}, NormShape{128, 196, 64}}) {
    elbo::bench::add("batch_norm_statistics", BatchStatisticsCase{shape});
    elbo::bench::add("batch_norm_forward", BatchForwardCase{shape, elbo::Activation::relu});
    elbo::bench::add("batch_norm_backward_input", BatchBackwardCase{shape});
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
