// elbo anomalies

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>

#include "base/check.h"
#include "base/nearest.h"
#include "commands/command.h"
#include "commands/label_option.h"
#include "commands/run_argument.h"
#include "drawing/anomaly_picture.h"
#include "io/file.h"
#include "reports/anomaly.h"
#include "reports/anomaly_report.h"
#include "reports/label_posterior.h"
#include "reports/report.h"
#include "reports/table_file.h"
#include "reports/waiting_line.h"

namespace elbo::command {
namespace {

constexpr std::int64_t kNormals = 10000;  // examples to compare with
constexpr std::int64_t kUsual = 1000;     // of these, for the average cost of each value
constexpr double kQuantile = 0.95;

struct AnomaliesOptions : DataOptions {
  std::string run, score, out, picture;
  Machine machine;
  std::int64_t count = 10, samples = 64;
  std::optional<double> contamination, quantile;
  std::uint64_t seed = 0;
  bool json = false, suspect_labels = false;
};

void check(const AnomaliesOptions& options) {
  if (options.contamination && !(*options.contamination > 0.0 && *options.contamination <= 0.5))
    throw ConfigError(concat("--contamination ", *options.contamination,
                             ": it is a share of the examples, above 0 and at most 0.5."));
  if (options.quantile && !(*options.quantile > 0.0 && *options.quantile < 1.0))
    throw ConfigError(concat("--normal-quantile ", *options.quantile, ": it is above 0 and below 1."));
  if (!options.picture.empty()) file_kind(options.picture, {FileKind::png});
  if (options.out.empty()) return;
  file_kind(options.out, {FileKind::csv});
  const io::AtomicFile can_be_written(options.out);  // fails before the work, not after it
}

/// The score that is asked for, or the model's own.
std::string chosen_score(const Model& model, const std::string& asked) {
  if (asked.empty()) return model.has_prior() ? "elbo" : "squared_error";
  const std::vector<std::string> known = {"elbo", "nll", "squared_error"};
  if (std::ranges::find(known, asked) == known.end())
    throw ConfigError(concat("--score \"", asked, "\" is not known; ", nearest_hint(asked, known)));
  if (asked == "squared_error" || model.has_prior()) return asked;
  throw ConfigError(concat(
      "--score ", asked, " needs a model with a prior; an autoencoder has none, but it has squared_error."));
}

const std::vector<double>& score_named(const ExampleScores& scores, const std::string& name) {
  const auto named = named_scores(scores);
  return *std::ranges::find(named, name, &decltype(named)::value_type::first)->second;
}

/// The average cost of each value over evenly spaced examples; those whose kind is an anomaly do not count.
std::vector<double> usual_costs(const Model& model, const Examples& examples, const AnomalyLabels& labels,
                                const AnomaliesOptions& options) {
  std::vector<std::int64_t> rows;
  const std::int64_t some = std::min(kUsual, examples.count);
  for (std::int64_t k = 0; k < some; ++k) rows.push_back(k * examples.count / some);
  const Table costs = model.value_costs(examples.evenly_spaced(kUsual), options.samples, options.seed);
  std::vector<double> usual;
  for (std::size_t j = 0; j < static_cast<std::size_t>(costs.cols); ++j) {
    double sum = 0.0;
    std::int64_t count = 0;
    for (std::int64_t k = 0; k < some; ++k) {
      const auto row = static_cast<std::size_t>(rows[static_cast<std::size_t>(k)]);
      const float cost = costs.row(k)[j];
      if (std::isnan(cost) || (!labels.kinds.empty() && labels.kinds[row] == 1)) continue;
      sum += cost;
      ++count;
    }
    usual.push_back(count > 0 ? sum / static_cast<double>(count) : std::numeric_limits<double>::quiet_NaN());
  }
  return usual;
}

/// The labels of the examples, if any of them is called `normal`; else none, as they sort nothing.
AnomalyLabels sorted_by(const std::optional<std::string>& normal, const Examples& examples,
                        const Dataset& data) {
  AnomalyLabels labels;
  if (normal && !examples.labels.empty()) labels = sort_labels(examples, data, *normal);
  return labels.normals > 0 ? labels : AnomalyLabels();
}

/// The scores of examples, without those of anomalies, and what their values cost.
Normals scored(const Model& model, const Dataset& data, const std::string& split, const Examples& all,
               const std::optional<std::string>& normal, const std::string& score,
               const AnomaliesOptions& options) {
  const Examples examples = all.evenly_spaced(kNormals);
  const AnomalyLabels labels = sorted_by(normal, examples, data);
  const ExampleScores scores = waiting("scores of normal examples",
                                       [&] { return model.scores(examples, options.samples, options.seed); });
  Normals normals{data.name, split, {}, usual_costs(model, examples, labels, options)};
  const std::vector<double>& values = score_named(scores, score);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (labels.kinds.empty() || labels.kinds[i] != 1) normals.scores.push_back(values[i]);
  }
  return normals;
}

/// The model's own data, from which it holds out normal examples. Nothing if it cannot be read and the
/// threshold does not need it.
std::optional<Dataset> own_data(const Model& model, const AnomaliesOptions& options) {
  try {
    if (model.recipe().data.name == kStandardInput) throw DataError("they came from standard input");
    if (!is_own_data(model, options.data))
      return load_dataset(model.recipe(), &model, {.label_value = options.normal});
    Recipe recipe = model.recipe();
    const RecipeLoadOptions reading = reading_of(options, recipe);  // as the examples are read
    return load_dataset(recipe, &model, reading);
  } catch (const Error& error) {
    if (options.contamination) {
      tell({concat("the model's own data, ", model.recipe().data.name,
                   ", cannot be read, so the examples are compared with each other")});
      return std::nullopt;
    }
    throw DataError(concat("normal examples to compare with are the model's own, and ", error.what(),
                           "\n--contamination sets the threshold by the given examples alone."));
  }
}

/// The label of normal examples: the one that is named, or whose name says it in either data.
std::optional<std::string> normal_of(const AnomaliesOptions& options, const Examples& examples,
                                     const Dataset& data, const std::optional<Dataset>& own) {
  if (!options.normal.empty()) {
    if (sorted_by(options.normal, examples, data).normals > 0) return options.normal;
    if (own && sorted_by(options.normal, own->train, *own).normals > 0) return options.normal;
    throw ConfigError(concat("--normal ", options.normal, ": no example of ", data.name, " has that label."));
  }
  if (auto found = normal_label(examples, data)) return found;
  const auto of_own = own ? normal_label(own->train, *own) : std::nullopt;
  if (of_own)
    tell({concat("of the model's own data, examples with the label ", *of_own,
                 " are taken for normal; --normal names another")});
  return of_own;
}

/// Which given examples are anomalies, if both kinds are there.
std::optional<AnomalyLabels> both_kinds(const std::optional<std::string>& normal, const Examples& examples,
                                        const Dataset& data, const AnomaliesOptions& options) {
  if (examples.labels.empty()) return std::nullopt;
  if (!normal) {
    tell({"no label is called normal, good, ok or inlier: --normal LABEL names one, for the AUROC"});
    return std::nullopt;
  }
  AnomalyLabels labels = sort_labels(examples, data, *normal);
  if (labels.normals == 0 && labels.anomalies == 0) return std::nullopt;
  if (labels.normals == 0 || labels.anomalies == 0) {
    tell({concat("all ", labels.normals + labels.anomalies, " labels are ",
                 labels.normals > 0 ? concat(*normal, ", the normal one") : concat("other than ", *normal),
                 ": an AUROC needs both kinds")});
    return std::nullopt;
  }
  if (options.normal.empty())
    tell({concat("label ", *normal, " is taken for normal; --normal names another")});
  return labels;
}

Threshold threshold_of(const AnomalyReport& report, const AnomaliesOptions& options) {
  if (options.contamination)
    return {quantile(report.scores, 1.0 - *options.contamination), true, *options.contamination};
  const double share = options.quantile.value_or(kQuantile);
  return {quantile(report.normals.scores, share), false, share};
}

/// The numbers of the examples with the highest scores, highest first.
std::vector<std::int64_t> highest(const std::vector<double>& scores, std::int64_t count) {
  std::vector<std::int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [&](std::int64_t i) { return scores[static_cast<std::size_t>(i)]; });
  order.resize(static_cast<std::size_t>(std::min(count, std::ssize(scores))));
  return order;
}

void draw(const Model& model, const AnomaliesOptions& options, const Examples& top, AnomalyReport& report) {
  const auto file = options.picture.empty() ? output_folder(options.run) / "anomalies.png"
                                            : std::filesystem::path(options.picture);
  draw_costs(to_table(top, 0, top.count), model.reconstruct(top), report.costs, report.normals.usual,
             model.picture())
      .write_png(file);
  report.picture = file.string();
}

/// Examples that are likelier under another label than under their own.
int list_suspects(const Model& model, AnomaliesOptions options) {
  require_label(model, "--suspect-labels");
  const Dataset data = load_data(model, options);
  const Examples& examples = choose_split(data, options.split);
  if (examples.labels.empty()) throw DataError(concat(data.name, " has no labels to suspect."));
  const Table costs = waiting(concat("costs of ", classes_of(model).size(), " labels"),
                              [&] { return model.label_costs(examples, options.samples, options.seed); });
  const LabelPosterior posterior = label_posterior(costs, classes_of(model), examples.labels);
  const auto order = suspects(posterior);
  if (!options.out.empty()) write_posterior(options.out, posterior, examples, data);
  if (options.json) {
    print({{"run", options.run},
           {"data", data.name},
           {"split", options.split},
           {"device", model.device().name()},
           {"samples", options.samples},
           {"examples", examples.count},
           {"suspects", std::ssize(order)},
           {"top", suspects_json(posterior, order, options.count, examples, data)}});
    return 0;
  }
  print_headline(options.run, data, model);
  std::cout << order.size() << " of " << examples.count << ' '
            << split_label(model, options.data, data, options.split) << ' ' << unit_of(model.picture())
            << " are likelier under another label\n";
  print_suspects(posterior, order, options.count, examples, data);
  if (!options.out.empty()) std::cout << '\n' << options.out << ": the likeliest label of all examples\n";
  return 0;
}

int run_anomalies(AnomaliesOptions options) {
  check(options);
  const Model model = load_model(options.run, options.machine);
  if (options.suspect_labels) return list_suspects(model, options);
  if (!options.picture.empty() && !model.picture().is_picture())
    throw ConfigError("--picture: this model's data are no pictures.");
  AnomalyReport report;
  report.score = chosen_score(model, options.score);
  report.samples = options.samples;
  const Dataset data = load_data(model, options);
  const Examples& examples = choose_split(data, options.split);
  report.examples = &examples;
  report.data = &data;
  report.all = waiting(concat("scores of ", examples.count, " examples"),
                       [&] { return model.scores(examples, options.samples, options.seed); });
  report.scores = score_named(report.all, report.score);
  const std::optional<Dataset> own = own_data(model, options);
  const std::optional<std::string> normal = normal_of(options, examples, data, own);
  report.labels = both_kinds(normal, examples, data, options);
  const bool held_out = own && !own->validation.empty();
  report.normals = own ? scored(model, *own, held_out ? "validation" : "train",
                                held_out ? own->validation : own->train, normal, report.score, options)
                       : scored(model, data, "", examples, normal, report.score, options);
  report.percentiles = percentile_ranks(report.scores, report.normals.scores);
  report.threshold = threshold_of(report, options);
  report.top = highest(report.scores, options.count);
  const Examples top = examples.chosen(report.top);
  report.costs = model.value_costs(top, options.samples, options.seed);
  report.names = value_names(model, data.columns);
  if (model.picture().is_picture()) draw(model, options, top, report);
  if (!options.out.empty()) write_anomalies(options.out, report);
  if (options.json) {
    Json json = {{"run", options.run},
                 {"data", data.name},
                 {"split", options.split},
                 {"device", model.device().name()},
                 {"precision", precision_name(model.precision())}};
    add_anomalies(json, report);
    print(json);
    return 0;
  }
  print_headline(options.run, data, model);
  print_anomalies(model, report);
  if (!options.out.empty()) std::cout << '\n' << options.out << ": the scores of all examples\n";
  return 0;
}

}  // namespace

void add_anomalies(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "anomalies", "The strangest rows or pictures of data, and which columns or pixels make them so");
  auto options = std::make_shared<AnomaliesOptions>();
  add_run(*command, options->run);
  add_data_options(*command, *options);
  command->add_option("-n,--count", options->count, "Number of rows to show, the strangest")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{100'000}))
      ->capture_default_str();
  command->add_option("--score", options->score,
                      "elbo (-ELBO), nll or squared_error [elbo; of an autoencoder squared_error]");
  command->add_option("--samples", options->samples, "Samples of each posterior for the scores")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
      ->capture_default_str();
  auto* contamination = command->add_option("--contamination", options->contamination,
                                            "Flag this share of the given rows, the highest scores");
  command
      ->add_option("--normal-quantile", options->quantile,
                   "Flag scores above this quantile of those of the run's held-out data, or else of its "
                   "training data [0.95]")
      ->excludes(contamination);
  command->add_option("--normal", options->normal,
                      "The label of normal examples [one called normal, good, ok, inlier; 0 of two]");
  command->add_option("--out", options->out,
                      "A .csv file for the score, or the likeliest label, of every row");
  command->add_option("--picture", options->picture,
                      "A .png file for pictures, beside what their pixels cost [anomalies.png in RUN]");
  auto* suspects = command->add_flag(
      "--suspect-labels", options->suspect_labels,
      "Instead, list rows that are likelier under another label than their own (conditional models)");
  for (const char* other : {"--score", "--contamination", "--normal-quantile", "--normal", "--picture"})
    suspects->excludes(command->get_option(other));
  add_seed(*command, options->seed, "Seed of the noise");
  add_machine(*command, options->machine);
  command->add_flag("--json", options->json, "Results as one JSON object");
  command->callback([options, &action] { action = [options] { return run_anomalies(*options); }; });
}

}  // namespace elbo::command
