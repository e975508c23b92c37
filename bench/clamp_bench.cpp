// The pseudo-inputs of a VampPrior for MNIST.

#include "cases/clamp.h"
#include "support.h"

namespace {

template <class Case>
Case of(std::int64_t rows, std::int64_t cols) {
  Case made;
  made.rows = rows;
  made.cols = cols;
  return made;
}

}  // namespace

int main(int argc, char** argv) {
  elbo::bench::add("clamp", of<elbo::test::ClampForwardCase>(500, 784));
  elbo::bench::add("clamp_backward", of<elbo::test::ClampBackwardCase>(500, 784));
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
