#pragma once
// What each value of the data costs.

#include <string>
#include <vector>

#include "elbo/elbo.h"
#include "reports/report.h"

namespace elbo::command {

/// Adds "reconstruction_per_value".
void add_values(Json& json, const Evaluation& evaluation);

/// The same in words, largest first; `columns` are the values' names where there are as many, else they are
/// numbered. Nothing of pictures, whose pixels no list tells anything of.
void print_values(const Model& model, const std::vector<std::string>& columns, const Evaluation& evaluation);

}  // namespace elbo::command
