#pragma once
// checkpoint.safetensors: everything that a stopped training needs to continue bitwise as if it had not
// stopped.

#include <filesystem>
#include <limits>

#include "model/state.h"
#include "train/cost_record.h"
#include "train/gemm_plans.h"

namespace elbo {

/// A training's position between two steps. The epoch's permutation follows from its number and the seed.
struct TrainingPosition {
  std::int64_t epoch = 0;        ///< epochs finished
  std::int64_t epoch_steps = 0;  ///< steps done in the next epoch
  std::int64_t steps = 0;        ///< optimizer steps since the start
  CostRecord record;             ///< costs of the epoch in progress; steps skipped in all
  std::int64_t best_epoch = 0;   ///< 0: none yet
  double best_objective = std::numeric_limits<double>::infinity();  ///< the best epoch's validation_objective
};

/// The arena's arrays on the host.
struct TrainingArrays {
  std::vector<float> values, first_moment, second_moment;
  std::vector<float> average;  ///< the running average of values; empty without train.ema

  /// The values that are evaluated and saved as the model.
  const std::vector<float>& model() const { return average.empty() ? values : average; }
};

/// Identifies the data of a checkpoint.
struct DataIdentity {
  std::uint32_t train = 0;       ///< data::fingerprint of the splits
  std::uint32_t validation = 0;  ///< 0 if there is none

  friend bool operator==(const DataIdentity&, const DataIdentity&) = default;
};

/// Writes the file through AtomicFile. Its contents do not depend on time, so that equal trainings give equal
/// bytes. Throws IoError.
void save_checkpoint(const std::filesystem::path& file, const ModelState& model, const DataIdentity& data,
                     const TrainingPosition& position, const TrainingArrays& arrays);

/// A checkpoint's contents, on the host.
struct Checkpoint {
  TrainingPosition position;
  TrainingArrays arrays;
  StoredPlans plans;  ///< plans of its training's products; none on the CPU
};

/// Reads a checkpoint of this model's shape and recipe and of this data. Only train.epochs, data.name, name
/// and description may differ. Throws ConfigError naming a setting that must not differ, DataError if the
/// data differs or the file is corrupt, IoError.
Checkpoint read_checkpoint(const std::filesystem::path& file, const ModelState& model,
                           const DataIdentity& data);

/// Copies the device's arrays to the host; waits for the device.
TrainingArrays arrays_to_host(ModelState& model);
/// Copies the arrays to the device. Throws DeviceError (out of memory).
void arrays_to_device(ModelState& model, const TrainingArrays& arrays);

}  // namespace elbo
