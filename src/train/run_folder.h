#pragma once
// The files of a run and the order they are written in.
//
// metrics.jsonl grows by a line after every epoch. The rest is brought up to date together, and the
// checkpoint, which is what a resumed training believes, last: metrics.jsonl is synced, then come
// model.safetensors where there is a new best, last.safetensors, and checkpoint.safetensors. A process killed
// at any moment leaves files ahead of the checkpoint, never behind it; what is ahead is done again, to the
// same bytes, and lines of metrics.jsonl that are ahead are dropped first.

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

  /// Holds the folder, and says whether it has a checkpoint to go on from: it has none where its training was
  /// stopped before the first one, and so lost nothing. Throws IoError if another training has the folder,
  /// where no training began in it, and where the checkpoint of its model is missing.
  bool claim_checkpoint();

  /// Makes and locks the folder, writes recipe.toml, then removes what an earlier run left. Throws IoError.
  void begin(const Recipe& recipe);
  /// Writes recipe.toml and drops what is ahead of the checkpoint, which has `epochs` finished. Throws
  /// IoError.
  void go_on(const Recipe& recipe, std::int64_t epochs);

  /// The line of a finished epoch. Throws IoError, and leaves no half a line.
  void add(const EpochMetrics& metrics) { metrics_->append(metrics); }
  /// Brings the files up to date; `best` [layout.size] where there is a new best model. Throws IoError; what
  /// was written before stays whole.
  void save(const Model::State& model, const DataIdentity& data, const TrainingPosition& position,
            const TrainingArrays& arrays, const std::vector<float>* best);

 private:
  /// Holds the folder, where there is one, until this goes. Throws IoError if another training has it.
  void lock();
  void remove_partial_files() const;

  std::filesystem::path folder_;
  std::optional<FolderLock> lock_;
  std::optional<MetricsFile> metrics_;
};

}  // namespace elbo
