// elbo eval

#include <CLI/CLI.hpp>

#include <chrono>
#include <iostream>
#include <memory>

#include "command.h"
#include "report.h"
#include "run_folder.h"
#include "runtime/check.h"

namespace elbo::command {
namespace {

struct EvalOptions {
  std::string run, data, split;
  Machine machine;
  std::int64_t nll_samples = 0;
  std::uint64_t seed = 0;
  bool json = false;
};

int run_eval(EvalOptions options) {
  auto model = load_model(options.run, options.machine);
  if (options.nll_samples > 0 && model.recipe().model.kind != "vae") {
    throw ConfigError("--nll-samples needs a model with a prior; an autoencoder has none.");
  }
  const auto data = load_data(model, options.data);
  const auto& examples = choose_split(data, options.split);
  const auto start = std::chrono::steady_clock::now();
  const auto result = model.evaluate(examples, options.nll_samples, options.seed);
  require_finite(options.split, result);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!options.json) {
    std::cout << options.run << " on " << data.name << ", " << describe(model.device(), model.precision())
              << "\n\n";
    print_table(model.recipe(), {{options.split, result}});
    return 0;
  }
  Json json = {{"run", options.run},
               {"data", data.name},
               {"split", options.split},
               {"device", model.device().name()},
               {"precision", precision_name(model.precision())},
               {"examples", result.examples},
               {"seconds", seconds},
               {"examples_per_second", static_cast<double>(result.examples) / seconds},
               {options.split, to_json(model.recipe(), result.terms)},
               {"squared_error", result.squared_error},
               {"active_units", result.active_units}};
  if (result.bits_per_dimension) json["bits_per_dimension"] = *result.bits_per_dimension;
  add_nll(json, result);
  print(json);
  return 0;
}

}  // namespace

void add_eval(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "eval", "The bound on log p(x) of a trained model, and its estimate by importance weighting");
  auto options = std::make_shared<EvalOptions>();
  add_run(*command, options->run);
  add_data_and_split(*command, options->data, options->split);
  command
      ->add_option("--nll-samples", options->nll_samples,
                   "Samples an example of the importance-weighted NLL; 0: none")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40))
      ->capture_default_str();
  add_seed(*command, options->seed, "Of the noise");
  add_machine(*command, options->machine);
  command->add_flag("--json", options->json, "Results as one JSON object");
  command->callback([options, &action] { action = [options] { return run_eval(*options); }; });
}

}  // namespace elbo::command
