#pragma once
// The files of a run, and the order in which they are written.
//
// metrics.jsonl grows by a line after every epoch. The other files are updated together, and the checkpoint,
// which a resumed training trusts, last: metrics.jsonl is synced, then model.safetensors is written if there
// is a new best, then last.safetensors, then checkpoint.safetensors. If the process is killed, files may be
// ahead of the checkpoint but never behind it. A resumed training drops lines of metrics.jsonl that are
// ahead, and repeats the work to the same bytes.

#include <filesystem>
#include <optional>

#include "elbo/train.h"
#include "train/checkpoint.h"
#include "train/folder_lock.h"
#include "train/metrics.h"

namespace elbo {

class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path checkpoint() const { return folder_ / "checkpoint.safetensors"; }
  std::filesystem::path best_model() const { return folder_ / "model.safetensors"; }

  /// Locks the folder and returns whether it has a checkpoint to continue from. It has none if its training
  /// was stopped before the first one. Throws IoError if another training has the folder, no training began
  /// in it, or it has a model without a checkpoint.
  bool claim_checkpoint();

  /// Makes and locks the folder, writes recipe.toml, then removes files of an earlier run. Throws IoError.
  void begin(const Recipe& recipe);
  /// Writes recipe.toml and drops metrics that are ahead of the checkpoint, which has `epochs` finished.
  /// Throws IoError.
  void go_on(const Recipe& recipe, std::int64_t epochs);

  /// Adds the line of a finished epoch. Throws IoError, and then leaves no partial line.
  void add(const EpochMetrics& metrics) { metrics_->append(metrics); }
  /// Updates the files; `best` [layout.size] is given if there is a new best model. Throws IoError; files
  /// written before stay whole.
  void save(const ModelState& model, const DataIdentity& data, const TrainingPosition& position,
            const TrainingArrays& arrays, const std::vector<float>* best);

 private:
  /// Locks the folder, if there is one, during its lifetime. Throws IoError if another training has it.
  void lock();

  std::filesystem::path folder_;
  std::optional<FolderLock> lock_;
  std::optional<MetricsFile> metrics_;
};

}  // namespace elbo
