// The sum of a residual block, forward and backward.

#include "cases/add.h"
#include "support.h"

int main(int argc, char** argv) {
  elbo::bench::add("add", elbo::test::AddCase{128, 400});
  elbo::bench::add("add", elbo::test::AddCase{128, 12544});
  elbo::bench::add("add", elbo::test::AddCase{128, 12544, elbo::Activation::relu});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
