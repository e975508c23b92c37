#pragma once
// Brings an epoch's costs back to the host while the device goes on.

#include <chrono>
#include <cstdint>

#include "runtime/readback.h"
#include "train/loss_record.h"

namespace elbo {

/// Steps between copies that are some 50 ms apart; one where a step takes longer.
class CopyInterval {
 public:
  std::int64_t steps() const noexcept { return steps_; }
  /// The device has done `steps` (positive) in `time`. Quicker ones than before lengthen the interval, to at
  /// most twice its steps; slower ones shorten it at once.
  void measured(std::int64_t steps, std::chrono::duration<double> time);

 private:
  std::int64_t steps_ = 32;
};

/// Copies the device's LossRecord now and then. At most two copies' worth of steps, some 50 ms each, are
/// given to the device ahead of what the host has seen, so that the device is never idle and a stop or a bad
/// loss is noticed soon.
class LossWatch {
 public:
  /// `device` must outlive this.
  LossWatch(Context& context, const LossRecord* device)
      : device_(device), copy_(context, sizeof(LossRecord)) {}

  /// Forgets a copy under way. Call where an epoch begins, with its steps that were done before.
  void restart(std::int64_t steps);
  /// Call after steps, with the steps given to the device so far. Whether a newer record has arrived.
  bool poll(std::int64_t steps);

  /// The record that arrived last, and the steps that went into it.
  const LossRecord& record() const noexcept { return record_; }
  std::int64_t steps() const noexcept { return record_steps_; }

 private:
  using Clock = std::chrono::steady_clock;
  void collect();

  const LossRecord* device_;
  Readback copy_;
  bool under_way_ = false;
  CopyInterval interval_;
  std::int64_t copied_steps_ = 0;  ///< steps before the copy that was started last
  Clock::time_point copied_at_ = Clock::now();
  bool arrived_before_ = false;  ///< in this epoch
  Clock::time_point arrived_at_;
  LossRecord record_;
  std::int64_t record_steps_ = 0;
};

}  // namespace elbo
