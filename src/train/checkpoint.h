#pragma once
// checkpoint.safetensors: all that a stopped training needs to go on bitwise as if it had not stopped.

#include <filesystem>
#include <limits>

#include "model/state.h"
#include "train/loss_record.h"
#include "train/product_plans.h"

namespace elbo {

/// Where a training stands between two steps. The permutation of the epoch follows from its number and the
/// seed.
struct TrainingPosition {
  std::int64_t epoch = 0;        ///< epochs finished
  std::int64_t epoch_steps = 0;  ///< steps done of the next one
  std::int64_t steps = 0;        ///< optimizer steps since the beginning
  LossRecord record;             ///< costs of the epoch begun, steps skipped in all
  std::int64_t best_epoch = 0;   ///< 0: none yet
  double best_loss = std::numeric_limits<double>::infinity();  ///< its validation_objective
};

/// The arena's arrays on the host.
struct TrainingArrays {
  std::vector<float> values, first_moment, second_moment;
  std::vector<float> average;  ///< the running average of values; empty without train.ema

  /// What is evaluated and saved as the model.
  const std::vector<float>& model() const { return average.empty() ? values : average; }
};

/// By which a checkpoint knows its data again.
struct DataIdentity {
  std::uint32_t train = 0;       ///< data::fingerprint of the splits
  std::uint32_t validation = 0;  ///< 0 where there is none

  friend bool operator==(const DataIdentity&, const DataIdentity&) = default;
};

/// Writes the file through AtomicFile. Nothing in it depends on time, so that equal trainings give equal
/// bytes. Throws IoError.
void save_checkpoint(const std::filesystem::path& file, const Model::State& model, const DataIdentity& data,
                     const TrainingPosition& position, const TrainingArrays& arrays);

/// What a checkpoint holds, on the host.
struct Checkpoint {
  TrainingPosition position;
  TrainingArrays arrays;
  StoredPlans plans;  ///< by which its training's products run; none on the CPU
};

/// Reads a checkpoint of this model's shape and recipe and of this data. Only train.epochs, data.name, name
/// and description may differ. Throws ConfigError naming the setting that does, DataError if the data is
/// another or the file is corrupt, IoError.
Checkpoint read_checkpoint(const std::filesystem::path& file, const Model::State& model,
                           const DataIdentity& data);

/// The device's arrays, to the host; waits for the device.
TrainingArrays download_arrays(Model::State& model);
/// The other way. Throws DeviceError (out of memory).
void upload_arrays(Model::State& model, const TrainingArrays& arrays);

}  // namespace elbo
