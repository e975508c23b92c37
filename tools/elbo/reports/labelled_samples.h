#pragma once
// Draws from the prior with the conditions, as labels, that a conditional model decodes them with.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "elbo/elbo.h"

namespace elbo::command {

/// Whether the model reads labels or columns beside the values (model.condition).
bool is_conditional(const Model& model);
/// Whether it reads the label alone.
bool reads_label_alone(const Model& model);
/// The names of the labels that it knows, by their numbers.
const std::vector<std::string>& classes_of(const Model& model);

/// The value of each condition, in the column's own scale, as far as one is set. Empty: none is.
using GivenConditions = std::vector<std::optional<float>>;

/// Draws from the prior: rows [first, first + count) of a sequence that has the codes of a seed, each once,
/// or with several conditions in turn: all combinations of the levels and labels that are not given. Numbers
/// that are not given are the training data's means.
struct LabelledCodes {
  Table codes;
  Table conditions;  ///< as Model::conditions_of has them; no rows if the model reads none
};
LabelledCodes codes_of_all_labels(const Model& model, std::uint64_t seed, std::int64_t first,
                                  std::int64_t count, const GivenConditions& given = {});
/// E[x|z].
Table decoded(const Model& model, const LabelledCodes& from);

/// The same conditions `count` times: the first level of what is not given.
Table same_conditions(const Model& model, std::int64_t count, const GivenConditions& given = {});

/// The columns of a grid that has a label, or a combination of levels, in each: none if there are none, or
/// too many.
std::int64_t columns_of_labels(const Model& model, const GivenConditions& given = {});
/// How many samples a picture shows: 12 of each label, or 144.
std::int64_t shown_samples(const Model& model, const GivenConditions& given = {});

/// What samples have for conditions, for a report: ", given sex f, age 41".
std::string conditions_told(const Model& model, const GivenConditions& given = {});
/// The conditions of same_conditions(): "sex f, age 41", or of a model of labels alone "the label 7".
std::string same_told(const Model& model, const GivenConditions& given = {});

/// The leading columns of a .csv file of samples, and their texts: the conditions; none without any.
std::vector<std::string> condition_names(const Model& model);
std::vector<std::vector<std::string>> condition_texts(const Model& model, const Table& conditions);

}  // namespace elbo::command
