#pragma once
// Copies an epoch's costs to the host while the device continues.

#include <chrono>
#include <cstdint>

#include "runtime/readback.h"
#include "train/cost_record.h"

namespace elbo {

/// The number of steps between copies, so that they are some 50 ms apart; 1 if a step takes longer.
class CopyInterval {
 public:
  std::int64_t steps() const noexcept { return steps_; }
  /// Records that the device took `time` for `steps` (positive). Faster steps lengthen the interval, at most
  /// to twice its steps; slower steps shorten it at once.
  void measured(std::int64_t steps, std::chrono::duration<double> time);

 private:
  std::int64_t steps_ = 32;
};

/// Copies the device's CostRecord now and then. At most two intervals of steps, some 50 ms each, are launched
/// ahead of the record that the host has seen. So the device is never idle, and a stop or a bad loss is
/// noticed soon.
class CostWatch {
 public:
  /// `device` must outlive this.
  CostWatch(Context& context, const CostRecord* device)
      : device_(device), copy_(context, sizeof(CostRecord)) {}

  /// Forgets a copy in progress. Call when an epoch begins, with the number of its steps done before.
  void restart(std::int64_t steps);
  /// Call after launching steps, with the number launched so far. Returns whether a newer record has arrived.
  bool poll(std::int64_t steps);

  /// The record that arrived last, and the number of its steps.
  const CostRecord& record() const noexcept { return record_; }
  std::int64_t steps() const noexcept { return record_steps_; }

 private:
  using Clock = std::chrono::steady_clock;
  void collect();

  const CostRecord* device_;
  Readback copy_;
  bool under_way_ = false;
  CopyInterval interval_;
  std::int64_t copied_steps_ = 0;  ///< steps before the last started copy
  Clock::time_point copied_at_ = Clock::now();
  bool arrived_before_ = false;  ///< in this epoch
  Clock::time_point arrived_at_;
  CostRecord record_;
  std::int64_t record_steps_ = 0;
};

}  // namespace elbo
