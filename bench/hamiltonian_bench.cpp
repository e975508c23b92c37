// The work of a transition without the decoder's, for 16 chains per example.

#include "cases/hamiltonian.h"
#include "support.h"

int main(int argc, char** argv) {
  for (const std::int64_t examples : {32, 256}) {
    elbo::bench::add("leapfrog", elbo::test::LeapfrogCase{16 * examples, 50});
    elbo::bench::add("hamiltonian", elbo::test::HamiltonianCase{16 * examples, 50});
    elbo::bench::add("metropolis", elbo::test::MetropolisCase{examples, 16, 50});
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
