#pragma once
// One training of a command, and what it gave.

#include <string>
#include <utility>
#include <vector>

#include "report.h"
#include "train_job.h"

namespace elbo::command {

/// The costs of each split there is, by its name.
using SplitResults = std::vector<std::pair<std::string, Evaluation>>;

/// Trains with progress on standard error, until `InterruptGuard` notes a signal. Throws like train().
TrainReport run_training(Model& model, const Dataset& data, const Job& job, bool resume, bool quiet);

/// The stored model's costs on every split. Throws Error where one is not finite.
SplitResults evaluate_splits(Model& model, const Dataset& data);

/// {"run", "recipe", …, "seconds", "interrupted", …}: what is known without an evaluation.
Json summary(const Job& job, const Model& model, const TrainReport& report);
/// Adds {"train", "validation", "test", "active_units", "squared_error"}.
void add_results(Json& json, const Recipe& recipe, const SplitResults& results);

}  // namespace elbo::command
