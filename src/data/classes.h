#pragma once
// The numbering of labels that a conditional model reads.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "elbo/dataset.h"

namespace elbo::data {

/// Numbers labels without names 0, 1, … in ascending order over all splits, unless they are so already; their
/// names are then their former numbers, and a note says so.
void number_labels(Dataset& data);

/// Labels that a model can be conditioned on, at most.
inline constexpr std::int64_t kMaxConditionClasses = 4096;

/// The names of labels 0, 1, …, as numbered: those of the data, or their numbers. Empty if there are none.
/// Throws DataError for a negative label without a name, and for more than the maximum.
std::vector<std::string> class_names(const Dataset& data);

/// Notes the labels that no training example has.
void note_unlearned_labels(Dataset& data);

/// Notes the levels of conditions (Examples::conditions) that no training example has.
void note_unlearned_levels(Dataset& data);

/// The number of examples that have a label.
std::int64_t labelled_count(const Examples& examples);

/// Removes the labels of all training examples but `count`, which are drawn by the seed, equally many of each
/// label as far as they go, and notes it. Throws DataError if fewer have a label, or there are more labels.
void keep_labels(Dataset& data, std::int64_t count, std::uint64_t seed);

/// Numbers labels as `names` does, by their own names, and takes these names. Throws DataError with the name
/// of a label that is not among them.
void match_labels(Dataset& data, std::span<const std::string> names);

}  // namespace elbo::data
