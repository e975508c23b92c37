#pragma once
// The training loop: epochs, validation, saving, resuming, and reports to the caller.

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "elbo/train.h"
#include "model/stored_batches.h"
#include "train/cost_watch.h"
#include "train/gemm_plans.h"
#include "train/start.h"

namespace elbo {

/// One call of train(). The model does not change until the run has begun or been resumed: first everything
/// that may be refused is read and checked, then memory is allocated, then the folder is written, and then
/// the model is changed. Only the first checkpoint is written after that.
class Trainer {
 public:
  /// Reads and checks everything that may be refused, and uploads the data. Throws like train().
  Trainer(Model& model, const Dataset& data, const TrainOptions& options);

  TrainReport run();

 private:
  using Clock = std::chrono::steady_clock;

  void prepare(const Dataset& data);
  void begin();
  void go_on();
  /// From here on the training changes the model.
  void install();
  /// Trains to the end of the epoch. Returns false if the caller asked to stop before.
  bool train_epoch();
  void finish_epoch();
  /// Computes the validation objective of the present parameters, and records the best epoch.
  void validate(EpochMetrics& metrics);
  /// Whether the last train.patience epochs, with a settled objective, brought no improvement.
  bool out_of_patience() const;
  bool finished() const { return position_.epoch >= epochs_ || out_of_patience(); }
  /// Installs the result in the model: the best parameters with train.patience, their average with train.ema,
  /// else the last.
  void install_result();
  /// Whether enough time has passed since the last save, relative to its duration.
  bool may_save() const;
  void save();

  /// Waits for the device and reads its record of the epoch. Throws DivergedError.
  void settle();
  /// The arrays to save; only the values if nothing is saved. Throws DivergedError.
  TrainingArrays checked_arrays();
  void check_costs(const CostRecord& record) const;
  [[noreturn]] void fail_diverged(const std::string& what, std::int64_t step) const;
  /// Reports progress; `record` covers the epoch's first `steps` steps.
  void tell_progress(const CostRecord& record, std::int64_t steps);
  double seconds_since(Clock::time_point then) const;

  Model& model_;
  const TrainOptions& options_;
  std::int64_t epochs_;
  std::optional<RunFolder> folder_;
  TrainingStart start_;
  std::int64_t batch_steps_ = 0;  ///< steps of an epoch
  double log_volume_ = 0.0;       ///< log volume of the model's standardisation
  data::ResidentData train_data_;
  std::optional<data::Preprocessor> preprocessor_;
  PlannedSteps steps_;
  StepGraphs* runner_ = nullptr;               ///< the planned steps' graphs
  std::unique_ptr<StoredBatches> validation_;  ///< null if there is none
  std::unique_ptr<Workspace> validation_workspace_;
  const std::vector<std::int32_t>* validation_labels_ = nullptr;
  std::unique_ptr<CostWatch> watch_;

  TrainingPosition position_;
  TrainReport report_;
  std::int64_t saved_steps_ = -1;       ///< optimizer steps at the last save; −1: none yet
  std::int64_t checkpoint_steps_ = -1;  ///< optimizer steps of the folder's checkpoint; −1: none
  std::int64_t call_examples_ = 0;      ///< examples trained on in this call
  std::int64_t epoch_examples_ = 0;     ///< examples trained on in this epoch of this call
  double epoch_seconds_ = 0.0;          ///< this call's time of training in this epoch
  double training_seconds_ = 0.0;
  Clock::time_point begun_ = Clock::now();
  std::vector<float> best_;   ///< values of the best model, if needed
  bool best_is_new_ = false;  ///< the best model is not saved yet
  Clock::time_point saved_at_ = Clock::now();
  double saving_seconds_ = 0.0;  ///< duration of the last save
  Clock::time_point told_at_;
};

}  // namespace elbo
