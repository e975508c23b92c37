// Every plan of a convolution's products, on a GPU, against float64 from operands rounded as the plan rounds
// them.

#include <gtest/gtest.h>

#include "cases/conv2d.h"

#if ELBO_HAS_CUDA

namespace elbo::test {
namespace {

using ops::Conv2dShape;

/// Every tile of the kernels, with patches copied in quads, from strided and misaligned pictures, and as
/// single values.
class Conv2dPlan : public testing::TestWithParam<ops::GemmPlan> {};

TEST_P(Conv2dPlan, MatchesReference) {
  if (!device().is_cuda()) GTEST_SKIP() << "plans are for CUDA";
  const ops::GemmPlan plan = GetParam();
  for (const auto& shape : {Conv2dShape{6, 5, 8, 20, 3, 1, 1}, Conv2dShape{7, 8, 3, 5, 3, 2, 1}}) {
    for (const bool transpose : {false, true}) {
      const Conv2dLayer layer{3, shape, transpose};
      EXPECT_OP(Conv2dForwardCase{layer, Activation::tanh, true, true, plan.precision, plan},
                {{0, 0}, {4, 0}});
      EXPECT_OP(Conv2dBackwardInputCase{layer, Activation::relu, plan.precision, plan}, {{0, 1}});
      EXPECT_OP(Conv2dBackwardParamsCase{layer, true, true, plan.precision, plan}, {{4, 0}});
    }
  }
}

struct PlanName {
  template <class Info>
  std::string operator()(const Info& info) const {
    return info.param.name();
  }
};

INSTANTIATE_TEST_SUITE_P(Whole, Conv2dPlan, testing::ValuesIn(every_tile(1)), PlanName());
INSTANTIATE_TEST_SUITE_P(Split, Conv2dPlan, testing::ValuesIn(every_tile(2)), PlanName());

}  // namespace
}  // namespace elbo::test

#endif
