// Adding up one batch's costs: a usual batch and a large batch.

#include "cases/record_loss.h"
#include "support.h"

int main(int argc, char** argv) {
  for (const std::int64_t rows : {128, 8192})
    elbo::bench::add("record_loss", elbo::test::RecordLossCase{rows});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
