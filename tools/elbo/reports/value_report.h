#pragma once
// The cost of each value of the data.

#include <string>
#include <vector>

#include "elbo/elbo.h"
#include "reports/report.h"

namespace elbo::command {

/// Adds "reconstruction_per_value".
void add_values(Json& json, const Evaluation& evaluation);

/// The same in words, largest first. `columns` are the values' names if there are as many, else values are
/// numbered. Prints nothing for pictures, as a list of pixels tells nothing.
void print_values(const Model& model, const std::vector<std::string>& columns, const Evaluation& evaluation);

}  // namespace elbo::command
