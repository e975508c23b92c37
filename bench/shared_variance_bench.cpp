// A step's squared errors added up, of a usual batch, of one with missing values, and of many samples; and
// the move.

#include "cases/shared_variance.h"
#include "support.h"

int main(int argc, char** argv) {
  using elbo::test::SquaredErrorCase;
  for (const auto& c : {SquaredErrorCase{128, 784}, SquaredErrorCase{128, 784, 1, true},
                        SquaredErrorCase{128, 784, 50, false, true}}) {
    elbo::bench::add("squared_error_sums", c);
  }
  elbo::bench::add("move_shared_variance", elbo::test::MoveVarianceCase{100});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
