// elbo classify

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>

#include "base/check.h"
#include "commands/command.h"
#include "commands/label_option.h"
#include "commands/run_argument.h"
#include "io/file.h"
#include "reports/label_posterior.h"
#include "reports/table_file.h"
#include "reports/waiting_line.h"

namespace elbo::command {
namespace {

constexpr std::int64_t kSamples = 64;

struct ClassifyOptions : DataOptions {
  std::string run, out;
  Machine machine;
  std::optional<std::int64_t> samples;
  std::uint64_t seed = 0;
  bool json = false;
};

Json to_json(const LabelMetrics& found) {
  return {{"examples", found.examples},
          {"accuracy", found.accuracy},
          {"log_loss", found.log_loss},
          {"calibration_error", found.calibration_error}};
}

void print_metrics(const LabelMetrics& found) {
  constexpr int kName = -22, kFigure = 12;
  std::cout << '\n'
            << padded("accuracy", kName) << padded(fixed(found.accuracy, 4), kFigure) << '\n'
            << padded("log loss, nats", kName) << padded(fixed(found.log_loss, 4), kFigure) << '\n'
            << padded("calibration error", kName) << padded(fixed(found.calibration_error, 4), kFigure)
            << '\n'
            << padded("examples with a label", kName) << padded(std::to_string(found.examples), kFigure)
            << '\n';
}

/// What each example costs as each label, up to a constant of the example: by q(y|x) if the model has one,
/// else by p(x|y).
Table label_costs(const Model& model, const Examples& examples, const ClassifyOptions& options) {
  if (!model.traits().infers_label) {
    return waiting(concat("costs of ", classes_of(model).size(), " labels"), [&] {
      return model.label_costs(examples, options.samples.value_or(kSamples), options.seed);
    });
  }
  if (options.samples)
    throw ConfigError("--samples is for models without a classifier; this one (model.kind = \"m2\") has one");
  Table costs = model.label_probabilities(examples, options.seed);
  for (float& value : costs.values) value = -std::log(std::max(value, std::numeric_limits<float>::min()));
  return costs;
}

int run_classify(ClassifyOptions options) {
  if (!options.out.empty()) {
    file_kind(options.out, {FileKind::csv});
    const io::AtomicFile can_be_written(options.out);  // fails before the work, not after it
  }
  const Model model = load_model(options.run, options.machine);
  require_label(model, "classify");
  const Dataset data = load_data(model, options);
  const Examples& examples = choose_split(data, options.split);
  const Table costs = label_costs(model, examples, options);
  const LabelPosterior posterior = label_posterior(costs, classes_of(model), examples.labels);
  const auto found = label_metrics(posterior, examples.labels);
  if (!options.out.empty()) write_posterior(options.out, posterior, examples, data);
  if (options.json) {
    Json json = {{"run", options.run},
                 {"data", data.name},
                 {"split", options.split},
                 {"device", model.device().name()}};
    if (!model.traits().infers_label) json["samples"] = options.samples.value_or(kSamples);
    if (found) json["metrics"] = to_json(*found);
    print(json);
    return 0;
  }
  print_headline(options.run, data, model);
  std::cout << examples.count << ' ' << split_label(model, options.data, data, options.split) << ' '
            << unit_of(model.picture()) << ", each under " << classes_of(model).size() << " labels\n";
  if (found) print_metrics(*found);
  if (!found && options.out.empty())
    tell({"the data has no labels to compare with: --out FILE.csv writes the classes"});
  if (!options.out.empty()) std::cout << '\n' << options.out << ": the class of every example\n";
  return 0;
}

}  // namespace

void add_classify(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "classify", "The label that a model finds likeliest for each example: by its classifier, or by p(x|y)");
  auto options = std::make_shared<ClassifyOptions>();
  add_run(*command, options->run);
  add_data_options(*command, *options);
  command
      ->add_option("--samples", options->samples,
                   concat("Importance-weighted samples under each label; 0: the ELBO [", kSamples,
                          "]; not for a model with a classifier"))
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40));
  command->add_option("--out", options->out, "A .csv file for the class of every row, with probabilities");
  add_seed(*command, options->seed, "Seed of the noise");
  add_machine(*command, options->machine);
  command->add_flag("--json", options->json, "Results as one JSON object");
  command->callback([options, &action] { action = [options] { return run_classify(*options); }; });
}

}  // namespace elbo::command
