#pragma once
// The subcommands: each declares its options and gives the action to run once they are read.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace elbo::command {

/// Exit codes other than 0.
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;
inline constexpr int kInterrupted = 130;

/// Writes an error message to standard error; returns `code`.
int complain(const std::string& message, int code);
/// Says what the user should know on standard error, a line each.
void tell(const std::vector<std::string>& notes);

/// The action of the chosen subcommand; returns the exit code. Throws elbo's errors.
using Action = std::function<int()>;

void add_train(CLI::App& app, Action& action);
void add_select(CLI::App& app, Action& action);
void add_eval(CLI::App& app, Action& action);
void add_anomalies(CLI::App& app, Action& action);
void add_augment(CLI::App& app, Action& action);
void add_classify(CLI::App& app, Action& action);
void add_sample(CLI::App& app, Action& action);
void add_reconstruct(CLI::App& app, Action& action);
void add_edit(CLI::App& app, Action& action);
void add_encode(CLI::App& app, Action& action);
void add_decode(CLI::App& app, Action& action);
void add_impute(CLI::App& app, Action& action);
void add_data(CLI::App& app, Action& action);
void add_recipe(CLI::App& app, Action& action);
void add_info(CLI::App& app, Action& action);

/// Occupies the numbers of closed standard streams. Otherwise the next opened file would take such a number,
/// and output meant for the stream would go to the file. Using the stream still fails.
void occupy_standard_streams();

/// The device and precision of a trained model's use.
struct Machine {
  std::string device = "auto";
  std::string precision = "fp32";
};

/// Which data a trained model is used on, and how they are read where it is not as in training.
struct DataOptions {
  std::string data, split;            ///< empty: the model's own data; the first split that there is
  std::string label;                  ///< a table's column of labels
  std::vector<std::string> settings;  ///< of the table, KEY=VALUE
  std::string normal;                 ///< a label, whose column may be known by it
  std::string mask;                   ///< where values are missing
  bool keep_source = false;           ///< values are wanted as their file has them
};

/// Options of several subcommands: RUN, a trained model; --data, --split, --label and --set; --threads;
/// --device and --threads; these and --precision. Threads are set as the option is read.
void add_run(CLI::App& app, std::string& run);
void add_data_options(CLI::App& app, DataOptions& options);
void add_threads(CLI::App& app);
void add_device(CLI::App& app, std::string& device);
void add_machine(CLI::App& app, Machine& machine);
/// --seed, with the bounds of train.seed.
void add_seed(CLI::App& app, std::uint64_t& seed, const std::string& help);

}  // namespace elbo::command
