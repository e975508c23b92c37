#pragma once
// Progress of a training on standard error, and Ctrl-C.

#include <chrono>
#include <cstdint>
#include <string>

#include "elbo/train.h"

namespace elbo::command {

/// "43,912"
std::string with_commas(double value);
/// "8 s", "3:07 min", "2:15 h"
std::string duration(double seconds);
/// "3 steps skipped"
std::string skipped_steps(std::int64_t steps);

/// Which epochs of a long training get a line, so that there are about `lines`: the first, the last, and
/// between them improvements at some distance, or others where there is none for twice that.
class ShownEpochs {
 public:
  ShownEpochs(std::int64_t epochs, std::int64_t lines);
  /// To be called with every epoch in order; `cost` tells improvements.
  bool shows(std::int64_t epoch, double cost);

 private:
  std::int64_t epochs_, distance_, shown_ = 0;
  double best_;
};

/// Shows progress: on a terminal one line that is rewritten, and about 25 lines that stay; else at most about
/// a hundred lines. metrics.jsonl has every epoch.
class ProgressLine {
 public:
  /// `unit` is the name of examples: "images" or "examples".
  ProgressLine(const Model& model, std::string unit, bool quiet);
  ~ProgressLine();

  void step(const Progress& progress);
  void epoch(const EpochMetrics& metrics);

 private:
  void clear();
  void print(const std::string& line);
  std::string text_of(const EpochMetrics& metrics) const;
  std::string losses(const ElboTerms& terms) const;

  std::string unit_;
  std::int64_t epochs_;
  bool variational_;
  bool quiet_;
  bool terminal_;
  ShownEpochs shown_;
  std::string unshown_;  // the line of the last epoch, while it is not shown
  bool live_ = false;    // the next line overwrites the present one
};

/// Starts a thread that waits for SIGINT, SIGTERM and SIGHUP, so that they never interrupt another thread.
/// Call it before any other thread starts. A signal handler would run in an arbitrary thread on that thread's
/// stack. Hand-written products of a library may use the stack pointer for something else (oneDNN's do, with
/// which the emulated cuBLAS multiplies).
void take_interrupts();

/// During its lifetime the first SIGINT, SIGTERM or SIGHUP is only recorded; the second has its default
/// effect.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static bool requested();
};

}  // namespace elbo::command
