#pragma once
// The files of a run and the order they are written in.
//
// The checkpoint is what a resumed training believes, so it is written last: the line of metrics.jsonl, then
// model.safetensors where the epoch is the best, then last.safetensors, then checkpoint.safetensors. A
// process killed between two of them leaves files ahead of the checkpoint, never behind it; the epoch is then
// done again, to the same bytes, and lines of metrics.jsonl that are ahead are dropped first.

#include <filesystem>
#include <optional>

#include "elbo/train.h"
#include "train/checkpoint.h"
#include "train/metrics.h"

namespace elbo {

class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path checkpoint() const { return folder_ / "checkpoint.safetensors"; }
  bool has_checkpoint() const;
  /// Whether a training began here, if only to be killed before its first checkpoint.
  bool has_run() const;

  /// Writes recipe.toml, then removes what an earlier run left. Throws IoError.
  void begin(const Recipe& recipe);
  /// Writes recipe.toml and drops what is ahead of the checkpoint, which has `epochs` finished. Throws
  /// IoError.
  void go_on(const Recipe& recipe, std::int64_t epochs);

  /// The files of a finished epoch. Throws IoError; what was written before stays whole.
  void save_epoch(const Model& model, const DataIdentity& data, const TrainingPosition& position,
                  const TrainingArrays& arrays, const EpochMetrics& metrics);
  /// The files between two steps of an epoch, or before the first.
  void save_position(const Model& model, const DataIdentity& data, const TrainingPosition& position,
                     const TrainingArrays& arrays);

 private:
  void remove_partial_files() const;

  std::filesystem::path folder_;
  std::optional<MetricsFile> metrics_;
};

}  // namespace elbo
