// The last layer of 784-400-400-20-400-400-784 with its likelihood, at batches of 128 to 8192.

#include "cases/linear_likelihood.h"
#include "support.h"

int main(int argc, char** argv) {
  using namespace elbo;
  for (const std::int64_t batch : {128, 1024, 8192}) {
    for (const auto kind : {LikelihoodKind::bernoulli, LikelihoodKind::gaussian}) {
      bench::add("linear_likelihood", test::LinearLikelihoodCase{kind, {batch, 400, 784}});
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
