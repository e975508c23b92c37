// The order of an epoch's rows with labelled rows in each batch.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "support/device.h"
#include "support/training.h"
#include "train/step_sizes.h"

namespace elbo::test {
namespace {

class EpochOrder : public testing::Test {
 protected:
  void SetUp() override {
    Examples examples = patterned_examples(23, 4, 1, true);
    for (std::int64_t i = 0; i < examples.count; ++i)
      examples.labels.push_back(i % 6 == 0 ? static_cast<std::int32_t>(i % 4) : kNoLabel);
    settings_.batch = 8;
    settings_.seed = 5;
    data_ = data::ResidentData(context_, examples);
  }

  Context context_{test::device()};
  TrainSettings settings_;
  data::ResidentData data_;
};

TEST_F(EpochOrder, IsAllExamplesOnceWithoutLabelledRows) {
  EXPECT_EQ(epoch_order(settings_, data_, 2), data::epoch_permutation(23, 5, 2));
  EXPECT_EQ(StepSizes(settings_, 23).examples, 23);
  EXPECT_EQ(labelled_epoch_rows(settings_, data_), 4);
}

TEST_F(EpochOrder, EndsEachBatchWithLabelledExamplesInTurns) {
  settings_.labelled_rows = 3;
  const StepSizes sizes(settings_, 23);
  EXPECT_EQ(sizes.steps_per_epoch(), 5);  // 23 examples, five a batch
  EXPECT_EQ(sizes.examples, 23 + 15);
  EXPECT_EQ(sizes.ragged_rows(), 6);
  EXPECT_EQ(labelled_epoch_rows(settings_, data_), 4 + 15);
  const auto order = epoch_order(settings_, data_, 1);
  ASSERT_EQ(std::ssize(order), sizes.examples);
  std::map<std::int64_t, int> seen;
  std::vector<std::int64_t> turns;
  for (std::size_t first = 0; first < order.size(); first += 8) {
    const std::size_t end = std::min<std::size_t>(first + 8, order.size());
    for (std::size_t row = first; row < end; ++row) {
      ++seen[order[row]];
      if (row + 3 >= end) turns.push_back(order[row]);
    }
  }
  for (const std::int64_t example : turns) EXPECT_EQ(example % 6, 0) << "has no label";
  for (std::size_t i = 4; i < turns.size(); ++i) EXPECT_EQ(turns[i], turns[i - 4]);
  for (std::int64_t i = 0; i < 23; ++i) {
    EXPECT_GE(seen[i], i % 6 == 0 ? 4 : 1) << i;
    EXPECT_LE(seen[i], i % 6 == 0 ? 5 : 1) << i;
  }
  EXPECT_NE(epoch_order(settings_, data_, 2), order);
}

}  // namespace
}  // namespace elbo::test
