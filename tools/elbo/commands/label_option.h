#pragma once
// Labels for the codes that a conditional model decodes.

#include <cstdint>
#include <string>
#include <vector>

#include "elbo/elbo.h"

namespace elbo::command {

/// Whether the model reads labels (model.condition).
bool is_conditional(const Model& model);
/// The names of the labels that it knows, by their numbers.
const std::vector<std::string>& classes_of(const Model& model);

/// The label called so, `count` times; nothing if the name is empty. Throws ConfigError, with the nearest
/// name, for a label that the model does not know, and for a name if it reads none.
std::vector<std::int32_t> label_of_all(const Model& model, const std::string& name, std::int64_t count);

/// The examples' labels, if the model reads them.
std::vector<std::int32_t> labels_read(const Model& model, const Examples& examples);

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

/// Throws ConfigError if the model is not conditional, as `what` ("classify") needs it to be.
void require_conditional(const Model& model, const std::string& what);

/// Throws ConfigError if the model is conditional; `what` ("edit") decodes codes without labels.
void refuse_conditional(const Model& model, const std::string& what);

}  // namespace elbo::command
