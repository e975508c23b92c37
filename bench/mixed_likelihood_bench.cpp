// A table's rows with likelihoods of seven kinds, in a training's batch and with samples for an NLL.

#include "cases/mixed_likelihood.h"
#include "support.h"

int main(int argc, char** argv) {
  using namespace elbo::test;
  for (const std::int64_t columns : {14, 140}) {
    elbo::bench::add("mixed_likelihood", MixedLikelihoodCase{{128, columns, 1, 10}});
    elbo::bench::add("mixed_likelihood",
                     MixedLikelihoodCase{.table = {32, columns, 50, 10}, .gradient = false});
    elbo::bench::add("mixed_likelihood", MixedLikelihoodMeanCase{{128, columns, 1, 10}});
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
