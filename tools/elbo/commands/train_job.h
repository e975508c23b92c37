#pragma once
// The request to `elbo train` and to commands that train several times: what to train, and where.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "elbo/elbo.h"

namespace CLI {
class App;
}

namespace elbo::command {

/// A training's options as given.
struct TrainRequest {
  std::optional<std::string> recipe;
  std::optional<std::string> out;
  std::string device = "auto";
  /// Recipe settings, "key=value"; settings with their own option come first.
  std::vector<std::string> settings;
  bool resume = false;
  bool force = false;
  bool json = false;
  bool quiet = false;
  /// Samples of the trained model's NLL; if not given: none, or objective.samples with objective.kind =
  /// "iwae".
  std::optional<std::int64_t> nll_samples;
  bool several = false;  ///< several trainings, each in its own folder inside --out
};

/// The file that marks a folder of several trainings.
inline constexpr const char* kSeveralMark = "several.txt";

/// Adds RECIPE, --data, --epochs, --seed, --set, --out, --resume, --json and similar options.
void add_training_options(CLI::App& app, const std::shared_ptr<TrainRequest>& request);

/// A training to run, and its folder.
struct Job {
  Recipe recipe;
  std::filesystem::path folder;
  std::string other_data;  ///< as the user named it; empty if it is the recipe's own
  bool resumes = false;    ///< continues what its folder holds
  /// No recipe was named: its settings follow the data, but for these, "key=value".
  std::optional<std::vector<std::string>> followed_by = {};
};

/// A new training. Throws ConfigError if its folder holds a run, unless it is to be replaced.
Job new_job(const TrainRequest& request);
/// A resumed training, with the recipe.toml of its folder. Throws ConfigError if the request contradicts it,
/// IoError if there is none.
Job resumed_job(const TrainRequest& request);
/// A new or a resumed job, as requested. A request to resume a recipe's run in a folder that holds nothing of
/// one begins it: its training was stopped before the first file.
Job job_of(const TrainRequest& request);
/// Loads the job's data and tells what was read; then the recipe's settings follow the data.
Dataset load_job_data(Job& job);
/// Makes the folder of a run without --out; takes another number if another process was faster.
void claim_run(Job& job);
/// The batches of an epoch over `count` examples.
std::int64_t batches_per_epoch(const TrainSettings& train, std::int64_t count);
/// Throws ConfigError if a finished run has more epochs than requested.
void check_not_beyond(const Job& job, const Dataset& data, const TrainReport& report);

}  // namespace elbo::command
