// The posterior of a usual batch and of a large batch.

#include "cases/kl_objective.h"
#include "support.h"

int main(int argc, char** argv) {
  elbo::bench::add("free_bits", elbo::test::FreeBitsCase{128, 20});
  elbo::bench::add("free_bits", elbo::test::FreeBitsCase{4096, 64});
  elbo::bench::add("kl_capacity", elbo::test::KlCapacityCase{128});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
