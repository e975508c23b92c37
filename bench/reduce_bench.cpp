// Sums of a batch's losses, clipping and normalising of the gradient of 784-400-400-20 and back (973,624
// parameters).

#include "cases/reduce.h"
#include "support.h"

int main(int argc, char** argv) {
  for (const std::int64_t size : {128, 16384, 973624}) {
    elbo::bench::add("reduce_sum", elbo::test::ReduceSumCase{size});
  }
  elbo::bench::add("clip_global_norm", elbo::test::ClipCase{973624, 0.5});
  elbo::bench::add("clip_global_norm", elbo::test::ClipCase{973624, 2.0});
  elbo::bench::add("normalize_ranges", elbo::test::NormalizeCase{{313600, 400, 160000, 400, 8000, 20, 8000,
                                                                  20, 8000, 400, 160000, 400, 313600, 784}});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
