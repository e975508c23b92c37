// Means and deviations of a batch's pixels, in grey and in colour.

#include "cases/swap_axes.h"
#include "support.h"

int main(int argc, char** argv) {
  using namespace elbo;
  bench::add("swap_axes", test::SwapAxesCase{256, {784, 2, 1}});
  bench::add("swap_axes", test::SwapAxesCase{64, {4096, 2, 3}});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
