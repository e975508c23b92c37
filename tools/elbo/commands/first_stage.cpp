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
  first.settings = {concat("train.seed=", job.recipe.train.seed)};
  if (!job.other_data.empty()) first.settings.push_back("data.name=" + Json(job.recipe.data.name).dump());
  first.force = request.force;
  first.resume = !request.force && fs::exists(job.folder / "codes" / "recipe.toml");
  if (first.resume) first.settings.clear();
  return first;
}

}  // namespace

bool has_first_stage(const Recipe& recipe) {
  const std::string& codes_of = recipe.data.codes_of;
  const auto names = Recipe::names();
  return std::ranges::find(names, codes_of) != names.end() || codes_of.ends_with(".toml");
}

bool train_first_stage(Job& job, const TrainRequest& request) {
  std::string& codes_of = job.recipe.data.codes_of;
  Job first = job_of(first_request(job, request));
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
