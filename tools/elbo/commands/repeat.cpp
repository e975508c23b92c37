#include "commands/repeat.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>

#include "commands/command.h"
#include "commands/old_run.h"
#include "drawing/figures.h"
#include "io/file.h"
#include "reports/progress.h"
#include "commands/run_argument.h"
#include "base/check.h"
#include "base/text.h"
#include "reports/table_file.h"
#include "elbo/train.h"
#include "commands/train_run.h"
#include "elbo/traits.h"

namespace elbo::command {
namespace {

namespace fs = std::filesystem;

constexpr const char* kResult = "result.json";
constexpr const char* kHeldOutCosts = "held-out.npy";

struct Row {
  const char* label;
  const char* key;
  double sign;
};
constexpr Row kRows[] = {
    {"-ELBO", "elbo", -1.0}, {"  reconstruction", "reconstruction", 1.0}, {"  KL", "kl", 1.0}};
constexpr const char* kSplits[] = {"train", "validation", "test"};
constexpr const char* kFigures[] = {"nll", "squared_error", "active_units", "best_epoch"};

/// The training of the i-th seed, in its folder inside the job's.
Job job_of_seed(Job job, std::int64_t i) {
  job.recipe.train.seed += static_cast<std::uint64_t>(i);
  job.folder /= concat("seed-", job.recipe.train.seed);
  return job;
}

/// Whether the run in the job's folder has the job's recipe.
bool same_recipe(const Job& job) {
  const Recipe own = Recipe::from_file(job.folder / "recipe.toml");
  Recipe asked = job.recipe;
  if (!asked.train.precision) asked.train.precision = own.train.precision;
  return own.to_toml() == asked.to_toml();
}

/// The result that an earlier call wrote for this training, if it has everything requested.
std::optional<Json> finished_result(const Job& job, std::int64_t nll_samples, const std::string& split) {
  std::error_code ignored;
  if (!fs::exists(job.folder / kResult, ignored) || !same_recipe(job)) return std::nullopt;
  auto result = Json::parse(io::read_file(job.folder / kResult, io::kMaxTextBytes));
  if (!result || !result->is_object()) return std::nullopt;
  const bool same_nll = result->value("nll_samples", 0) == Json(nll_samples);
  const bool whole = split.empty() ? same_nll || nll_samples == 0
                                   : same_nll && result->value("split", {}) == Json(split) &&
                                         fs::exists(job.folder / kHeldOutCosts, ignored);
  return whole ? std::move(result) : std::nullopt;
}

/// Writes each example's cost, for held_out_costs().
void write_costs(const fs::path& run, const Evaluation& evaluation) {
  TableFile file(run / kHeldOutCosts, evaluation.examples, {"cost"});
  Table costs{evaluation.examples, 1, {}};
  if (evaluation.nll) {
    costs.values.assign(evaluation.nll->examples.begin(), evaluation.nll->examples.end());
  } else {
    for (const double elbo : evaluation.example_elbo) costs.values.push_back(static_cast<float>(-elbo));
  }
  file.append(costs);
  file.commit();
}

/// Copies the training's times from an earlier result, as this call did not measure them.
void keep_times(Json& json, const fs::path& result) {
  std::error_code ignored;
  if (!fs::exists(result, ignored)) return;
  const auto earlier = Json::parse(io::read_file(result, io::kMaxTextBytes));
  for (const char* key : {"seconds", "examples_per_second", "already_finished"}) {
    if (earlier && earlier->contains(key)) json[key] = earlier->at(key);
  }
}

/// Trains or resumes; returns nothing if it was interrupted.
std::optional<Json> train_one(const Job& job, const TrainRequest& request, std::int64_t nll_samples,
                              const std::string& split) {
  const Device device = Device::parse(request.device);
  const Dataset data = load_data(job.recipe);
  Model model = new_model(job.recipe, data, device);
  std::error_code ignored;
  const bool resume = fs::exists(job.folder / "checkpoint.safetensors", ignored);
  const TrainReport report = run_training(model, data, job, resume, request.quiet);
  check_not_beyond(job, data, report);
  if (report.interrupted) return std::nullopt;
  Json json = summary(job, model, report);
  if (report.already_finished) keep_times(json, job.folder / kResult);
  fs::remove(job.folder / kResult, ignored);  // it must not remain beside costs of another training
  model = Model::load(job.folder, device);
  const SplitResults results = evaluate_splits(model, data, nll_samples, split);
  add_results(json, job.recipe, results, split);
  if (!split.empty()) {
    write_costs(job.folder, std::ranges::find(results, split, &SplitResults::value_type::first)->second);
  }
  for (const auto& figure : write_figures(model, data, job.folder))
    json["figures"].push_back(figure.file.string());
  io::write_file(job.folder / kResult, json.dump(1) + "\n");
  return json;
}

Json in_short(const std::vector<Json>& runs, Json (*part)(const Spread&)) {
  Json json;
  const auto add = [&](Json& to, const char* key, const std::string& at) {
    const auto found = spread(runs, at);
    to[key] = found ? part(*found) : Json();
  };
  for (const char* split : kSplits) {
    if (!spread(runs, concat(split, "/reconstruction"))) continue;
    for (const Row& row : kRows) add(json[split], row.key, concat(split, "/", row.key));
  }
  for (const char* figure : kFigures) add(json, figure, figure);
  return json;
}

Json repeat_json(const Job& job, const std::vector<Json>& runs, bool interrupted) {
  Json json = {{"run", job.folder.string()}, {"recipe", job.recipe.name}, {"data", job.recipe.data.name}};
  json["runs"] = runs;
  json["mean"] = in_short(runs, [](const Spread& s) { return Json(s.mean); });
  json["standard_deviation"] =
      in_short(runs, [](const Spread& s) { return s.deviation ? Json(*s.deviation) : Json(); });
  json["interrupted"] = interrupted;
  return json;
}

void print_seeds(const Job& job, const std::vector<Json>& runs) {
  std::cout << '\n'
            << job.recipe.name << ", " << runs.size() << (runs.size() == 1 ? " seed" : " seeds") << " on "
            << describe(Device::parse(runs.front().value("device", "cpu").text())) << "\n\n";
  std::vector<std::string> splits;
  for (const char* split : kSplits) {
    if (spread(runs, concat(split, "/reconstruction"))) splits.emplace_back(split);
  }
  const auto line = [&](const std::string& label, const auto& cell) {
    std::cout << label << std::string(label.size() < 26 ? 26 - label.size() : 1, ' ');
    for (const auto& split : splits) std::cout << padded(cell(split), 22);
    std::cout << '\n';
  };
  line("nats per example", [](const std::string& split) { return split; });
  const bool has_prior = traits_of(job.recipe).has_prior;
  for (const Row& row : kRows) {
    if (!has_prior && std::string(row.key) != "reconstruction") continue;
    line(row.label, [&](const std::string& split) {
      auto found = spread(runs, concat(split, "/", row.key));
      if (found) found->mean *= row.sign;
      return found ? in_words(*found) : std::string("-");
    });
  }
  const std::string labels[] = {"NLL", error_label(job.recipe), "active units", "best epoch"};
  for (std::size_t i = 0; i < std::size(kFigures); ++i) {
    const auto found = spread(runs, kFigures[i]);
    if (!found) continue;
    line(labels[i], [&](const std::string& split) {  // only for the last split
      return split == splits.back() ? in_words(*found) : std::string();
    });
  }
  const Json collapse = runs.back().value("collapse", Json::array());
  if (!collapse.list().empty()) std::cout << "\nThe last seed: ";
  for (const Json& said : collapse.list()) std::cout << said.text() << '\n';
  std::cout << "\n"
            << job.folder.string() << "/\n  seed-S                a run of each, repeat.json all of this\n";
}

}  // namespace

std::optional<Spread> spread(const std::vector<Json>& runs, const std::string& at) {
  std::vector<double> values;
  for (const Json& run : runs) {
    const Json* figure = &run;
    for (const std::string_view key : data::pieces(at, '/')) figure = figure ? figure->find(key) : nullptr;
    if (!figure || !figure->is_number()) return std::nullopt;
    values.push_back(figure->number());
  }
  if (values.empty()) return std::nullopt;
  Spread result;
  result.runs = std::ssize(values);
  for (const double value : values) result.mean += value / static_cast<double>(values.size());
  if (values.size() < 2) return result;
  double squares = 0.0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  result.deviation = std::sqrt(squares / static_cast<double>(values.size() - 1));
  return result;
}

Json to_json(const Spread& spread) {
  return {{"mean", spread.mean}, {"standard_deviation", spread.deviation ? Json(*spread.deviation) : Json()}};
}

std::string in_words(const Spread& spread, int decimals) {
  char text[96];
  if (spread.deviation) {
    std::snprintf(text, sizeof text, "%.*f ± %.*f", decimals, spread.mean, decimals, *spread.deviation);
  } else {
    std::snprintf(text, sizeof text, "%.*f", decimals, spread.mean);
  }
  return text;
}

HeldOut held_out(const Recipe& recipe) {
  Dataset data = load_whole(recipe);
  const bool own_validation = !data.validation.empty(), own_test = !data.test.empty();
  hold_out(data, recipe.data.validation, recipe.data.test, recipe.train.seed);
  const struct {
    HeldOut held_out;
    const Examples& examples;
  } splits[] = {{{"validation", own_validation}, data.validation}, {{"test", own_test}, data.test}};
  for (const auto& [found, examples] : splits) {
    if (examples.count > 1) return found;
    if (examples.empty()) continue;
    throw ConfigError(concat("a single held-out example of ", data.name,
                             " is too few to compare on: hold more out (data.validation)."));
  }
  throw ConfigError(concat(data.name,
                           " has neither a validation nor a test split to compare on: hold some out, as with "
                           "--set data.validation=0.1."));
}

std::vector<std::vector<double>> held_out_costs(const Job& job, std::int64_t seeds) {
  std::vector<std::vector<double>> costs;
  for (std::int64_t i = 0; i < seeds; ++i) {
    const auto read = load_dataset((job_of_seed(job, i).folder / kHeldOutCosts).string()).train;
    costs.emplace_back(read.floats.begin(), read.floats.end());
  }
  return costs;
}

std::vector<Json> train_seeds(const Job& job, std::int64_t seeds, const TrainRequest& request,
                              std::int64_t nll_samples, const std::string& split) {
  std::vector<Json> runs;
  for (std::int64_t i = 0; i < seeds && !InterruptGuard::requested(); ++i) {
    const Job one = job_of_seed(job, i);
    auto result = finished_result(one, nll_samples, split);
    const bool read = result.has_value();
    if (!read) {
      if (!request.quiet) std::cerr << "elbo: " << one.folder.string() << std::endl;
      result = train_one(one, request, nll_samples, split);
    } else if (!request.quiet) {
      std::cerr << "elbo: " << one.folder.string() << " is finished already" << std::endl;
    }
    if (!result) break;
    runs.push_back(std::move(*result));
  }
  return runs;
}

void begin_several(Job& job, const TrainRequest& request) {
  std::error_code ignored;
  if (request.resume && fs::exists(job.folder / "metrics.jsonl", ignored)) {
    throw ConfigError(concat(job.folder.string(), " holds a single run, not one of several trainings."));
  }
  {  // if the model cannot be trained, nothing is replaced or left behind
    const Dataset data = load_job_data(job);
    check_trainable(new_model(job.recipe, data, Device::parse(request.device)), data);
  }
  if (!request.resume && !request.out) claim_run(job);
  if (request.force) forget_run(job.folder);
  io::write_file(job.folder / "recipe.toml", job.recipe.to_toml());
  io::write_file(job.folder / kSeveralMark, "Trainings by several seeds or sizes, a folder each.\n");
}

int run_repeat(TrainRequest request, std::int64_t seeds) {
  request.several = true;
  Job job = job_of(request);
  const std::int64_t nll_samples = nll_samples_of(request, job.recipe);
  begin_several(job, request);
  const InterruptGuard guard;
  const auto runs = train_seeds(job, seeds, request, nll_samples);
  const bool interrupted = std::ssize(runs) < seeds;
  const Json json = repeat_json(job, runs, interrupted);
  io::write_file(job.folder / "repeat.json", json.dump(1) + "\n");
  if (request.json) print(json);
  if (!interrupted) {
    if (!request.json) print_seeds(job, runs);
    return 0;
  }
  std::cerr << "elbo: interrupted with " << runs.size() << " of " << seeds
            << " seeds done; the state is saved. To continue: elbo train --resume --repeat " << seeds
            << " --out " << shell_word(job.folder.string()) << std::endl;
  return kInterrupted;
}

}  // namespace elbo::command
