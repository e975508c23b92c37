// Gates of a dense layer and of pictures' channels.

#include "cases/gated.h"
#include "support.h"

int main(int argc, char** argv) {
  using namespace elbo;
  for (const auto& [rows, width] : {std::pair{100, 300}, std::pair{256 * 28 * 28, 32}}) {
    bench::add("gated_forward", test::GatedCase{rows, width});
    bench::add("gated_backward", test::GatedBackwardCase{rows, width});
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
