#pragma once
// metrics.jsonl: one JSON object per finished epoch.

#include <cstdint>
#include <filesystem>
#include <string>

#include "elbo/train.h"

namespace elbo {

/// {"epoch", "steps", "seconds", "examples_per_second", "train": {"elbo", "reconstruction", "kl"},
/// "objective"}, with train.skip_norm "skipped_steps", and with validation data "validation" like "train",
/// plus the "objective" that decides the best epoch, and "accuracy" for a model that infers labels. Costs are
/// in nats per example. One line without its newline. Numbers that are not finite become null.
std::string to_json(const EpochMetrics& metrics);

/// A run's file, which only grows by whole lines.
class MetricsFile {
 public:
  /// Drops lines of epochs after `last_epoch` and text that is not a line of this format, both of which a
  /// killed process may leave. `last_epoch` 0 starts a new file. Throws IoError.
  MetricsFile(std::filesystem::path file, std::int64_t last_epoch);

  /// Adds a line. If it cannot be written whole, removes the part written. Throws IoError.
  void append(const EpochMetrics& metrics);
  /// Waits until the lines are on the disk. Throws IoError.
  void sync();

 private:
  std::filesystem::path file_;
};

}  // namespace elbo
