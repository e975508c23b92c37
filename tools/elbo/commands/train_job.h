#pragma once
// What `elbo train`, and commands that train several times, were asked to train and where.

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

/// The options of a training as they were given.
struct TrainRequest {
  std::optional<std::string> recipe;
  std::optional<std::string> out;
  std::string device = "auto";
  /// Recipe settings, "key=value", those of options of their own first.
  std::vector<std::string> settings;
  bool resume = false;
  bool force = false;
  bool json = false;
  bool quiet = false;
  /// Samples of the NLL of what was trained; unsaid: none, but objective.samples with objective.kind =
  /// "iwae".
  std::optional<std::int64_t> nll_samples;
  bool several = false;  ///< trainings in folders of their own beneath --out
};

/// The file by which a folder of several trainings is known.
inline constexpr const char* kSeveralMark = "several.txt";

/// RECIPE, --data, --epochs, --seed, --set, --out, --resume, --json and their like.
void add_training_options(CLI::App& app, const std::shared_ptr<TrainRequest>& request);

/// What to train and where.
struct Job {
  Recipe recipe;
  std::filesystem::path folder;
  std::string other_data;  ///< as the user named it; empty if it is the recipe's own
};

/// A training that begins. Throws ConfigError if its folder holds a run and nothing says to replace it.
Job new_job(const TrainRequest& request);
/// One that goes on, by the recipe.toml of its folder. Throws ConfigError if the request contradicts it,
/// IoError where there is none.
Job resumed_job(const TrainRequest& request);
/// One or the other, as the request says.
Job job_of(const TrainRequest& request);
/// Makes the folder of a run that was given none; another number where somebody was quicker.
void claim_run(Job& job);
/// Throws ConfigError if a run that was found finished was asked for less.
void check_not_beyond(const Job& job, const Dataset& data, const TrainReport& report);

}  // namespace elbo::command
