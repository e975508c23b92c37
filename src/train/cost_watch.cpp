#include "train/cost_watch.h"

#include <algorithm>
#include <cstring>

namespace elbo {
namespace {

constexpr auto kTime = std::chrono::milliseconds(50);  // between copies

}  // namespace

void CopyInterval::measured(std::int64_t steps, std::chrono::duration<double> time) {
  const std::int64_t max_steps = 2 * steps_;
  const double a_step = time.count() / static_cast<double>(steps);
  const double wanted = std::chrono::duration<double>(kTime).count() / std::max(a_step, 1e-9);
  steps_ = std::clamp(static_cast<std::int64_t>(wanted), std::int64_t{1}, max_steps);
}

void CostWatch::restart(std::int64_t steps) {
  if (under_way_) copy_.wait();
  under_way_ = arrived_before_ = false;
  copied_steps_ = steps;
  copied_at_ = Clock::now();
}

bool CostWatch::poll(std::int64_t steps) {
  bool arrived = false;
  const auto collect_if = [&](bool condition) {
    if (!condition) return;
    collect();
    arrived = true;
  };
  collect_if(under_way_ && copy_.ready());
  if (steps - copied_steps_ >= interval_.steps() || Clock::now() - copied_at_ >= kTime) {
    collect_if(under_way_);  // waits for work launched an interval ago
    copy_.start(device_);
    under_way_ = true;
    copied_steps_ = steps;
    copied_at_ = Clock::now();
    collect_if(copy_.ready());
  }
  return arrived;
}

void CostWatch::collect() {
  std::memcpy(&record_, copy_.wait(), sizeof record_);
  const auto now = Clock::now();
  // As the host waits, the time between arrivals is the device's.
  if (arrived_before_ && copied_steps_ > record_steps_) {
    interval_.measured(copied_steps_ - record_steps_, now - arrived_at_);
  }
  arrived_before_ = true;
  arrived_at_ = now;
  record_steps_ = copied_steps_;
  under_way_ = false;
}

}  // namespace elbo
