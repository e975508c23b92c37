#pragma once
// One training of a command, and its results.

#include <string>
#include <utility>
#include <vector>

#include "reports/report.h"
#include "commands/train_job.h"

namespace elbo::command {

/// The evaluation of each existing split, by its name.
using SplitResults = std::vector<std::pair<std::string, Evaluation>>;

/// A new model for this data. Throws OutOfMemoryError, before it is made, if it cannot be trained here.
Model new_model(const Recipe& recipe, const Dataset& data, Device device);

/// Trains with progress on standard error, until `InterruptGuard` records a signal. Throws like train().
TrainReport run_training(Model& model, const Dataset& data, const Job& job, bool resume, bool quiet);

/// The number of samples for the NLL of a finished training; 0: no NLL.
std::int64_t nll_samples_of(const TrainRequest& request, const Recipe& recipe);

/// The stored model's costs on every split and, for nll_samples > 0, its NLL on `split`, or on the last split
/// if that is empty. Throws Error if a result is not finite.
SplitResults evaluate_splits(const Model& model, const Dataset& data, std::int64_t nll_samples,
                             const std::string& split = {});

/// {"run", "recipe", …, "seconds", "interrupted", …}: the results that need no evaluation.
Json summary(const Job& job, const Model& model, const TrainReport& report);
/// Adds {"train", "validation", "test"}, and the figures of `split`, or of the last split if that is empty:
/// "split" (its name), "active_units", "squared_error" and, if there are any, the likelihood's figures, the
/// NLL and the latents' figures.
void add_results(Json& json, const Recipe& recipe, const SplitResults& results,
                 const std::string& split = {});

}  // namespace elbo::command
