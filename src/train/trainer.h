#pragma once
// The training loop: epochs, validation, saving, resuming, and what is told to the caller meanwhile.

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "elbo/train.h"
#include "model/stored_batches.h"
#include "train/loss_watch.h"
#include "train/product_plans.h"
#include "train/start.h"

namespace elbo {

/// One call of train(). Until the run is begun or gone on with, the model stays as it is: what may be refused
/// is read and checked, then memory is taken, then the folder is written to, and then the model is changed.
/// Only the first checkpoint is written after that.
class Trainer {
 public:
  /// Reads and checks all that there is to refuse and gives the data to the device. Throws like train().
  Trainer(Model& model, const Dataset& data, const TrainOptions& options);

  TrainReport run();

 private:
  using Clock = std::chrono::steady_clock;

  void prepare(const Dataset& data);
  void begin();
  void go_on();
  /// From here on the model is the training's.
  void install();
  /// Trains to the end of the epoch. False where the caller asked to stop before.
  bool train_epoch();
  void finish_epoch();
  /// The validation loss of the parameters as they are; notes the best epoch.
  void validate(EpochMetrics& metrics);
  /// Whether the last epochs of a settled objective were no better, as many as train.patience says.
  bool out_of_patience() const;
  bool finished() const { return position_.epoch >= epochs_ || out_of_patience(); }
  /// Leaves in the model what was trained: the best parameters with train.patience, their average with
  /// train.ema, else the last.
  void install_result();
  /// Whether the last save is long enough ago, by the time that it took.
  bool may_save() const;
  void save();

  /// Waits for the device and takes its record of the epoch. Throws DivergedError.
  void settle();
  /// What there is to save, only the values where nothing is. Throws DivergedError.
  TrainingArrays checked_arrays();
  void check_loss(const LossRecord& record) const;
  [[noreturn]] void fail_diverged(const std::string& what, std::int64_t step) const;
  /// `record` is of the epoch's first `steps` steps.
  void tell_progress(const LossRecord& record, std::int64_t steps);
  double seconds_since(Clock::time_point then) const;

  Model& model_;
  const TrainOptions& options_;
  std::int64_t epochs_;
  std::optional<RunFolder> folder_;
  TrainingStart start_;
  std::int64_t batch_steps_ = 0;  ///< steps of an epoch
  double log_volume_ = 0.0;       ///< of the model's standardisation
  data::ResidentData train_data_;
  std::optional<data::Preprocessor> preprocessor_;
  PlannedSteps steps_;
  StepGraphs* runner_ = nullptr;               ///< theirs
  std::unique_ptr<StoredBatches> validation_;  ///< null if there is none
  std::unique_ptr<Workspace> validation_workspace_;
  std::unique_ptr<LossWatch> watch_;

  TrainingPosition position_;
  TrainReport report_;
  std::int64_t saved_steps_ = -1;       ///< optimizer steps at the last save; −1: none yet
  std::int64_t checkpoint_steps_ = -1;  ///< those of the checkpoint in the folder; −1: there is none
  std::int64_t call_examples_ = 0;      ///< trained on in this call
  std::int64_t epoch_examples_ = 0;     ///< of them, in this epoch
  double epoch_seconds_ = 0.0;          ///< of this call, training in this epoch
  double training_seconds_ = 0.0;
  Clock::time_point begun_ = Clock::now();
  std::vector<float> best_;   ///< values of the best model, where somebody wants them
  bool best_is_new_ = false;  ///< it is not saved yet
  Clock::time_point saved_at_ = Clock::now();
  double saving_seconds_ = 0.0;  ///< that the last save took
  Clock::time_point told_at_;
};

}  // namespace elbo
