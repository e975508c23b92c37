// Likelihoods of a batch of 28×28 pictures, of many samples of one batch, and of two-dimensional data.

#include "cases/likelihood.h"
#include "support.h"

int main(int argc, char** argv) {
  using elbo::test::LikelihoodCase;
  for (const auto& info : elbo::kLikelihoods) {
    elbo::bench::add("likelihood", LikelihoodCase{info.kind, 128, 784});
    elbo::bench::add(
        "likelihood",
        LikelihoodCase{.kind = info.kind, .examples = 128, .values = 784, .samples = 64, .gradient = false});
    elbo::bench::add("likelihood", LikelihoodCase{info.kind, 4096, 2});
    elbo::bench::add("likelihood_mean", elbo::test::LikelihoodMeanCase{info.kind, 128, 784});
  }
  elbo::bench::add(
      "likelihood",
      LikelihoodCase{
          .kind = elbo::LikelihoodKind::categorical, .examples = 128, .values = 784, .classes = 16});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
