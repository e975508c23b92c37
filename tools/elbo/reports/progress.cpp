#include "reports/progress.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <limits>
#include <system_error>
#include <thread>
#include <utility>

#include "base/check.h"
#include "reports/width.h"

namespace elbo::command {
namespace {

std::atomic<bool> interrupt_requested = false;
std::atomic<bool> interrupt_guarded = false;

bool is_ignored(int which) {
  struct sigaction action {};
  return sigaction(which, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// The signals that the program handles. Signals that it was started to ignore stay ignored: the hang-up
/// under nohup, Ctrl-C in a script's background job.
sigset_t interrupts() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int which : {SIGINT, SIGTERM, SIGHUP}) {
    if (!is_ignored(which)) sigaddset(&signals, which);
  }
  return signals;
}

/// Waits for signals forever: the first during a guard is recorded; another has its default effect.
void wait_for_interrupts(sigset_t signals) {
  for (int which = 0; sigwait(&signals, &which) == 0;) {
    if (interrupt_guarded && !interrupt_requested.exchange(true)) continue;
    signal(which, SIG_DFL);
    raise(which);
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  }
}

constexpr std::int64_t kTerminalLines = 25, kPipeLines = 100;  // a terminal's scrollback is spared

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[160];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

}  // namespace

std::string with_commas(double value) {
  const std::string digits = std::isfinite(value) ? format("%.0f", value) : "?";
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && digits[i - 1] != '-' && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string duration(double seconds) {
  if (!std::isfinite(seconds) || seconds > 1e8) return "?";
  const auto whole = std::llround(seconds);
  if (whole < 60) return seconds < 9.95 ? format("%.1f s", seconds) : format("%lld s", whole);
  if (whole < 3600) return format("%lld:%02lld min", whole / 60, whole % 60);
  return format("%lld:%02lld h", whole / 3600, whole % 3600 / 60);
}

std::string skipped_steps(std::int64_t steps) {
  return concat(steps, steps == 1 ? " step" : " steps", " skipped");
}

ShownEpochs::ShownEpochs(std::int64_t epochs, std::int64_t lines)
    : epochs_(epochs),
      distance_((epochs + lines - 1) / lines),
      best_(std::numeric_limits<double>::infinity()) {}

bool ShownEpochs::shows(std::int64_t epoch, double cost) {
  const bool better = cost < best_;
  if (better) best_ = cost;
  const std::int64_t passed = epoch - shown_;
  const bool due = passed >= distance_ && (better || passed >= 2 * distance_);
  if (distance_ > 1 && shown_ > 0 && epoch != epochs_ && !due) return false;
  shown_ = epoch;
  return true;
}

ProgressLine::ProgressLine(const Model& model, std::string unit, bool quiet)
    : unit_(std::move(unit)),
      epochs_(model.recipe().train.epochs),
      variational_(model.has_prior()),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) != 0),
      shown_(epochs_, terminal_ ? kTerminalLines : kPipeLines) {}

ProgressLine::~ProgressLine() {
  clear();
  if (!unshown_.empty()) print(std::string(unshown_));  // the training ended before its last epoch
}

void ProgressLine::clear() {
  if (live_) std::fputs("\r\033[K", stderr);
  live_ = false;
}

std::string ProgressLine::losses(const ElboTerms& terms) const {
  if (!variational_) return format("loss %.2f", terms.reconstruction);
  return format("-ELBO %.2f (KL %.2f)", -terms.elbo, terms.kl);
}

void ProgressLine::step(const Progress& progress) {
  if (quiet_ || !terminal_) return;
  const auto width = static_cast<int>(std::to_string(progress.steps_per_epoch).size());
  std::string line =
      format("epoch %lld/%lld  step %*lld/%lld  ", static_cast<long long>(progress.epoch),
             static_cast<long long>(progress.epochs), width, static_cast<long long>(progress.step),
             static_cast<long long>(progress.steps_per_epoch));
  line += losses(progress.train) + "  ";
  if (progress.skipped_steps > 0) line += skipped_steps(progress.skipped_steps) + "  ";
  line += with_commas(progress.examples_per_second) + " " + unit_ + "/s  " + duration(progress.seconds_left) +
          " left";
  line.resize(std::min(line.size(),
                       terminal_width(STDERR_FILENO) - 1));  // a line that wraps could not be overwritten
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
  live_ = true;
}

std::string ProgressLine::text_of(const EpochMetrics& metrics) const {
  std::string line =
      format("epoch %lld/%lld  ", static_cast<long long>(metrics.epoch), static_cast<long long>(epochs_));
  line += losses(metrics.train);
  if (metrics.validation) line += format("  validation %.2f", -metrics.validation->elbo);
  if (metrics.validation && std::abs(*metrics.validation_objective + metrics.validation->elbo) >= 0.005)
    line += format(" (objective %.2f)", *metrics.validation_objective);
  if (metrics.validation_accuracy) line += format(" (accuracy %.4f)", *metrics.validation_accuracy);
  if (metrics.skipped_steps.value_or(0) > 0) line += "  " + skipped_steps(*metrics.skipped_steps);
  const std::string rate = concat("  ", with_commas(metrics.examples_per_second), " ", unit_, "/s");
  const bool fits = !terminal_ || line.size() + rate.size() <= terminal_width(STDERR_FILENO);
  return fits ? line + rate : line;
}

void ProgressLine::print(const std::string& line) {
  clear();
  unshown_.clear();
  std::fprintf(stderr, "%s\n", line.c_str());
  std::fflush(stderr);
}

void ProgressLine::epoch(const EpochMetrics& metrics) {
  if (quiet_) return;
  unshown_ = text_of(metrics);
  if (shown_.shows(metrics.epoch, metrics.validation_objective.value_or(metrics.objective)))
    print(std::string(unshown_));
}

void take_interrupts() {
  const sigset_t signals = interrupts();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  try {
    std::thread(wait_for_interrupts, signals).detach();
  } catch (const std::system_error&) {  // no thread is to be had: the signals keep their default effect
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  }
}

InterruptGuard::InterruptGuard() {
  interrupt_requested = false;
  interrupt_guarded = true;
}

InterruptGuard::~InterruptGuard() {
  interrupt_guarded = false;
}

bool InterruptGuard::requested() {
  return interrupt_requested;
}

}  // namespace elbo::command
