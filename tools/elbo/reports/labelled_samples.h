#pragma once
// Draws from the prior with the labels that a conditional model decodes them with.

#include <cstdint>
#include <string>
#include <vector>

#include "elbo/elbo.h"

namespace elbo::command {

/// Whether the model reads labels (model.condition).
bool is_conditional(const Model& model);
/// The names of the labels that it knows, by their numbers.
const std::vector<std::string>& classes_of(const Model& model);

/// Draws from the prior: rows [first, first + count) of a sequence that has the codes of a seed, each once,
/// or for a conditional model with each of its labels in turn.
struct LabelledCodes {
  Table codes;
  std::vector<std::int32_t> labels;  ///< empty if the model reads none
};
LabelledCodes codes_of_all_labels(const Model& model, std::uint64_t seed, std::int64_t first,
                                  std::int64_t count);

/// The columns of a grid that has a label in each: none if there are no labels, or too many.
std::int64_t columns_of_labels(const Model& model);
/// How many samples a picture shows: 12 of each label, or 144.
std::int64_t shown_samples(const Model& model);

/// The leading column of a .csv file of samples, and its texts: the labels' names; none without labels.
std::vector<std::string> label_header(const Model& model);
std::vector<std::vector<std::string>> label_texts(const Model& model,
                                                  const std::vector<std::int32_t>& labels);

}  // namespace elbo::command
