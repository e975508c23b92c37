#pragma once
// Training: one call, which reports progress through callbacks.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "elbo/dataset.h"
#include "elbo/export.h"
#include "elbo/model.h"

namespace elbo {

/// Progress of a training. Losses are in nats per example, averaged over the epoch so far.
struct Progress {
  std::int64_t epoch = 0;  ///< counted from 1
  std::int64_t epochs = 0;
  std::int64_t step = 0;  ///< in this epoch, counted from 1
  std::int64_t steps_per_epoch = 0;
  ElboTerms train;
  std::int64_t skipped_steps = 0;  ///< by train.skip_norm, since the start
  double examples_per_second = 0.0;
  double seconds_left = 0.0;  ///< until the whole training ends, at the rate so far
};

/// One finished epoch, as it goes to metrics.jsonl.
struct EpochMetrics {
  std::int64_t epoch = 0;
  std::int64_t steps = 0;  ///< optimizer steps since the beginning
  double seconds = 0.0;    ///< of training in this epoch, without validation and saving
  double examples_per_second = 0.0;
  ElboTerms train;  ///< averaged over the epoch's batches as they were trained on
  /// The objective that was minimised, averaged in the same way; nats per example.
  double objective = 0.0;
  /// With train.skip_norm: the number of `steps` that were skipped.
  std::optional<std::int64_t> skipped_steps;
  std::optional<ElboTerms> validation;
  /// Decides which epoch is best (but see train.best_by), nats per example: the validation data's cost under
  /// the objective's final weights, reconstruction + β·KL, or with a capacity reconstruction + β·|KL − C|.
  /// With objective.kind = "iwae": the NLL with objective.samples samples (Burda et al. 2016, eq. 8),
  /// whatever β. Free bits, corruption and code penalties are left out.
  std::optional<double> validation_objective;
  /// For a model that infers labels: the share of the labelled validation examples whose likeliest label is
  /// theirs. With train.best_by = "accuracy" it decides which epoch is best.
  std::optional<double> validation_accuracy;
};

struct TrainReport {
  std::vector<EpochMetrics>
      epochs;                      ///< this call's epochs; a resumed run's earlier ones are in metrics.jsonl
  std::int64_t steps = 0;          ///< optimizer steps since the beginning, earlier calls included
  std::int64_t skipped_steps = 0;  ///< of these steps, by train.skip_norm
  std::int64_t epoch = 0;          ///< the last finished epoch, earlier calls included
  /// The epoch with the lowest validation_objective, or the highest validation_accuracy with train.best_by =
  /// "accuracy"; without validation data, the last epoch.
  std::int64_t best_epoch = 0;
  double seconds = 0.0;              ///< duration of the call: training, validation and saving
  double examples_per_second = 0.0;  ///< of training alone, without validation and saving
  bool stopped_early = false;        ///< train.patience ended it before train.epochs
  bool interrupted = false;          ///< `stop` ended it; the state was saved
  bool already_finished = false;     ///< a resumed run had all its epochs; nothing was trained or written
};

struct TrainOptions {
  /// Run folder for recipe.toml, metrics.jsonl, model.safetensors (best), last.safetensors and
  /// checkpoint.safetensors. They are updated after an epoch, at the end, and when `stop` ends the training.
  /// Files of an earlier run are replaced, unless it is resumed. Only one training at a time may use a
  /// folder. Empty: nothing is written.
  std::filesystem::path folder;
  /// Continues from the folder's checkpoint, bitwise as if never stopped (on the same device and build). The
  /// recipe and the data must be the checkpoint's; train.epochs alone may differ. A run that was stopped
  /// before its first checkpoint starts anew. A folder with a model but without a checkpoint is refused.
  bool resume = false;
  /// The longest time between two checkpoints. If an epoch takes longer, checkpoints are written between
  /// steps.
  double checkpoint_seconds = 60.0;
  /// The largest share of the time that writing files may take. If epochs are so short that saving would take
  /// more, some are not saved. 1 saves every epoch.
  double saving_share = 0.1;
  std::function<void(const Progress&)> on_progress;  ///< at most ten times a second
  std::function<void(const EpochMetrics&)> on_epoch;
  std::function<bool()> stop;  ///< called between steps; true ends the training after a checkpoint
};

/// Trains the model in place by its recipe:
///
///     const elbo::Recipe recipe = elbo::Recipe::named("mnist");
///     const elbo::Dataset data = elbo::load_dataset(recipe);
///     elbo::Model model(recipe, data.dims(), elbo::Device::automatic(), data.picture);
///     elbo::train(model, data, {.folder = "runs/mnist"});
///
/// Splits that the data lacks are held out as the recipe's data.validation and data.test say, by hold_out()
/// with train.seed, and data.limit limits the training examples; data that was loaded by the recipe is so
/// already. At the end the model holds the last parameters; with train.ema their running average; with
/// train.patience those of the best epoch. Unless resumed, training starts from the model's present
/// parameters with a new optimizer. Throws ConfigError (train.patience without
/// validation data), ShapeError (the rows' width is not the model's), DataError (data
/// outside the likelihood's support, no training data, a checkpoint that is corrupt or of other data),
/// DivergedError (a loss or a parameter is NaN or infinite, or train.skip_norm skipped twenty steps in a row;
/// the last good checkpoint stays), IoError, DeviceError, OutOfMemoryError.
ELBO_API TrainReport train(Model& model, const Dataset& data, const TrainOptions& options = {});

/// Checks whether train() would take the model and the data, before anything is written. Throws ConfigError
/// (train.patience without validation data, batches of one row with batch normalisation), ShapeError (the
/// rows' width is not the model's), DataError (data does not suit the likelihood, no training data).
ELBO_API void check_trainable(const Model& model, const Dataset& data);

/// Whether a training that has finished may be resumed with more epochs. It may not if its rates depend on
/// their number, as those of the cosine schedule do, or if its stages have no more.
ELBO_API bool may_train_longer(const Recipe& recipe);

/// What `load_dataset` is told of data beyond its recipe.
struct RecipeLoadOptions {
  /// The column of labels, by name or number, which the table must have; "none": none. Empty: data.label.
  std::string label = {};
  std::string id = {};           ///< the same for the ids; empty: data.id
  std::string label_value = {};  ///< as TableOptions::label_value
  bool keep_source = false;      ///< as LoadOptions::keep_source
};

/// Loads the data a recipe names, with its missing values masked and its splits held out and limited as
/// `data.*` says. With a trained model, data is brought into the form that it knows: a table's columns are
/// matched by name, pictures that are resized get its channels. Throws like load_dataset, apply_mask and
/// hold_out; ConfigError if options.label or options.id is set and the data is no table, or lacks the column.
ELBO_API Dataset load_dataset(const Recipe& recipe, const Model* like = nullptr,
                              const RecipeLoadOptions& options = {});

/// Keeps at most `max_count` evenly spaced training examples, and adds a note; 0 keeps all. It is what
/// data.limit does. Throws ShapeError if `max_count` is negative.
ELBO_API void limit_training(Dataset& data, std::int64_t max_count);

/// Sets what a recipe leaves to the data. data.missing = "auto" becomes "mask" for a table, as later tables
/// may have missing cells, else "error". With model.likelihood = "mixed", an empty model.column_likelihoods
/// gets one for each column: gaussian-learned for numbers and dates, negative-binomial for counts, bernoulli
/// for two values, categorical for classes. With model.condition, an empty model.condition_classes gets the
/// labels' names, and an empty model.condition_kinds the kinds of the columns that the data was read with.
/// Throws DataError if a column has more classes than a likelihood takes, there are no labels, or the data
/// was read without a column that model.condition names.
ELBO_API Recipe follow_data(Recipe recipe, const Dataset& data);

/// A recipe for data that none was written for, called after it, with the likelihood that is given, or one
/// that suits the data: the mixed likelihood for a table, the negative binomial for counts, Bernoulli for
/// values in [0, 1], else a Gaussian, standardised; layers, batches and epochs by the data's size, at most
/// about ten minutes on two cores; early stopping if there is validation data.
///
///     const elbo::Dataset data = elbo::load_dataset("customers.csv");
///     elbo::Model model(elbo::recipe_for(data), data.dims());
///     elbo::train(model, data);
///
/// Throws like follow_data.
ELBO_API Recipe recipe_for(const Dataset& data, std::string_view likelihood = {});

}  // namespace elbo
