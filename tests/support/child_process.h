#pragma once
// Runs one test of this program in a child process, which can be killed or run under limits.

#include <sys/types.h>

#include <map>
#include <string>

namespace elbo::test {

class ChildProcess {
 public:
  /// Starts the test program with --gtest_filter=`test` and `environment` added to this process's own.
  ChildProcess(const std::string& test, const std::map<std::string, std::string>& environment);
  /// Kills it if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// SIGKILL. Does nothing if the child has ended.
  void kill();
  /// Waits for its end: the exit status, or −(signal).
  int wait();
  bool running();

 private:
  pid_t id_ = -1;
  bool ended_ = false;
  int status_ = 0;
};

}  // namespace elbo::test
