#pragma once
// The subcommands: each declares its options and says what to do once they are read.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace elbo::command {

/// Exit codes beside 0.
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;
inline constexpr int kInterrupted = 130;

/// Says what is wrong on standard error; returns `code`.
int complain(const std::string& message, int code);
/// Says what the user should know on standard error, a line each.
void tell(const std::vector<std::string>& notes);

/// What the chosen subcommand does; returns the exit code. Throws elbo's errors.
using Action = std::function<int()>;

void add_train(CLI::App& app, Action& action);
void add_select(CLI::App& app, Action& action);
void add_eval(CLI::App& app, Action& action);
void add_sample(CLI::App& app, Action& action);
void add_reconstruct(CLI::App& app, Action& action);
void add_encode(CLI::App& app, Action& action);
void add_decode(CLI::App& app, Action& action);
void add_impute(CLI::App& app, Action& action);
void add_data(CLI::App& app, Action& action);
void add_info(CLI::App& app, Action& action);

/// Where a standard stream is closed, the next file that is opened takes its number, and what is meant for
/// the stream lands in the file. After this call something else has it, and using the stream still fails.
void occupy_standard_streams();

/// Where a trained model is used, and how exactly.
struct Machine {
  std::string device = "auto";
  std::string precision = "fp32";
};

/// What several subcommands take: RUN, a trained model; --data and --split; --device; that and --precision.
void add_run(CLI::App& app, std::string& run);
void add_data_and_split(CLI::App& app, std::string& data, std::string& split);
void add_device(CLI::App& app, std::string& device);
void add_machine(CLI::App& app, Machine& machine);
/// --seed, by the rule of train.seed.
void add_seed(CLI::App& app, std::uint64_t& seed, const std::string& help);

}  // namespace elbo::command
