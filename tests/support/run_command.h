#pragma once
// The elbo command as a user runs it: a separate process, with its output and its exit code.

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace elbo::test {

struct CommandResult {
  int code = -1;  ///< exit code; 128 + the signal that ended it
  std::string out;
  std::string err;
};

struct CommandSettings {
  std::vector<std::string> environment;  ///< "NAME=value", in addition to the test's own
  std::filesystem::path program;         ///< in place of elbo
  std::string folder;                    ///< where it runs; empty: where the test does
  std::vector<int> ignored_signals;      ///< as in a script's background job; others are as in a terminal
  long long file_size_limit = -1;        ///< maximum bytes of a file, as on a full disk; −1: any
  bool nobody_reads = false;             ///< standard output is a pipe whose reader has exited
  std::string standard_output;           ///< a file to print to in place of CommandResult::out
  /// Called with all of standard error so far, whenever there is more; if it returns a positive number, that
  /// signal is sent to the process, once.
  std::function<int(const std::string&)> signal_at;
  std::optional<std::chrono::microseconds> kill_after;  ///< SIGKILL after this time
  std::function<void(int process)> before_signal;       ///< called with the process that will get the signal
  std::string standard_input;                           ///< a file to read; empty: there is nothing to read
};

/// Runs elbo with the arguments and waits for it.
CommandResult run_elbo(const std::vector<std::string>& arguments, const CommandSettings& settings = {});

/// Names of all files below a folder, sorted.
std::vector<std::string> files_below(const std::filesystem::path& folder);

}  // namespace elbo::test
