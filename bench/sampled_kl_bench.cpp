// The log-ratios of a batch with 1 and 50 samples per example.

#include "cases/sampled_kl.h"
#include "support.h"

int main(int argc, char** argv) {
  for (const std::int64_t samples : {1, 50}) {
    elbo::bench::add("sampled_kl", elbo::test::SampledKlCase{100, samples});
    elbo::bench::add("sample_weights", elbo::test::SampleWeightsCase{100, samples});
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
