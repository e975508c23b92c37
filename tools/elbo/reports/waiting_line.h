#pragma once
// A line on the terminal while the library computes for long.

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

namespace elbo::command {

/// During its lifetime, but not in its first two seconds, a line on standard error says what is computed and
/// for how long. There is none unless standard error is a terminal.
class WaitingLine {
 public:
  explicit WaitingLine(std::string what, std::chrono::milliseconds before = std::chrono::seconds(2));
  /// Removes the line.
  ~WaitingLine();
  WaitingLine(const WaitingLine&) = delete;
  WaitingLine& operator=(const WaitingLine&) = delete;

  /// The share of the work that is done, from 0 to 1; the line then has the time that is left.
  void done(double share) { share_ = share; }

 private:
  void show(std::stop_token stop, std::chrono::milliseconds before);

  std::string what_;
  std::atomic<double> share_ = 0.0;
  std::jthread thread_;
};

/// The work's result, with such a line while it is computed.
template <class Work>
auto waiting(std::string what, Work&& work) {
  const WaitingLine line(std::move(what));
  return std::forward<Work>(work)();
}

}  // namespace elbo::command
