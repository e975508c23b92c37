// Gradient and step of each layer of 784-400-400-20-400-400-784, at batches of 128 and 1024.

#include "cases/linear_adam.h"
#include "support.h"

int main(int argc, char** argv) {
  using namespace elbo;
  for (auto shape : test::network_shapes()) {
    for (const std::int64_t batch : {128, 1024}) {
      shape.n = batch;
      bench::add("linear_adam", test::LinearAdamCase{shape});
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
