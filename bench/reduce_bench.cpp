// Sums of a batch's losses, and clipping of the gradient of 784-400-400-20 and back (973,624 parameters).

#include "cases/reduce.h"
#include "support.h"

int main(int argc, char** argv) {
  for (const std::int64_t size : {128, 16384, 973624}) {
    elbo::bench::add("reduce_sum", elbo::test::ReduceSumCase{size});
  }
  elbo::bench::add("clip_global_norm", elbo::test::ClipCase{973624, 0.5});
  elbo::bench::add("clip_global_norm", elbo::test::ClipCase{973624, 2.0});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
