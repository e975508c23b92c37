// The backward pass through the sample, of 784-400-400-20-400-400-784 and of a wide network.

#include "cases/linear_reparameterize.h"
#include "support.h"

int main(int argc, char** argv) {
  using elbo::test::LinearSampleGradientCase;
  for (const auto& shape :
       {LinearSampleGradientCase{{128, 20}, 400}, LinearSampleGradientCase{{1024, 20}, 400},
        LinearSampleGradientCase{{4096, 64}, 4096}}) {
    elbo::bench::add("linear_reparameterize_backward", shape);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
