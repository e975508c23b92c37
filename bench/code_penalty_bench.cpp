// The codes of a usual batch and of a large batch.

#include "cases/code_penalty.h"
#include "support.h"

int main(int argc, char** argv) {
  elbo::bench::add("code_penalty", elbo::test::CodePenaltyCase{128, 20});
  elbo::bench::add("code_penalty", elbo::test::CodePenaltyCase{4096, 64});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
