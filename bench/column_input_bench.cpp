// Rows of a wide table: numbers, counts and classes in turns.

#include "cases/column_input.h"
#include "support.h"

int main(int argc, char** argv) {
  for (const auto& [columns, classes] : {std::pair{30, 10}, std::pair{300, 16}})
    elbo::bench::add("column_input", elbo::test::ColumnInputCase{128, columns, classes});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
