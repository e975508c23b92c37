// The bound of a batch of MNIST's examples, none of which has a label, over their 10 classes and over 100.

#include "cases/class_bound.h"
#include "support.h"

int main(int argc, char** argv) {
  for (const std::int64_t classes : {10, 100}) {
    elbo::bench::add("class_bound", elbo::test::ClassBoundCase{200, classes, 25, 0.0});
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
