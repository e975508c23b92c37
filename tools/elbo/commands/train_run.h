#pragma once
// One training of a command, and what it gave.

#include <string>
#include <utility>
#include <vector>

#include "reports/report.h"
#include "commands/train_job.h"

namespace elbo::command {

/// The costs of each split there is, by its name.
using SplitResults = std::vector<std::pair<std::string, Evaluation>>;

/// Trains with progress on standard error, until `InterruptGuard` notes a signal. Throws like train().
TrainReport run_training(Model& model, const Dataset& data, const Job& job, bool resume, bool quiet);

/// How many samples the NLL of a finished training takes; 0: there is none.
std::int64_t nll_samples_of(const TrainRequest& request, const Recipe& recipe);

/// The stored model's costs on every split and, for nll_samples > 0, its NLL on `split`, on the last one
/// where that is empty. Throws Error where one is not finite.
SplitResults evaluate_splits(Model& model, const Dataset& data, std::int64_t nll_samples,
                             const std::string& split = {});

/// {"run", "recipe", …, "seconds", "interrupted", …}: what is known without an evaluation.
Json summary(const Job& job, const Model& model, const TrainReport& report);
/// Adds {"train", "validation", "test"}, and the figures of `split`, of the last of them where that is empty:
/// "split" (which it is), "active_units", "squared_error" and, where there are such, the likelihood's, the
/// NLL and the latents'.
void add_results(Json& json, const Recipe& recipe, const SplitResults& results,
                 const std::string& split = {});

}  // namespace elbo::command
