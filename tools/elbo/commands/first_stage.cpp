#include "commands/first_stage.h"

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "base/check.h"
#include "commands/command.h"
#include "commands/recipe_argument.h"
#include "commands/run_argument.h"
#include "commands/train_run.h"
#include "reports/progress.h"

namespace elbo::command {
namespace {

namespace fs = std::filesystem;

TrainRequest first_request(const Job& job, const TrainRequest& request) {
  TrainRequest first;
  first.recipe = job.recipe.data.codes_of;
  first.out = (job.folder / "codes").string();
  first.device = request.device;
  first.quiet = request.quiet;
  first.resume = request.resume && fs::exists(job.folder / "codes" / "recipe.toml");
  if (first.resume) return first;
  const DataSettings& data = job.recipe.data;
  first.settings = {concat("train.seed=", job.recipe.train.seed), "data.name=" + Json(data.name).dump(),
                    concat("data.validation=", data.validation), concat("data.test=", data.test)};
  return first;
}

/// Throws unless the first stage that is gone on with has the job's data and seed.
void check_is_of(const Job& job, const Job& first) {
  const DataSettings &own = first.recipe.data, &data = job.recipe.data;
  if (own.name == data.name && own.validation == data.validation && own.test == data.test &&
      first.recipe.train.seed == job.recipe.train.seed)
    return;
  throw ConfigError(
      concat(first.folder.string(),
             " was begun with other data or another seed (data.name, data.validation, data.test, "
             "train.seed): name another folder with --out."));
}

}  // namespace

bool has_first_stage(const Recipe& recipe) {
  const std::string& codes_of = recipe.data.codes_of;
  const auto names = Recipe::names();
  return std::ranges::find(names, codes_of) != names.end() || codes_of.ends_with(".toml");
}

bool train_first_stage(Job& job, const TrainRequest& request) {
  std::string& codes_of = job.recipe.data.codes_of;
  if (request.force && fs::exists(job.folder / "recipe.toml"))
    throw ConfigError(concat("--force does not replace a run in stages: remove ", job.folder.string(),
                             ", or name another folder with --out."));
  Job first = job_of(first_request(job, request));
  if (first.resumes) check_is_of(job, first);
  tell({concat("first ", codes_of, ", in ", first.folder.string(),
               ": its codes are the data (data.codes_of)")});
  const Dataset data = load_job_data(first);
  Model model = new_model(first.recipe, data, Device::parse(request.device));
  check_trainable(model, data);
  TrainReport report;
  {
    InterruptGuard guard;
    report = run_training(model, data, first, first.resumes, request.quiet);
  }
  codes_of = found_from_anywhere(first.folder.string());
  if (!report.interrupted) return true;
  std::cerr << "elbo: interrupted in the first stage after step " << report.steps
            << "; its state is saved. The same command with --resume --out "
            << shell_word(job.folder.string()) << " continues it" << std::endl;
  return false;
}

}  // namespace elbo::command
