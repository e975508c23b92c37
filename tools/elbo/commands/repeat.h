#pragma once
// The same training by several seeds.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/report.h"
#include "commands/train_job.h"

namespace elbo::command {

/// Mean and sample standard deviation of a figure.
struct Spread {
  double mean = 0.0;
  std::optional<double> deviation;  ///< none for a single run
  std::int64_t runs = 0;
};

/// The spread of the numbers at keys such as "test/elbo"; nothing if a run has none.
std::optional<Spread> spread(const std::vector<Json>& runs, const std::string& at);

/// {"mean", "standard_deviation"}, the latter null for a single run.
Json to_json(const Spread& spread);
/// "104.76 ± 0.15"
std::string in_words(const Spread& spread, int decimals = 2);

/// The data on which trainings are compared.
struct HeldOut {
  std::string split;  ///< "validation" if there is such a split, else "test"
  bool same = false;  ///< whether it is the same for every seed; a held-out fraction depends on the seed
};
/// Throws ConfigError if there is neither split, or it has only one example.
HeldOut held_out(const Recipe& recipe);

/// Trains `seeds` seeds from the job's seed on, each into the folder "seed-S" inside the job's. Returns what
/// `elbo train --json` prints for each, with the figures of `split`, or of the last split if that is empty.
/// Trainings that an earlier call finished are read from their folders; unfinished ones are resumed. Fewer
/// results than seeds mean that it was interrupted.
std::vector<Json> train_seeds(const Job& job, std::int64_t seeds, const TrainRequest& request,
                              std::int64_t nll_samples, const std::string& split = {});

/// For each seed that train_seeds() trained, the cost of each of the compared split's examples: the NLL if it
/// was estimated, else −ELBO, in nats. Throws IoError, DataError.
std::vector<std::vector<double>> held_out_costs(const Job& job, std::int64_t seeds);

/// Prepares a folder for several trainings in sub-folders: writes recipe.toml and the marker file, and
/// removes earlier trainings if the request says --force. Throws ConfigError if it holds a single run; like
/// check_trainable(); IoError.
void begin_several(Job& job, const TrainRequest& request);

/// elbo train --repeat.
int run_repeat(TrainRequest request, std::int64_t seeds);

}  // namespace elbo::command
