// A prior of each label, with 1 and 50 samples an example.

#include "cases/conditional_prior.h"
#include "support.h"

namespace {

template <class Case>
Case of(std::int64_t samples, elbo::test::PriorWeights weights) {
  Case made;
  made.examples = 128;
  made.samples = samples;
  made.latent = 20;
  made.weights = weights;
  return made;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace elbo::test;
  elbo::bench::add("relative_moments", of<RelativeMomentsCase>(1, PriorWeights::none));
  elbo::bench::add("relative_moments_backward", of<RelativeMomentsBackwardCase>(1, PriorWeights::none));
  elbo::bench::add("relative_moments_backward", of<RelativeMomentsBackwardCase>(50, PriorWeights::samples));
  for (const std::int64_t samples : {1, 50}) {
    elbo::bench::add("place_codes", of<PlaceCodesCase>(samples, PriorWeights::none));
    elbo::bench::add("place_codes_backward", of<PlaceCodesBackwardCase>(samples, PriorWeights::none));
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
