#pragma once
// Labels for the codes that a conditional model decodes.

#include <cstdint>
#include <string>
#include <vector>

#include "reports/labelled_samples.h"

namespace elbo::command {

/// The label called so, `count` times; nothing if the name is empty. Throws ConfigError, with the nearest
/// name, for a label that the model does not know, and for a name if it reads none.
std::vector<std::int32_t> label_of_all(const Model& model, const std::string& name, std::int64_t count);

/// The examples' labels, if the model reads them; the likeliest where there is none, if it infers them.
/// `seed` as for Model::label_probabilities.
std::vector<std::int32_t> labels_read(const Model& model, const Examples& examples, std::uint64_t seed);

/// Throws ConfigError if the model is not conditional, as `what` ("classify") needs it to be.
void require_conditional(const Model& model, const std::string& what);

/// Throws ConfigError if the model is conditional; `what` ("edit") decodes codes without labels.
void refuse_conditional(const Model& model, const std::string& what);

}  // namespace elbo::command
