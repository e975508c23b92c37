// Adding up a step's squared errors, for a usual batch, with missing values, and with many samples; and the
// update of the variance.

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
