#include "reports/waiting_line.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <system_error>

#include "base/check.h"
#include "reports/progress.h"
#include "reports/width.h"

namespace elbo::command {
namespace {

constexpr std::chrono::milliseconds kPause(1000);

/// "8 s", "3:07 min": without the fractions that duration() has.
std::string passed(double seconds) {
  return seconds < 10.0 ? concat(static_cast<int>(seconds), " s") : duration(std::floor(seconds));
}

}  // namespace

WaitingLine::WaitingLine(std::string what, std::chrono::milliseconds before) : what_(std::move(what)) {
  if (isatty(STDERR_FILENO) == 0) return;
  try {
    thread_ = std::jthread([this, before](std::stop_token stop) { show(std::move(stop), before); });
  } catch (const std::system_error&) {  // no thread is to be had: the work goes on without the line
  }
}

WaitingLine::~WaitingLine() = default;

void WaitingLine::show(std::stop_token stop, std::chrono::milliseconds before) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  const auto wait = [&](std::chrono::milliseconds time) {
    return stopped.wait_for(lock, stop, time, [&] { return stop.stop_requested(); });
  };
  if (wait(before)) return;
  for (auto pause = std::chrono::milliseconds(0); !wait(pause); pause = kPause) {
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count(), share = share_;
    std::string line = concat(what_, "  ", passed(seconds));
    if (share > 0.0) {
      line +=
          concat("  ", std::lround(100.0 * share), " %, ", passed(seconds * (1.0 - share) / share), " left");
    }
    line.resize(std::min(line.size(), terminal_width(STDERR_FILENO) - 1));
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
  }
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

}  // namespace elbo::command
