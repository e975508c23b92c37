// A prior with 500 components: a training's batch and an evaluation's codes.

#include "cases/mixture.h"
#include "support.h"

namespace {

template <class Case>
Case of(std::int64_t rows, bool responsibilities) {
  Case made;
  made.rows = rows;
  made.latent = 40;
  made.components = 500;
  made.logits = false;
  made.responsibilities = responsibilities;
  return made;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace elbo::test;
  elbo::bench::add("mixture_prepare", of<MixturePrepareCase>(100, true));
  elbo::bench::add("mixture_excess", of<MixtureExcessCase>(100, true));
  elbo::bench::add("mixture_excess", of<MixtureExcessCase>(4096, false));
  elbo::bench::add("mixture_backward_codes", of<MixtureCodesCase>(100, true));
  elbo::bench::add("mixture_backward_components", of<MixtureComponentsCase>(100, true));
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
