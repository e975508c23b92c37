#pragma once
// What a training starts from. All of it is read and checked, and may be refused, before the model or its run
// is changed.

#include <optional>
#include <vector>

#include "data/resident.h"
#include "elbo/train.h"
#include "train/checkpoint.h"
#include "train/run_folder.h"

namespace elbo {

struct TrainingStart {
  data::Standardization statistics;  ///< that the model has from here on; empty if data is taken as it is
  DataIdentity identity;
  std::vector<float> output_bias;        ///< the decoder's; empty if it stays as it is
  std::vector<StartValues> values;       ///< that the prior's parameters begin with; of others none
  std::optional<Checkpoint> checkpoint;  ///< of the training that goes on; none where one begins
  std::vector<float> best;  ///< [layout.size] values of its best model, where train.patience may want them
};

/// The statistics that a model has once it is trained on these examples.
data::Standardization training_statistics(const Model::State& model, const Examples& train);

/// `folder` is claimed where a training is resumed in it; null if nothing is written. Throws like train().
TrainingStart read_start(const Model& model, const Dataset& data, const TrainOptions& options,
                         RunFolder* folder);

/// Gives a start to the model: its statistics, and the checkpoint's arrays or the output bias with a fresh
/// optimizer. Takes from `start` what nobody needs afterwards. Parameters must be prepared for training.
void install_start(Model::State& model, TrainingStart& start);

}  // namespace elbo
