// A condition's addition to a layer, with 1 and 50 samples an example.

#include "cases/shift.h"
#include "support.h"

int main(int argc, char** argv) {
  for (const std::int64_t samples : {1, 50}) {
    elbo::bench::add("shift_forward", elbo::test::ShiftCase{128, samples, 400, elbo::Activation::relu});
    elbo::bench::add("shift_backward", elbo::test::ShiftBackwardCase{128, samples, 400});
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
