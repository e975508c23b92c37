#pragma once
// The same training by several seeds.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/report.h"
#include "commands/train_job.h"

namespace elbo::command {

/// Mean and sample standard deviation of one figure.
struct Spread {
  double mean = 0.0;
  std::optional<double> deviation;  ///< none of a single run
  std::int64_t runs = 0;
};

/// Of the numbers at a JSON pointer as "/test/elbo"; nothing if a run has none.
std::optional<Spread> spread(const std::vector<Json>& runs, const std::string& at);

/// {"mean", "standard_deviation"}, the latter null for a single run.
Json to_json(const Spread& spread);
/// "104.76 ± 0.15"
std::string in_words(const Spread& spread, int decimals = 2);

/// What trainings are compared on.
struct HeldOut {
  std::string split;  ///< "validation" where there is such a split, else "test"
  bool same = false;  ///< for every seed: what a fraction holds out goes by the seed
};
/// Throws ConfigError if there is neither split, or but one example in it.
HeldOut held_out(const Recipe& recipe);

/// Trains `seeds` seeds from that of `job` on, each into its folder "seed-S" of the job's, and gives what
/// `elbo train --json` prints of each, the figures of `split`, of the last one where that is empty. What an
/// earlier call finished is read from its folder, what it began is gone on with. Fewer results than seeds: it
/// was interrupted.
std::vector<Json> train_seeds(const Job& job, std::int64_t seeds, const TrainRequest& request,
                              std::int64_t nll_samples, const std::string& split = {});

/// Of each seed that train_seeds() trained to compare on a split, what each of the split's examples costs:
/// the NLL where it was estimated, else −ELBO, in nats. Throws IoError, DataError.
std::vector<std::vector<double>> held_out_costs(const Job& job, std::int64_t seeds);

/// Readies a folder for trainings in folders of its own: writes recipe.toml and the mark by which they are
/// known, and, where the request forces it, forgets earlier ones. Throws ConfigError if it
/// holds a single run, what check_trainable() throws, and IoError.
void begin_several(Job& job, const TrainRequest& request);

/// Removes what makes a folder one of several trainings, though not their folders.
void forget_several(const std::filesystem::path& folder);

/// elbo train --repeat.
int run_repeat(TrainRequest request, std::int64_t seeds);

}  // namespace elbo::command
