// Dropout after dense layers and pictures.

#include "cases/dropout.h"
#include "support.h"

int main(int argc, char** argv) {
  elbo::bench::add("dropout", elbo::test::DropoutCase{128, 400});
  elbo::bench::add("dropout", elbo::test::DropoutCase{128, 12544});
  elbo::bench::add("dropout", elbo::test::DropoutCase{128, 12544, 1, elbo::Activation::relu});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
