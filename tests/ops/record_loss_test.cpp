// The record of each batch's costs: sums against float64, and the first bad step.

#include "ops/record_loss.h"

#include <gtest/gtest.h>

#include <limits>

#include "cases/record_loss.h"
#include "elbo/error.h"

namespace elbo::test {
namespace {

class RecordLossCases : public testing::TestWithParam<RecordLossCase> {};

TEST_P(RecordLossCases, MatchesFloat64) {
  EXPECT_OP(GetParam(), {{0, 0}, {0, 1}});
}

INSTANTIATE_TEST_SUITE_P(Shapes, RecordLossCases,
                         testing::Values(RecordLossCase{1}, RecordLossCase{3, false},
                                         RecordLossCase{17, true, 5}, RecordLossCase{128},
                                         RecordLossCase{255}, RecordLossCase{257}, RecordLossCase{784, false},
                                         RecordLossCase{85, true, 0, 5}, RecordLossCase{85, true, 0, 5, true},
                                         RecordLossCase{7, false, 0, 1, true},
                                         RecordLossCase{60, true, 0, 3, false, true}, RecordLossCase{10007}),
                         CaseName());

/// The sums and the first bad step after batches that end with the given values.
class Record {
 public:
  Record() : sums_(context_, 3), first_bad_(context_, 1), state_(context_, 1) {
    sums_.fill_zero();
    first_bad_.fill_zero();
  }
  void batch(std::uint64_t step, float last_nll, float last_kl) {
    std::vector<float> nll(33, 1.0f), kl(33, 0.5f);
    nll.back() = last_nll;
    kl.back() = last_kl;
    const StepState state{.step = step};
    state_.upload(std::span(&state, 1));
    const Buffer<float> nll_device(context_, nll), kl_device(context_, kl);
    ops::record_loss(context_, sums_.data(), first_bad_.data(),
                     {.nll = nll_device.view(), .kl = kl_device.view(), .objective = {}, .penalty = {}},
                     state_.data());
    context_.synchronize();
  }
  std::uint64_t first_bad() const { return first_bad_.to_host()[0]; }

 private:
  Context context_{device()};
  Buffer<double> sums_;
  Buffer<std::uint64_t> first_bad_;
  Buffer<StepState> state_;
};

TEST(RecordLoss, FirstBadStepStays) {
  ELBO_REQUIRE_DEVICE();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  Record record;
  record.batch(1, 2.0f, 3.0f);
  EXPECT_EQ(record.first_bad(), 0u);
  record.batch(2, 1e38f, 1e38f);
  EXPECT_EQ(record.first_bad(), 0u) << "a large sum is not infinite";
  record.batch(3, 1.0f, nan);
  EXPECT_EQ(record.first_bad(), 3u);
  record.batch(4, infinity, 1.0f);
  record.batch(5, 1.0f, 1.0f);
  EXPECT_EQ(record.first_bad(), 3u);
}

TEST(RecordLoss, InfinityIsBad) {
  ELBO_REQUIRE_DEVICE();
  const float infinity = std::numeric_limits<float>::infinity();
  Record positive, negative;
  positive.batch(7, infinity, 0.0f);
  negative.batch(8, -infinity, 0.0f);
  EXPECT_EQ(positive.first_bad(), 7u);
  EXPECT_EQ(negative.first_bad(), 8u);
}

TEST(RecordLoss, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<double> sums(context, 3);
  Buffer<std::uint64_t> first_bad(context, 1);
  Buffer<float> nll(context, 4), kl(context, 3);
  const auto call = [&](double* to, VectorView<const float> a, VectorView<const float> b) {
    ops::record_loss(context, to, first_bad.data(), {.nll = a, .kl = b, .objective = {}, .penalty = {}},
                     nullptr);
  };
  EXPECT_THROW(call(nullptr, nll.view(), {}), ShapeError);
  EXPECT_THROW(call(sums.data(), {}, {}), ShapeError);
  EXPECT_THROW(call(sums.data(), nll.view(), kl.view()), ShapeError);
}

}  // namespace
}  // namespace elbo::test
