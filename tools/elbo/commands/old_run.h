#pragma once
// What earlier trainings left in a folder that --force gives to another.

#include <filesystem>

namespace elbo::command {

/// Removes the figures and reports of a folder's run, and trainings by several seeds or sizes in it, but not
/// what a training replaces itself: model, checkpoint and metrics. Only files that elbo writes by these names
/// go, only where there is a run, and folders only once they are empty.
void forget_results(const std::filesystem::path& folder);

/// Removes the model, checkpoint and metrics, too.
void forget_run(const std::filesystem::path& folder);

}  // namespace elbo::command
