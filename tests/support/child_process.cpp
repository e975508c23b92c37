#include "support/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <vector>

namespace elbo::test {
namespace {

int exit_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

ChildProcess::ChildProcess(const std::string& test, const std::map<std::string, std::string>& environment) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable; ++variable) {
    const std::string text = *variable;
    const auto name = text.substr(0, text.find('='));
    // The parent's GoogleTest settings are not for the child.
    if (!environment.contains(name) && !name.starts_with("GTEST_")) variables.push_back(text);
  }
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  std::vector<std::string> arguments = {"elbo_tests", "--gtest_filter=" + test, "--gtest_brief=1"};
  const auto pointers = [](std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (auto& text : strings) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
  };
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const int error = posix_spawn(&id_, "/proc/self/exe", &actions, nullptr, pointers(arguments).data(),
                                pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot start the test program again");
}

ChildProcess::~ChildProcess() {
  kill();
  wait();
}

void ChildProcess::kill() {
  if (!ended_) ::kill(id_, SIGKILL);
}

int ChildProcess::wait() {
  while (!ended_) {
    if (waitpid(id_, &status_, 0) == id_) {
      ended_ = true;
    } else if (errno != EINTR) {
      throw std::runtime_error("cannot wait for a child process");
    }
  }
  return exit_of(status_);
}

bool ChildProcess::running() {
  if (!ended_ && waitpid(id_, &status_, WNOHANG) == id_) ended_ = true;
  return !ended_;
}

}  // namespace elbo::test
