// Weights of 5 and 50 samples, and their product with the gradient of MNIST's pixels.

#include "cases/importance_weights.h"
#include "support.h"

int main(int argc, char** argv) {
  for (const std::int64_t samples : {5, 50}) {
    elbo::bench::add("importance_weights", elbo::test::ImportanceWeightsCase{100, samples, 25});
    elbo::bench::add("weight_rows", elbo::test::WeightRowsCase{100 * samples, 784});
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
