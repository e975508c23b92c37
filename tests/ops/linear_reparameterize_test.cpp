// The gradient through the decoder's first layer and the sample in one op, against float64 on the device
// under test.

#include "ops/linear_reparameterize.h"

#include <gtest/gtest.h>

#include "cases/linear_reparameterize.h"
#include "elbo/error.h"
#include "math/philox.h"

namespace elbo::test {
namespace {

class LinearSampleGradient : public testing::TestWithParam<LinearSampleGradientCase> {};

TEST_P(LinearSampleGradient, MatchesReference) {
  EXPECT_OP(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Shapes, LinearSampleGradient,
                         testing::Values(LinearSampleGradientCase{{1, 1}, 1},
                                         LinearSampleGradientCase{{3, 17}, 20},
                                         LinearSampleGradientCase{{17, 3}, 33},
                                         LinearSampleGradientCase{{33, 2, 1, 0, true}, 128},
                                         LinearSampleGradientCase{{20, 33, 1, 7, true, false}, 3},
                                         LinearSampleGradientCase{{5, 130, 1, 3}, 17},
                                         LinearSampleGradientCase{{128, 20, 1, 0, true}, 400}),
                         CaseName());

TEST(LinearSampleGradientOp, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> memory(context, 64);
  const auto call = [&](std::int64_t rows, std::int64_t latent, std::int64_t dy_cols,
                        std::int64_t first_sample) {
    ops::linear_reparameterize_backward(context, memory.matrix(rows, 2), memory.matrix(4, 2),
                                        memory.matrix(4, 2), memory.matrix(4, dy_cols),
                                        memory.matrix(3, latent), memory.matrix(4, 2), memory.matrix(4, 2),
                                        {}, 4.0f, {.first_sample = first_sample});
  };
  EXPECT_THROW(call(3, 2, 3, 0), ShapeError);
  EXPECT_THROW(call(4, 3, 3, 0), ShapeError);
  EXPECT_THROW(call(4, 2, 2, 0), ShapeError);
  EXPECT_THROW(call(4, 2, 3, math::kNoiseDimensions / 2), ShapeError);
}

}  // namespace
}  // namespace elbo::test
