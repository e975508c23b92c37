#include "commands/command.h"

#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <iostream>
#include <limits>
#include <string_view>
#include <system_error>

#include "base/check.h"
#include "elbo/device.h"
#include "reports/colour.h"

namespace elbo::command {
namespace {

/// The option's value. Throws ConfigError if it is no whole number of that range.
std::int64_t whole_number(std::string_view option, const std::string& text, std::int64_t least,
                          std::int64_t most) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < least || value > most) {
    throw ConfigError(concat(option, " takes a whole number, at least ", least, " and at most ", most,
                             ", not \"", text, "\"."));
  }
  return value;
}

}  // namespace

int complain(const std::string& message, int code) {
  write_coloured("elbo:", TerminalColour::red);
  std::cerr << ' ' << message << std::endl;
  return code;
}

void tell(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) {
    write_coloured("elbo:", TerminalColour::cyan);
    std::cerr << ' ' << note << std::endl;
  }
}

void occupy_standard_streams() {
  const struct {
    int number, mode;
  } streams[] = {{STDIN_FILENO, O_WRONLY}, {STDOUT_FILENO, O_RDONLY}, {STDERR_FILENO, O_RDONLY}};
  for (const auto& [number, mode] : streams) {
    // open() gives the lowest free number, which is this one.
    if (fcntl(number, F_GETFD) == -1) (void)!open("/dev/null", mode);
  }
}

void add_run(CLI::App& app, std::string& run) {
  app.add_option("RUN", run, "A run's folder, or a model.safetensors")->required();
}

void add_data_options(CLI::App& app, DataOptions& options) {
  app.add_option("--data", options.data, "Data other than the model was trained on");
  app.add_option("--split", options.split,
                 "train, validation, test, or all: every row of a file in order [test if there is one]");
  app.add_option("--label", options.label, "A table's column of labels [as in training]")
      ->type_name("COLUMN");
  app.add_option("--set", options.settings,
                 "How a table is read, as in --set data.decimal=comma: data.label, data.id, data.header or "
                 "data.decimal [as in training]")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
}

void add_threads(CLI::App& app) {
  app.add_option_function<std::string>(
         "--threads",
         [](const std::string& text) {
           set_cpu_threads(static_cast<int>(whole_number("--threads", text, 1, kMaxCpuThreads)));
         },
         "Threads on the CPU [OMP_NUM_THREADS, else one a core or by CPU quota]")
      ->type_name("N");
}

void add_device(CLI::App& app, std::string& device) {
  app.add_option("--device", device, "auto, cpu, cuda or cuda:i")->capture_default_str();
  add_threads(app);
}

void add_machine(CLI::App& app, Machine& machine) {
  add_device(app, machine.device);
  app.add_option("--precision", machine.precision, "Precision of products: fp32, tf32 or bf16")
      ->capture_default_str();
}

void add_seed(CLI::App& app, std::uint64_t& seed, const std::string& help) {
  app.add_option_function<std::string>(
         "--seed",
         [&seed](const std::string& text) {
           // TOML's integers are signed, and so are a recipe's seeds.
           constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
           seed = static_cast<std::uint64_t>(whole_number("--seed", text, 0, kMost));
         },
         help)
      ->default_str(std::to_string(seed))
      ->type_name("N");
}

}  // namespace elbo::command
