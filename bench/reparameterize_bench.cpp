// The posterior of a training batch, of a large batch, and of many samples for an importance-weighted bound.

#include "cases/reparameterize.h"
#include "support.h"

int main(int argc, char** argv) {
  using elbo::test::ReparameterizeCase;
  for (const auto& shape :
       {ReparameterizeCase{128, 20}, ReparameterizeCase{4096, 64}, ReparameterizeCase{128, 20, 64}}) {
    elbo::bench::add("reparameterize", elbo::test::SampleCase{shape});
    elbo::bench::add("reparameterize_backward", elbo::test::SampleGradientCase{shape});
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
