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

/// On a terminal one line that is rewritten, and now and then one that stays; in a pipe a line for each
/// epoch.
class ProgressLine {
 public:
  /// `unit` is what an example is called: "images" or "examples".
  ProgressLine(const Model& model, std::string unit, bool quiet);
  ~ProgressLine();

  void step(const Progress& progress);
  void epoch(const EpochMetrics& metrics);

 private:
  void clear();
  std::string losses(const ElboTerms& terms) const;

  std::string unit_;
  std::int64_t epochs_;
  bool variational_;
  bool quiet_;
  bool terminal_;
  bool live_ = false;  // a line stands that the next one overwrites
};

/// From here on a thread of its own waits for SIGINT, SIGTERM and SIGHUP; no other is ever interrupted by
/// them. Call it before any other thread begins. A handler would run in whichever thread there is and on that
/// thread's stack, where a library's hand-written products may keep other things than a stack (oneDNN's do,
/// which the emulated cuBLAS multiplies with).
void take_interrupts();

/// While it lives, the first SIGINT, SIGTERM or SIGHUP is only noted; the second ends the program as it would
/// without.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static bool requested();
};

}  // namespace elbo::command
