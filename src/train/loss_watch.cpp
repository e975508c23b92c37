#include "train/loss_watch.h"

#include <algorithm>
#include <cstring>

namespace elbo {
namespace {

constexpr std::int64_t kFewestSteps = 32;              // between copies, where steps are quick,
constexpr auto kTime = std::chrono::milliseconds(50);  // and where they are slow

}  // namespace

void LossWatch::restart(std::int64_t steps) {
  if (under_way_) copy_.wait();
  under_way_ = false;
  copied_steps_ = steps;
}

bool LossWatch::poll(std::int64_t steps) {
  bool arrived = false;
  const auto collect_if = [&](bool condition) {
    if (!condition) return;
    collect();
    arrived = true;
  };
  collect_if(under_way_ && copy_.ready());
  const auto now = Clock::now();
  interval_ = std::max(interval_, kFewestSteps);
  if (steps - copied_steps_ >= interval_ || now - copied_at_ >= kTime) {
    // Waiting below makes the time between copies the device's.
    if (under_way_ && now - copied_at_ < kTime / 2) interval_ *= 2;
    collect_if(under_way_);  // waits for work given an interval ago
    copy_.start(device_);
    under_way_ = true;
    copied_steps_ = steps;
    copied_at_ = now;
    collect_if(copy_.ready());
  }
  return arrived;
}

void LossWatch::collect() {
  std::memcpy(&record_, copy_.wait(), sizeof record_);
  record_steps_ = copied_steps_;
  under_way_ = false;
}

}  // namespace elbo
