// elbo: train a variational autoencoder and use it.

#include <CLI/CLI.hpp>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <new>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands/command.h"
#include "elbo/elbo.h"
#include "base/nearest.h"
#include "base/text.h"
#include "reports/column_table.h"
#include "reports/escaped_output.h"
#include "reports/progress.h"
#include "base/check.h"

namespace {

using namespace elbo::command;
using elbo::concat;

// A hint at what the user may have meant by unexpected arguments.
std::string unexpected(const CLI::App& app, const std::vector<std::string>& arguments) {
  const auto chosen = app.get_subcommands();
  std::vector<std::string> known;
  if (chosen.empty()) {
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      known.push_back(command->get_name());
    }
  } else {
    for (const auto* option : chosen.front()->get_options()) {
      for (const auto& name : option->get_lnames()) known.push_back("--" + name);
    }
  }
  const std::string first = arguments.empty() ? "" : arguments.front();
  std::string message =
      chosen.empty() ? "no command \"" + first + "\"" : "unexpected argument \"" + first + "\"";
  const std::string nearest = elbo::nearest_hint(first.substr(0, first.find('=')), known);
  if (chosen.empty() || nearest.starts_with("did you mean")) return message + "; " + nearest;
  return message + "; see elbo " + chosen.front()->get_name() + " --help.";
}

// The --help to refer to.
std::string help_of(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return concat("see elbo ", chosen.empty() ? "" : chosen.front()->get_name() + " ", "--help.");
}

// Rewrites CLI11's error messages, which use its own terms.
std::string in_plain_words(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  if (!chosen.empty() && dynamic_cast<const CLI::ArgumentMismatch*>(&error)) {
    for (const auto* option : chosen.front()->get_options()) {
      const int wanted = option->get_items_expected_max(), given = static_cast<int>(option->count());
      if (given > wanted && !option->get_lnames().empty()) {
        return concat("--", option->get_lnames().front(),
                      wanted == 1 ? " was given more than once; "
                                  : concat(" takes ", wanted, " values, not ", given, "; "),
                      help_of(app));
      }
    }
  }
  std::string message = error.what();
  for (const auto& [theirs, ours] :
       {std::pair{"(.*): Value (.*) not in range (.*) to (.*)",
                  "$1 takes a whole number from $3 to $4, not $2"},
        std::pair{"(.*): At least (.*) required but received (.*)", "$1 takes $2 values, not $3"},
        std::pair{"Could not convert: (.*) = (.*)", "$1 takes whole numbers, not $2"}}) {
    message = std::regex_replace(message, std::regex(theirs), ours);
  }
  while (message.ends_with('.')) message.pop_back();
  return message + "; " + help_of(app);
}

// Names and paths with control characters, other than tabs, hide what they are.
void refuse_control_characters(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (elbo::data::find_control(argv[i], "\t") == std::string::npos) continue;
    throw elbo::ConfigError(
        concat("argument ", i, " holds a control character: ", elbo::data::shown(argv[i]), "."));
  }
}

// The arguments with `elbo` and `elbo help COMMAND…` spelled out as --help. An unknown command stays alone,
// to be refused.
std::vector<std::string> in_full(const CLI::App& app, std::vector<std::string> arguments) {
  if (arguments.empty()) return {"--help"};
  if (arguments[0] != "help") return arguments;
  arguments.erase(arguments.begin());
  const bool known = arguments.empty() || !app.get_subcommands([&](const CLI::App* command) {
                                                return command->get_name() == arguments[0];
                                              })
                                               .empty();
  if (known) arguments.push_back("--help");
  return arguments;
}

// As CLI11 takes them.
std::vector<std::string> reversed(std::vector<std::string> arguments) {
  std::reverse(arguments.begin(), arguments.end());
  return arguments;
}

int parse_and_run(int argc, char** argv) {
  refuse_control_characters(argc, argv);
  CLI::App app{"elbo trains variational autoencoders, on the CPU or on a GPU, and puts them to use."};
  app.name("elbo");
  app.require_subcommand(1);
  app.fallthrough(false);
  app.set_version_flag("--version", std::string("elbo ") + elbo::version());
  app.set_help_flag("-h,--help", "Show this help");
  Action action;
  add_train(app, action);
  add_select(app, action);
  add_eval(app, action);
  add_anomalies(app, action);
  add_augment(app, action);
  add_classify(app, action);
  add_sample(app, action);
  add_reconstruct(app, action);
  add_edit(app, action);
  add_encode(app, action);
  add_decode(app, action);
  add_impute(app, action);
  add_data(app, action);
  add_recipe(app, action);
  add_info(app, action);
  app.footer(
      "Begin with: elbo train digits\n"
      "elbo help COMMAND, or elbo COMMAND --help, shows a command's options.\n\n"
      "Exit codes: 0 done; 1 failed; 2 wrong usage: an option, key, value, recipe or data set that is not "
      "known;\n"
      "130 interrupted (Ctrl-C, TERM, HUP), of a training with a checkpoint saved");

  try {
    app.parse(reversed(in_full(app, {argv + std::min(argc, 1), argv + argc})));
  } catch (const CLI::Success& help) {
    std::ostringstream text;
    const int code = app.exit(help, text, std::cerr);
    std::cout << fitted(text.str());
    return code;
  } catch (const CLI::ParseError& error) {
    const auto extras = app.remaining(true);
    return complain(extras.empty() ? in_plain_words(app, error) : unexpected(app, extras), kWrongUsage);
  }
  return action();
}

// Whether standard output's reader has exited, as after `elbo info RUN | head -1`.
bool reader_has_left() {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

// Turns success into failure if the results could not be written.
int flushed(int code) {
  std::cout.flush();
  if (std::cout.good() && std::fflush(stdout) == 0) return code;
  if (reader_has_left()) return kFailed;  // the reader needs no message
  return complain("cannot write the results to standard output.", kFailed);
}

// Says on standard error that memory ran out, without memory.
void complain_without_memory() {
  constexpr std::string_view kMessage = "elbo: out of memory.\n";
  (void)!write(STDERR_FILENO, kMessage.data(), kMessage.size());
}

// Ends the program where an exception cannot be passed on. If it is for want of memory, as in the destructor
// of a JSON tree, which allocates, the program fails with a message instead of a signal.
[[noreturn]] void end() {
  try {
    if (std::current_exception()) throw;
  } catch (const std::bad_alloc&) {
    complain_without_memory();
    _exit(kFailed);
  } catch (...) {
  }
  std::abort();
}

// Restarts the program with brief spinning. OpenMP's threads, which t-SNE and other analyses use, spin by
// default for some ten milliseconds when they wait for each other, and so keep the thread they wait for off
// its core where other programs need one. OpenMP reads the setting before main(), hence the restart.
void restart_with_brief_spinning([[maybe_unused]] char** argv) {
#if defined(__linux__)
  // Where OpenMP pins this thread to a core, the restarted program would have no other.
  for (const char* set :
       {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"})
    if (std::getenv(set)) return;
  if (setenv("GOMP_SPINCOUNT", "4000", 1) != 0) return;
  execv("/proc/self/exe", argv);  // if it fails, this process continues
#endif
}

// Runs the command and turns errors into messages.
int run(int argc, char** argv) {
  try {
    take_interrupts();
    return flushed(parse_and_run(argc, argv));
  } catch (const elbo::ConfigError& error) {
    return complain(error.what(), kWrongUsage);
  } catch (const elbo::Error& error) {
    return complain(error.what(), kFailed);
  } catch (const std::filesystem::filesystem_error& error) {
    return complain("cannot use " + error.path1().string() + ": " + error.code().message() + ".", kFailed);
  } catch (const std::bad_alloc&) {
    return complain("out of memory.", kFailed);
  } catch (const std::exception& error) {
    return complain(error.what(), kFailed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::set_terminate(end);
  occupy_standard_streams();
  // Ignores SIGXFSZ and SIGPIPE, so that a file that may not grow, or a reader that has exited, is a write
  // error instead of the end of the process. Then no partial file is left behind, and a training survives the
  // exit of its progress pager.
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  restart_with_brief_spinning(argv);
  try {
    const EscapedOutput output(std::cout), errors(std::cerr);
    return run(argc, argv);
  } catch (const std::exception&) {  // not even a message could be made
    complain_without_memory();
    return kFailed;
  }
}
