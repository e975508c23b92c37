#pragma once
// Labels and other conditions for the codes that a conditional model decodes.

#include <cstdint>
#include <string>
#include <vector>

#include "reports/labelled_samples.h"

namespace CLI {
class App;
}

namespace elbo::command {

/// What --given and --label say: "sex=f", "7".
struct GivenOptions {
  std::vector<std::string> given;
  std::string label;

  bool empty() const { return given.empty() && label.empty(); }
};
/// `otherwise` says what counts if they are not there.
void add_given(CLI::App& command, GivenOptions& options, const std::string& otherwise);

/// The values that the options give the model's conditions. Throws ConfigError, with the nearest name, for a
/// condition that the model does not read, and a label or level that it does not know.
GivenConditions given_conditions(const Model& model, const GivenOptions& options);
/// The same of --as, whose texts without a condition's name are labels.
GivenConditions conditions_as(const Model& model, const std::vector<std::string>& as);

/// Throws ConfigError if a condition has no value.
void require_all(const Model& model, const GivenConditions& given, const std::string& what);

/// The conditions of examples, with the given values in place of their own; no rows if none is given.
Table with_given(const Model& model, const Examples& examples, const GivenConditions& given);

/// The examples' conditions, if the model reads any; the likeliest label where there is none, if it infers
/// it. `seed` as for Model::label_probabilities.
Table conditions_read(const Model& model, const Examples& examples, std::uint64_t seed);

/// Throws ConfigError unless the model is conditioned on the label alone, as `what` ("classify") needs it to
/// be.
void require_label(const Model& model, const std::string& what);

/// Throws ConfigError if the model is conditional; `what` ("edit") decodes codes without conditions.
void refuse_conditional(const Model& model, const std::string& what);

}  // namespace elbo::command
