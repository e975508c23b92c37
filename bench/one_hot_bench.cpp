// Classes of a table's rows and of small pictures.

#include "cases/one_hot.h"
#include "support.h"

int main(int argc, char** argv) {
  for (const auto& [values, classes] : {std::pair{30, 10}, std::pair{784, 16}})
    elbo::bench::add("one_hot", elbo::test::OneHotCase{128, values, classes});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
