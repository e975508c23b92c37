#include "commands/train_run.h"

#include <algorithm>

#include "elbo/error.h"
#include "reports/latent_report.h"
#include "reports/progress.h"
#include "commands/run_argument.h"
#include "elbo/traits.h"

namespace elbo::command {

Model new_model(const Recipe& recipe, const Dataset& data, Device device) {
  check_memory(recipe, data, device);
  return Model(recipe, data.dims(), device, data.picture);
}

TrainReport run_training(Model& model, const Dataset& data, const Job& job, bool resume, bool quiet) {
  ProgressLine progress(model, unit_of(data.picture), quiet);
  TrainOptions call;
  call.folder = job.folder;
  call.resume = resume;
  call.on_progress = [&](const Progress& now) { progress.step(now); };
  call.on_epoch = [&](const EpochMetrics& metrics) { progress.epoch(metrics); };
  call.stop = InterruptGuard::requested;
  return train(model, data, call);
}

std::int64_t nll_samples_of(const TrainRequest& request, const Recipe& recipe) {
  const ModelTraits traits = traits_of(recipe);
  if (!request.nll_samples) return traits.bound_samples;
  if (*request.nll_samples > 0 && !traits.has_prior)
    throw ConfigError("--nll-samples needs a model with a prior; an autoencoder has none.");
  return *request.nll_samples;
}

SplitResults evaluate_splits(const Model& model, const Dataset& data, std::int64_t nll_samples,
                             const std::string& split) {
  std::vector<std::pair<std::string, const Examples*>> splits = {{"train", &data.train}};
  if (!data.validation.empty()) splits.emplace_back("validation", &data.validation);
  if (!data.test.empty()) splits.emplace_back("test", &data.test);
  const std::string& estimated = split.empty() ? splits.back().first : split;
  SplitResults results;
  for (const auto& [name, examples] : splits) {
    results.emplace_back(name, model.evaluate(*examples, name == estimated ? nll_samples : 0));
    require_finite(name, results.back().second);
  }
  return results;
}

Json summary(const Job& job, const Model& model, const TrainReport& report) {
  Json json = {{"run", job.folder.string()},
               {"recipe", job.recipe.name},
               {"data", job.recipe.data.name},
               {"device", model.device().name()},
               {"precision", precision_name(model.recipe().train.precision.value())},
               {"parameters", model.parameter_count()},
               {"epochs", job.recipe.train.epochs},
               {"epoch", report.epoch},
               {"best_epoch", report.best_epoch},
               {"steps", report.steps},
               {"seconds", report.seconds},
               {"examples_per_second", report.examples_per_second},
               {"stopped_early", report.stopped_early},
               {"interrupted", report.interrupted},
               {"already_finished", report.already_finished}};
  if (job.recipe.train.skip_norm > 0.0) json["skipped_steps"] = report.skipped_steps;
  return json;
}

void add_results(Json& json, const Recipe& recipe, const SplitResults& results, const std::string& split) {
  for (const char* name : {"train", "validation", "test"}) json[name] = nullptr;
  for (const auto& [name, evaluation] : results) json[name] = to_json(recipe, evaluation.terms);
  const auto named = std::ranges::find(results, split, &SplitResults::value_type::first);
  const auto& [name, figures] = named != results.end() ? *named : results.back();
  json["split"] = name;
  json["active_units"] = active_units_json(recipe, figures);
  add_likelihood_figures(json, figures);
  add_nll(json, figures);
  add_latents(json, recipe, figures);
  json["squared_error"] = figures.squared_error;
}

}  // namespace elbo::command
