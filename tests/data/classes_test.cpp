// The numbering of labels for conditional models.

#include "data/classes.h"

#include <gtest/gtest.h>

#include <map>

#include "elbo/error.h"
#include "support/expect_says.h"

namespace elbo::test {
namespace {

using Labels = std::vector<std::int32_t>;
using Names = std::vector<std::string>;

Dataset labelled_as(Labels train, Labels validation = {}, Names names = {}) {
  Dataset data = Dataset::from_floats(std::vector<float>(train.size()), 1);
  data.name = "mine";
  data.train.labels = std::move(train);
  if (!validation.empty()) {
    data.validation = Dataset::from_floats(std::vector<float>(validation.size()), 1).train;
    data.validation.labels = std::move(validation);
  }
  data.label_names = std::move(names);
  return data;
}

TEST(Classes, NumbersWithGapsAreNumberedAnewOverAllSplits) {
  Dataset data = labelled_as({7, -2, 100, kNoLabel}, {100, 8});
  data::number_labels(data);
  EXPECT_EQ(data.train.labels, (Labels{1, 0, 3, kNoLabel}));
  EXPECT_EQ(data.validation.labels, (Labels{3, 2}));
  EXPECT_EQ(data.label_names, (Names{"-2", "7", "8", "100"}));
  EXPECT_EQ(data::class_names(data), data.label_names);
  ASSERT_EQ(data.notes.size(), 1u);
  EXPECT_SAYS(data.notes[0], "labels -2 to 100 are numbered 0 to 3");
}

TEST(Classes, NumbersWithoutGapsAndNamesStay) {
  Dataset numbers = labelled_as({1, 0, 2}), named = labelled_as({1, 0}, {}, {"cat", "dog", "eel"});
  data::number_labels(numbers);
  data::number_labels(named);
  EXPECT_EQ(numbers.train.labels, (Labels{1, 0, 2}));
  EXPECT_EQ(data::class_names(numbers), (Names{"0", "1", "2"}));
  EXPECT_EQ(data::class_names(named), (Names{"cat", "dog", "eel"})) << "also the one that does not occur";
  EXPECT_TRUE(numbers.notes.empty() && named.notes.empty());
  EXPECT_EQ(data::class_names(Dataset::from_floats({1.0f}, 1)), Names{});
}

TEST(Classes, TooLargeAndNegativeNumbersAreRefused) {
  EXPECT_THROW(data::class_names(labelled_as({0, 2147483647})), DataError);
  EXPECT_THROW(data::class_names(labelled_as({0, 4096})), DataError);
  EXPECT_EQ(data::class_names(labelled_as({0, 4095})).size(), 4096u);
  EXPECT_THROW(data::class_names(labelled_as({0, -1})), DataError);
}

TEST(Classes, ALabelWithoutATrainingExampleIsNoted) {
  Dataset data = labelled_as({0, 0}, {1, kNoLabel}, {"cat", "dog"});
  data::note_unlearned_labels(data);
  ASSERT_EQ(data.notes.size(), 1u);
  EXPECT_SAYS(data.notes[0], "no training example has the label dog");
}

TEST(Classes, LaterLabelsAreMatchedByName) {
  const Names known = {"cat", "dog", "eel"};
  Dataset later = labelled_as({0, 1, 1, kNoLabel}, {}, {"dog", "eel"});  // a folder without cats
  data::match_labels(later, known);
  EXPECT_EQ(later.train.labels, (Labels{1, 2, 2, kNoLabel}));
  EXPECT_EQ(later.label_names, known);
  Dataset numbers = labelled_as({7, 100});
  data::match_labels(numbers, Names{"7", "8", "100"});
  EXPECT_EQ(numbers.train.labels, (Labels{0, 2}));
}

TEST(Classes, AnUnseenLabelIsRefusedByName) {
  Dataset later = labelled_as({0, 1}, {}, {"dgo", "eel"});
  try {
    data::match_labels(later, Names{"cat", "dog", "eel"});
    FAIL() << "an unseen label was taken";
  } catch (const DataError& error) {
    EXPECT_SAYS(std::string(error.what()),
                "mine has the label \"dgo\", which the model does not know (model.condition_classes)");
    EXPECT_SAYS(std::string(error.what()), "did you mean \"dog\"?");
  }
  Dataset none = Dataset::from_floats({1.0f, 2.0f}, 1);
  EXPECT_NO_THROW(data::match_labels(none, Names{"cat"}));
}

// 12 examples of label 0, 4 of label 1, 1 of label 2, and three without.
Dataset many_labels() {
  Labels labels;
  for (int i = 0; i < 20; ++i) labels.push_back(i < 12 ? 0 : i < 16 ? 1 : i == 16 ? 2 : kNoLabel);
  return labelled_as(labels);
}

TEST(KeepLabels, AreBalancedAsFarAsTheyGo) {
  Dataset data = many_labels();
  const Labels before = data.train.labels;
  data::keep_labels(data, 8, 3);
  std::map<std::int32_t, int> counts;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const std::int32_t label = data.train.labels[i];
    EXPECT_TRUE(label == before[i] || label == kNoLabel);
    ++counts[label];
  }
  EXPECT_EQ(counts, (std::map<std::int32_t, int>{{kNoLabel, 12}, {0, 4}, {1, 3}, {2, 1}}));
  EXPECT_EQ(data.notes,
            std::vector<std::string>{"8 of 17 training examples keep their labels (data.labels)"});
}

TEST(KeepLabels, FollowTheSeed) {
  Dataset first = many_labels(), again = many_labels(), other = many_labels();
  data::keep_labels(first, 6, 3);
  data::keep_labels(again, 6, 3);
  data::keep_labels(other, 6, 4);
  EXPECT_EQ(first.train.labels, again.train.labels);
  EXPECT_NE(first.train.labels, other.train.labels);
}

TEST(KeepLabels, RefusesMoreThanThereAreAndFewerThanLabels) {
  const auto refusal = [](std::int64_t count) -> std::string {
    Dataset data = many_labels();
    try {
      data::keep_labels(data, count, 1);
    } catch (const DataError& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_SAYS(refusal(18), "only 17 of the 20");
  EXPECT_SAYS(refusal(2), "3 different labels");
}

}  // namespace
}  // namespace elbo::test
