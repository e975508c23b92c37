#include "support/run_command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "support/places.h"

namespace elbo::test {
namespace {

[[noreturn]] void become_elbo(const std::vector<std::string>& arguments, const CommandSettings& settings,
                              int out, int err) {
  if (!settings.standard_output.empty()) out = open(settings.standard_output.c_str(), O_WRONLY);
  const std::string& in = settings.standard_input;
  dup2(open(in.empty() ? "/dev/null" : in.c_str(), O_RDONLY), STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  if (!settings.folder.empty() && chdir(settings.folder.c_str()) != 0) _exit(126);
  for (const auto& variable : settings.environment) putenv(const_cast<char*>(variable.c_str()));
  if (settings.file_size_limit >= 0) {
    const auto bytes = static_cast<rlim_t>(settings.file_size_limit);
    const rlimit limit{bytes, bytes};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  for (const int number : {SIGHUP, SIGINT, SIGPIPE, SIGXFSZ}) signal(number, SIG_DFL);  // as in a terminal
  for (const int number : settings.ignored_signals) signal(number, SIG_IGN);
  std::vector<char*> argv = {const_cast<char*>("elbo")};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv((settings.program.empty() ? command_file() : settings.program).c_str(), argv.data());
  _exit(127);
}

// Appends the available output; returns false at the end.
bool drain(int descriptor, std::string& text) {
  std::array<char, 4096> buffer;
  const ssize_t got = read(descriptor, buffer.data(), buffer.size());
  if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0 || (got < 0 && errno == EINTR);
}

/// Waits for output until `deadline`; false once that has passed.
bool wait_for(std::array<pollfd, 2>& pipes, std::optional<std::chrono::steady_clock::time_point> deadline) {
  if (!deadline) return poll(pipes.data(), pipes.size(), -1) >= 0 || errno == EINTR;
  using std::chrono::nanoseconds;
  const auto left = std::chrono::duration_cast<nanoseconds>(*deadline - std::chrono::steady_clock::now());
  constexpr long kSecond = 1'000'000'000;
  const long wait = std::max<long>(left.count(), 0);
  const timespec limit{wait / kSecond, wait % kSecond};
  const int ready = ppoll(pipes.data(), pipes.size(), &limit, nullptr);
  if (ready <= 0) pipes[0].revents = pipes[1].revents = 0;
  return ready != 0;
}

}  // namespace

CommandResult run_elbo(const std::vector<std::string>& arguments, const CommandSettings& settings) {
  int out[2], err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  if (settings.nobody_reads) close(out[0]);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) become_elbo(arguments, settings, out[1], err[1]);
  close(out[1]);
  close(err[1]);

  CommandResult result;
  bool signalled = false;
  std::array<pollfd, 2> open_pipes = {pollfd{out[0], POLLIN, 0}, pollfd{err[0], POLLIN, 0}};
  if (settings.nobody_reads) open_pipes[0].fd = -1;
  std::optional<std::chrono::steady_clock::time_point> deadline;
  if (settings.kill_after) deadline = std::chrono::steady_clock::now() + *settings.kill_after;
  while (open_pipes[0].fd >= 0 || open_pipes[1].fd >= 0) {
    if (!wait_for(open_pipes, deadline)) {
      kill(child, SIGKILL);
      deadline.reset();
    }
    for (std::size_t i = 0; i < 2; ++i) {
      if (open_pipes[i].revents == 0) continue;
      if (!drain(open_pipes[i].fd, i == 0 ? result.out : result.err)) open_pipes[i].fd = -1;
    }
    if (settings.signal_at && !signalled) {
      if (const int signal = settings.signal_at(result.err); signal > 0) {
        if (settings.before_signal) settings.before_signal(child);
        kill(child, signal);
        signalled = true;
      }
    }
  }
  if (!settings.nobody_reads) close(out[0]);
  close(err[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::vector<std::string> files_below(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  if (!std::filesystem::exists(folder)) return names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_directory()) names.push_back(std::filesystem::relative(entry.path(), folder).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace elbo::test
