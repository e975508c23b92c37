// A batch of 128 pictures of 784 bytes from as many as MNIST has: scaled, and binarised in both ways; also of
// floats and of sparse counts.

#include "cases/gather_batch.h"
#include "support.h"

int main(int argc, char** argv) {
  using elbo::Binarize;
  using elbo::test::GatherCase;
  for (const Binarize binarize : {Binarize::none, Binarize::threshold, Binarize::dynamic}) {
    elbo::bench::add("gather_batch", GatherCase{128, 784, 60000, GatherCase::Source::bytes, binarize});
  }
  elbo::bench::add("gather_batch",
                   GatherCase{128, 784, 10000, GatherCase::Source::values, Binarize::none, true});
  elbo::bench::add("gather_batch", GatherCase{128, 2000, 10000, GatherCase::Source::sparse});
  elbo::bench::add("gather_batch", GatherCase{4096, 784, 60000});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
