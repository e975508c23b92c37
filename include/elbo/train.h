#pragma once
// Training: an in-process call with progress by callback.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "elbo/dataset.h"
#include "elbo/model.h"

namespace elbo {

/// Where a training stands. Losses are nats per example, averaged over the epoch so far.
struct Progress {
  std::int64_t epoch = 0;  ///< counted from 1
  std::int64_t epochs = 0;
  std::int64_t step = 0;  ///< in this epoch, counted from 1
  std::int64_t steps_per_epoch = 0;
  ElboTerms train;
  std::int64_t skipped_steps = 0;  ///< by train.skip_norm, since the beginning
  double examples_per_second = 0.0;
  double seconds_left = 0.0;  ///< of the whole training, by the rate so far
};

/// One finished epoch, as it goes to metrics.jsonl.
struct EpochMetrics {
  std::int64_t epoch = 0;
  std::int64_t steps = 0;  ///< optimizer steps since the beginning
  double seconds = 0.0;    ///< of training in this epoch, without validation and saving
  double examples_per_second = 0.0;
  ElboTerms train;  ///< averaged over the epoch's batches as they were trained on
  /// What was minimised, whatever the objective, averaged likewise; nats per example.
  double objective = 0.0;
  /// With train.skip_norm: of those steps, the ones that were skipped.
  std::optional<std::int64_t> skipped_steps;
  std::optional<ElboTerms> validation;
  /// What tells the best epoch, nats per example: the validation data's cost by the objective as it is at the
  /// training's end, reconstruction + β·KL, or with a capacity + β·|KL − C|. With objective.kind = "iwae" the
  /// NLL by objective.samples samples (Burda et al. 2016, eq. 8), whatever β. Free bits, corruption and what
  /// a code costs are left out.
  std::optional<double> validation_objective;
};

struct TrainReport {
  std::vector<EpochMetrics>
      epochs;                      ///< those of this call; a resumed run's earlier ones are in metrics.jsonl
  std::int64_t steps = 0;          ///< optimizer steps since the beginning, earlier calls included
  std::int64_t skipped_steps = 0;  ///< of them, by train.skip_norm
  std::int64_t epoch = 0;          ///< the last one finished, earlier calls included
  /// Of the lowest validation_objective; without validation the last one.
  std::int64_t best_epoch = 0;
  double seconds = 0.0;              ///< of the call: training, validation and saving
  double examples_per_second = 0.0;  ///< of training alone, without validation and saving
  bool stopped_early = false;        ///< train.patience ended it before train.epochs
  bool interrupted = false;          ///< `stop` asked for it; the state was saved
  bool already_finished = false;     ///< resuming found all epochs done; nothing was trained or written
};

struct TrainOptions {
  /// Run folder for recipe.toml, metrics.jsonl, model.safetensors (best), last.safetensors and
  /// checkpoint.safetensors. They are brought up to date after an epoch, at the end, and when `stop` ends the
  /// training. Unless resumed, an earlier run's files there are replaced. Only one training at a time may
  /// have a folder. Empty: nothing is written.
  std::filesystem::path folder;
  /// Goes on from the folder's checkpoint, bitwise as if never stopped (same device and build). The recipe
  /// must be the checkpoint's, but for train.epochs, and the data the same. A run stopped before its first
  /// checkpoint begins anew; a folder with a model but without a checkpoint is refused.
  bool resume = false;
  /// The longest time between two checkpoints: where epochs take longer, they are written between steps.
  double checkpoint_seconds = 60.0;
  /// The share of the time that writing files may take: where epochs are so short that it would be more, not
  /// every one is saved. 1 saves them all.
  double saving_share = 0.1;
  std::function<void(const Progress&)> on_progress;  ///< at most ten times a second
  std::function<void(const EpochMetrics&)> on_epoch;
  std::function<bool()> stop;  ///< asked between steps; true ends the training after a checkpoint
};

/// Trains the model in place by its recipe; at the end the model holds the last parameters, their running
/// average with train.ema, or the best of either with train.patience. Unless resumed, it goes from the
/// parameters the model has, with a fresh optimizer. Throws ConfigError (train.patience without validation
/// data), ShapeError (rows are not the model's), DataError (data does not suit the likelihood, none to train
/// on, a checkpoint is corrupt or of other data), DivergedError (a loss, or a parameter, that is no number,
/// or twenty steps in a row that train.skip_norm skipped; the last good checkpoint stays), IoError,
/// DeviceError.
TrainReport train(Model& model, const Dataset& data, const TrainOptions& options = {});

}  // namespace elbo
