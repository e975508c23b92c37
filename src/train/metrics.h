#pragma once
// metrics.jsonl: one JSON object a finished epoch.

#include <cstdint>
#include <filesystem>
#include <string>

#include "elbo/train.h"

namespace elbo {

/// {"epoch", "steps", "seconds", "examples_per_second", "train": {"elbo", "reconstruction", "kl"},
/// "objective"}, with train.skip_norm "skipped_steps" and, where there is one, "validation" like "train",
/// with the "objective" that tells the best epoch; nats per example. One line without its end. What is not
/// finite becomes null.
std::string to_json(const EpochMetrics& metrics);

/// The file of a run, which only ever grows by whole lines.
class MetricsFile {
 public:
  /// Drops the lines of epochs after `last_epoch`, and what is no line of this format: a process that was
  /// killed may have left them. `last_epoch` 0 begins anew. Throws IoError.
  MetricsFile(std::filesystem::path file, std::int64_t last_epoch);

  /// Adds a line. What could not be written whole is taken back. Throws IoError.
  void append(const EpochMetrics& metrics);
  /// Waits until the lines are on the disk. Throws IoError.
  void sync();

 private:
  std::filesystem::path file_;
};

}  // namespace elbo
