// elbo eval

#include <CLI/CLI.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <optional>

#include "reports/anomaly.h"
#include "drawing/code_map.h"
#include "commands/command.h"
#include "io/file.h"
#include "reports/latent_report.h"
#include "reports/report.h"
#include "commands/run_argument.h"
#include "base/check.h"
#include "reports/table_file.h"
#include "reports/value_report.h"
#include "reports/waiting_line.h"

namespace elbo::command {
namespace {

constexpr std::int64_t kAggregateExamples = 10000;  // about a second of work
constexpr std::int64_t kScoreSamples = 64;

struct EvalOptions : DataOptions {
  std::string run;
  Machine machine;
  std::optional<std::int64_t> nll_samples;
  std::string scores;
  std::int64_t annealed_chains = 0, annealed_steps = 500, annealed_examples = 100;
  std::uint64_t seed = 0;
  bool anomaly = false;
  bool probe = false;
  bool json = false;

  std::int64_t evaluated_samples() const { return nll_samples.value_or(0); }
  bool wants_scores() const { return anomaly || !scores.empty(); }
};

// Trains classifiers of the labels on the training codes, and tests them on a split's codes.
CodeQuality probe(const Model& model, const Dataset& data, const Examples& examples,
                  const std::string& split) {
  if (split == "train" || split == "all") {
    throw DataError(concat(data.name,
                           ": --probe learns from the train split and needs another to be tried on; "
                           "the recipe's data.test can hold out a fraction."));
  }
  const Examples train = labelled(data.train), test = labelled(examples);
  if (train.empty() || test.empty())
    throw DataError(concat(data.name, ": has no labels, and --probe needs them."));
  return code_quality(model.encode(train).mean, train.labels, model.encode(test).mean, test.labels);
}

void print_probe(const CodeQuality& quality) {
  std::cout << "\nAccuracy on " << quality.classes << " labels from the codes\n";
  std::cout << padded("linear probe", -26) << padded(fixed(quality.linear_probe, 4), 14) << '\n';
  std::cout << padded("5 nearest neighbours", -26) << padded(fixed(quality.nearest_neighbours, 4), 14)
            << '\n';
}

// Annealed importance sampling of evenly spaced examples, as it takes thousands of passes through the
// decoder.
struct Annealed {
  AnnealedEstimate estimate;
  std::optional<double> nll;  ///< of the same examples by importance weighting, if asked for
};

Annealed anneal(const Model& model, const Examples& examples, const EvalOptions& options) {
  const Examples some = examples.evenly_spaced(options.annealed_examples);
  Annealed annealed;
  annealed.estimate = model.annealed_nll(
      some, {.chains = options.annealed_chains, .steps = options.annealed_steps, .seed = options.seed});
  if (options.evaluated_samples() > 0)
    annealed.nll = model.evaluate(some, options.evaluated_samples(), options.seed).nll->mean;
  return annealed;
}

void print_annealed(const Annealed& annealed, const EvalOptions& options) {
  const AnnealedEstimate& estimate = annealed.estimate;
  const auto line = [](const std::string& label, const std::string& value) {
    std::cout << padded(label, -26) << padded(value, 14) << '\n';
  };
  std::cout << '\n';
  line(concat("NLL by annealing, ", options.annealed_steps, " steps"), fixed(estimate.nll));
  line("  standard error", estimate.examples > 1 ? fixed(estimate.standard_error) : "-");
  line(concat("  effective chains of ", options.annealed_chains), fixed(estimate.effective_chains));
  line("  accepted proposals", fixed(estimate.acceptance));
  line("  examples", std::to_string(estimate.examples));
  if (annealed.nll)
    line(concat("  their NLL, ", options.evaluated_samples(), " samples"), fixed(*annealed.nll));
}

void add_annealed(Json& json, const Annealed& annealed) {
  const AnnealedEstimate& estimate = annealed.estimate;
  json["ais_nll"] = estimate.nll;
  json["ais_standard_error"] = estimate.examples > 1 ? Json(estimate.standard_error) : Json();
  json["ais_effective_chains"] = estimate.effective_chains;
  json["ais_acceptance"] = estimate.acceptance;
  json["ais_examples"] = estimate.examples;
  if (annealed.nll) json["ais_examples_nll"] = *annealed.nll;
}

int run_eval(EvalOptions options) {
  if (!options.scores.empty()) {
    file_kind(options.scores, {FileKind::npy, FileKind::csv});
    const io::AtomicFile can_be_written(options.scores);  // fails before the work, not after it
  }
  auto model = load_model(options.run, options.machine);
  if ((options.evaluated_samples() > 0 || options.annealed_chains > 0) && !model.has_prior()) {
    throw ConfigError(concat(options.annealed_chains > 0 ? "--ais" : "--nll-samples",
                             " needs a model with a prior; an autoencoder has none."));
  }
  const auto data = load_data(model, options);
  const auto& examples = choose_split(data, options.split);
  std::optional<AnomalyLabels> kinds;
  if (options.anomaly) kinds = anomaly_labels(examples, data, options.normal);
  const auto start = std::chrono::steady_clock::now();
  const std::string nll = options.evaluated_samples() > 0
                              ? concat("NLL with ", options.evaluated_samples(), " samples")
                              : std::string("costs");
  const auto result =
      waiting(nll, [&] { return model.evaluate(examples, options.evaluated_samples(), options.seed); });
  require_finite(options.split, result);
  std::optional<AggregatePosterior> aggregate;
  if (model.has_prior()) {
    aggregate = waiting("mutual information", [&] {
      return model.aggregate_posterior(examples, kAggregateExamples, options.seed);
    });
  }
  ExampleScores scores;
  if (options.wants_scores()) {
    const std::int64_t samples = options.nll_samples.value_or(kScoreSamples);
    scores = waiting(concat("scores with ", samples, " samples"),
                     [&] { return model.scores(examples, samples, options.seed); });
  }
  std::optional<Annealed> annealed;
  if (options.annealed_chains > 0) {
    annealed = waiting(
        concat("annealing, ", options.annealed_chains, " chains of ", options.annealed_steps, " steps"),
        [&] { return anneal(model, examples, options); });
  }
  std::optional<CodeQuality> quality;
  if (options.probe)
    quality = waiting("probe of the codes", [&] { return probe(model, data, examples, options.split); });
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!options.json) {
    print_headline(options.run, data, model);
    print_table(model.recipe(), {{split_label(model, options.data, data, options.split), result}});
    print_latents(model.recipe(), result, aggregate);
    print_values(model, data.columns, result);
    print_collapse(model.recipe(), result);
    if (annealed) print_annealed(*annealed, options);
    if (quality) print_probe(*quality);
    if (kinds) print_auroc(model.recipe(), scores, *kinds);
    if (options.scores.empty()) return 0;
    write_scores(options.scores, scores, examples, data);
    std::cout << '\n' << options.scores << ": the scores of each example\n";
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
               {"active_units", active_units_json(model.recipe(), result)}};
  add_likelihood_figures(json, result);
  add_nll(json, result);
  add_latents(json, model.recipe(), result, aggregate);
  add_values(json, result);
  if (annealed) add_annealed(json, *annealed);
  if (quality) {
    json["linear_probe_accuracy"] = quality->linear_probe;
    json["nearest_neighbour_accuracy"] = quality->nearest_neighbours;
  }
  if (kinds) add_auroc(json, scores, *kinds);
  print(json);
  if (!options.scores.empty()) write_scores(options.scores, scores, examples, data);
  return 0;
}

}  // namespace

void add_eval(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "eval", "The bound on log p(x) of a trained model, and its estimate by importance weighting");
  auto options = std::make_shared<EvalOptions>();
  add_run(*command, options->run);
  add_data_options(*command, *options);
  command
      ->add_option("--nll-samples", options->nll_samples,
                   "Samples per example of the importance-weighted NLL [0: none; 64 with scores]")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40));
  command
      ->add_option("--ais", options->annealed_chains,
                   "Chains per example of the NLL by annealed importance sampling; 0: none")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 20))
      ->capture_default_str();
  command
      ->add_option("--ais-steps", options->annealed_steps,
                   "Number of its distributions from the prior to the posterior")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 24))
      ->capture_default_str();
  command->add_option("--ais-examples", options->annealed_examples, "Number of its examples, evenly spaced")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
      ->capture_default_str();
  auto* anomaly = command->add_flag("--anomaly", options->anomaly,
                                    "How well -ELBO, NLL and squared error detect anomalies (AUROC)");
  command
      ->add_option("--normal", options->normal,
                   "The label of normal examples [one called normal, good, ok, 0, inlier]")
      ->needs(anomaly);
  command->add_option("--scores", options->scores,
                      "A .csv or .npy file for the three scores of each example");
  command->add_flag(
      "--probe", options->probe,
      "How well codes predict labels: a linear probe and nearest neighbours, from the train split");
  add_seed(*command, options->seed, "Seed of the noise");
  add_machine(*command, options->machine);
  command->add_flag("--json", options->json, "Results as one JSON object");
  command->callback([options, &action] { action = [options] { return run_eval(*options); }; });
}

}  // namespace elbo::command
