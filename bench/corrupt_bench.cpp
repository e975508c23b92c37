// MNIST batches, corrupted.

#include "cases/corrupt.h"
#include "support.h"

int main(int argc, char** argv) {
  for (const auto kind : {elbo::ops::Corruption::gaussian, elbo::ops::Corruption::masking})
    elbo::bench::add("corrupt", elbo::test::CorruptCase{128, 784, kind});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
