// The running average of a small model's parameters, of 784-400-400-20's, and of a model larger than the
// caches.

#include "cases/running_average.h"
#include "support.h"

int main(int argc, char** argv) {
  for (const std::int64_t size : {16384, 973624, 16777216})
    elbo::bench::add("running_average", elbo::test::RunningAverageCase{size, 100});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
