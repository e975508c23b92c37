#pragma once
// The start of a training. It is read and checked, and may be refused, before the model or its run is
// changed.

#include <optional>
#include <vector>

#include "data/resident.h"
#include "elbo/train.h"
#include "train/checkpoint.h"
#include "train/run_folder.h"

namespace elbo {

struct TrainingStart {
  data::Standardization statistics;  ///< the model's from here on; empty if data is not standardised
  Schema schema;                     ///< the model's from here on
  DataIdentity identity;
  std::vector<float> output_bias;        ///< the decoder's; empty: not changed
  std::vector<StartValues> values;       ///< initial values of the prior's parameters, if it has any
  std::optional<Checkpoint> checkpoint;  ///< of the resumed training; none for a new one
  std::vector<float> best;  ///< [layout.size] values of its best model, if train.patience may need them
};

/// The statistics that a model gets by training on these examples.
data::Standardization training_statistics(const ModelState& model, const Examples& train);

/// Claims `folder` if a training is resumed in it; null if nothing is written. Throws like train().
TrainingStart read_start(const Model& model, const Dataset& data, const TrainOptions& options,
                         RunFolder* folder);

/// Installs a start in the model: its statistics, and either the checkpoint's arrays or the output bias with
/// a new optimizer. Moves values out of `start` that are not needed afterwards. Parameters must be prepared
/// for training.
void install_start(ModelState& model, TrainingStart& start);

}  // namespace elbo
