// Adam over three arenas: a small model's, that of 784-400-400-20 and back (973,624 parameters), and one
// larger than the caches.

#include "cases/adam.h"
#include "support.h"

int main(int argc, char** argv) {
  for (const std::int64_t size : {16384, 973624, 16777216}) {
    elbo::bench::add("adam", elbo::test::AdamCase{size, 10, 0.01f});
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
