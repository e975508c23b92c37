#include "train_run.h"

#include "latent_report.h"
#include "progress.h"
#include "run_folder.h"

namespace elbo::command {

TrainReport run_training(Model& model, const Dataset& data, const Job& job, bool resume, bool quiet) {
  ProgressLine progress(job.recipe, unit_of(data.picture), quiet);
  TrainOptions call;
  call.folder = job.folder;
  call.resume = resume;
  call.on_progress = [&](const Progress& now) { progress.step(now); };
  call.on_epoch = [&](const EpochMetrics& metrics) { progress.epoch(metrics); };
  call.stop = InterruptGuard::requested;
  return train(model, data, call);
}

SplitResults evaluate_splits(Model& model, const Dataset& data) {
  SplitResults results;
  results.emplace_back("train", model.evaluate(data.train));
  if (!data.validation.empty()) results.emplace_back("validation", model.evaluate(data.validation));
  if (!data.test.empty()) results.emplace_back("test", model.evaluate(data.test));
  for (const auto& [split, evaluation] : results) require_finite(split, evaluation);
  return results;
}

Json summary(const Job& job, const Model& model, const TrainReport& report) {
  return {{"run", job.folder.string()},
          {"recipe", job.recipe.name},
          {"data", job.recipe.data.name},
          {"device", model.device().name()},
          {"precision", model.recipe().train.precision},
          {"parameters", model.parameter_count()},
          {"epochs", job.recipe.train.epochs},
          {"best_epoch", report.best_epoch},
          {"steps", report.steps},
          {"seconds", report.seconds},
          {"examples_per_second", report.examples_per_second},
          {"stopped_early", report.stopped_early},
          {"interrupted", report.interrupted},
          {"already_finished", report.already_finished}};
}

void add_results(Json& json, const Recipe& recipe, const SplitResults& results) {
  for (const char* split : {"train", "validation", "test"}) json[split] = nullptr;
  for (const auto& [split, evaluation] : results) json[split] = to_json(recipe, evaluation.terms);
  json["active_units"] = results.back().second.active_units;
  add_latents(json, recipe, results.back().second);
  json["squared_error"] = results.back().second.squared_error;
}

}  // namespace elbo::command
