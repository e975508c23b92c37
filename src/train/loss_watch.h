#pragma once
// Brings an epoch's costs back to the host while the device goes on.

#include <chrono>
#include <cstdint>

#include "runtime/readback.h"
#include "train/loss_record.h"

namespace elbo {

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
  std::int64_t interval_ = 0;      ///< steps between copies, where they are quick
  std::int64_t copied_steps_ = 0;  ///< steps before the copy that was started last
  Clock::time_point copied_at_ = Clock::now();
  LossRecord record_;
  std::int64_t record_steps_ = 0;
};

}  // namespace elbo
