#include "commands/train_job.h"

#include <CLI/CLI.hpp>

#include <algorithm>

#include "commands/command.h"
#include "commands/recipe_argument.h"
#include "commands/run_argument.h"
#include "base/check.h"

namespace elbo::command {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRunFiles[] = {"recipe.toml", "metrics.jsonl", "model.safetensors", "last.safetensors",
                                     "checkpoint.safetensors"};

bool holds_run(const fs::path& folder) {
  return std::any_of(std::begin(kRunFiles), std::end(kRunFiles),
                     [&](const char* name) { return fs::exists(folder / name); });
}

// Whether a training left the folder before it had a model, for example by diverging at once.
bool holds_only_a_beginning(const fs::path& folder) {
  return fs::exists(folder / "recipe.toml") && fs::exists(folder / "metrics.jsonl") &&
         !fs::exists(folder / "model.safetensors") && !fs::exists(folder / "last.safetensors");
}

fs::path numbered_run(const std::string& recipe, int number) {
  std::string name = recipe;
  std::replace(name.begin(), name.end(), '/', '-');
  return fs::path("runs") / concat(name, "-", number);
}

// runs/<recipe>-<n> with the smallest free n.
fs::path free_run(const std::string& recipe) {
  int number = 1;
  while (fs::exists(numbered_run(recipe, number))) ++number;
  return numbered_run(recipe, number);
}

// The folder runs/<recipe>-<n> with the highest n.
fs::path latest_run(const std::string& recipe) {
  int number = 1;
  if (!fs::exists(numbered_run(recipe, number))) {
    throw ConfigError(concat("there is no run of \"", recipe,
                             "\" to resume in runs/; name its folder: elbo train --resume --out DIR."));
  }
  while (fs::exists(numbered_run(recipe, number + 1))) ++number;
  return numbered_run(recipe, number);
}

// Throws if the user named a recipe that is not the run's own.
void check_is_run_of(const std::string& recipe, const Job& job) {
  const bool folder = fs::is_directory(recipe);
  std::error_code ignored;
  if (folder ? fs::equivalent(recipe, job.folder, ignored) : find_recipe(recipe).name == job.recipe.name)
    return;
  throw ConfigError(concat("--resume continues with the run's own recipe: ", job.folder.string(),
                           " is a run of \"", job.recipe.name, "\", not of \"", recipe, "\"."));
}

// The number of epochs of a run that has done all its steps.
std::int64_t epochs_done(const Job& job, const Dataset& data, const TrainReport& report) {
  const auto batch = std::min(job.recipe.train.batch, data.train.count) * job.recipe.train.accumulation_steps;
  return report.steps / ((data.train.count + batch - 1) / batch);
}

}  // namespace

Job new_job(const TrainRequest& options) {
  Job job;
  const std::string name = options.recipe.value_or(kDefaultRecipe);
  std::vector<std::string> notes;
  job.recipe = find_recipe(name, &notes);
  const std::string own_data = job.recipe.data.name;
  for (const auto& setting : options.settings) job.recipe.set(setting, &notes);
  job.recipe.check_counts(options.settings);
  tell(notes);
  if (job.recipe.data.name != own_data) job.other_data = job.recipe.data.name;
  job.recipe.data.name = found_from_anywhere(job.recipe.data.name);
  if (!job.recipe.data.mask.empty()) job.recipe.data.mask = found_from_anywhere(job.recipe.data.mask);
  job.folder = options.out ? fs::path(*options.out) : free_run(job.recipe.name);
  if (holds_run(job.folder) && !options.force && !holds_only_a_beginning(job.folder)) {
    throw ConfigError(concat(job.folder.string(),
                             " holds a run already; --resume continues it, --force replaces it, "
                             "--out names another folder."));
  }
  return job;
}

Job resumed_job(const TrainRequest& options) {
  Job job;
  job.resumes = true;
  const std::string name = options.recipe.value_or(kDefaultRecipe);
  job.folder = options.out ? fs::path(*options.out) : holds_run(name) ? fs::path(name) : latest_run(name);
  if (!fs::exists(job.folder / "recipe.toml")) {
    throw IoError(concat(job.folder.string(), " holds no run to resume: it has no recipe.toml."));
  }
  job.recipe = Recipe::from_file(job.folder / "recipe.toml");
  if (!options.several && fs::exists(job.folder / kSeveralMark)) {
    throw ConfigError(concat(job.folder.string(),
                             " holds several trainings: use the command that began them (--repeat, or "
                             "elbo select), or resume one of its folders."));
  }
  if (options.recipe) check_is_run_of(*options.recipe, job);
  const auto names = Recipe::names();
  const bool shipped = std::find(names.begin(), names.end(), job.recipe.name) != names.end();
  if (shipped && Recipe::named(job.recipe.name).data.name != job.recipe.data.name)
    job.other_data = job.recipe.data.name;
  for (const auto& setting : options.settings) {
    if (!setting.starts_with("train.epochs=")) {
      throw ConfigError(concat("--resume continues with the run's own recipe; only --epochs may differ, not ",
                               setting.substr(0, setting.find('=')), "."));
    }
    job.recipe.set(setting);
  }
  return job;
}

Job job_of(const TrainRequest& request) {
  if (request.recipe == "") throw ConfigError("RECIPE is empty; see elbo train --help for a list.");
  if (request.resume && request.force)
    throw ConfigError("--resume continues a run, --force replaces it: use only one of them.");
  if (request.out == "") throw ConfigError("--out is empty; it takes the run's folder.");
  const bool nothing_to_resume =
      request.recipe && request.out && !holds_run(*request.out) && !fs::is_directory(*request.recipe);
  return request.resume && !nothing_to_resume ? resumed_job(request) : new_job(request);
}

void claim_run(Job& job) {
  std::error_code error;  // writing the first file will report it
  fs::create_directories(job.folder.parent_path(), error);
  while (!error && !fs::create_directory(job.folder, error) && !error) job.folder = free_run(job.recipe.name);
}

void check_not_beyond(const Job& job, const Dataset& data, const TrainReport& report) {
  if (!report.already_finished || epochs_done(job, data, report) <= job.recipe.train.epochs) return;
  throw ConfigError(concat("--epochs ", job.recipe.train.epochs, ": ", job.folder.string(), " has ",
                           epochs_done(job, data, report), " epochs already; --resume only goes further."));
}

void add_training_options(CLI::App& app, const std::shared_ptr<TrainRequest>& request) {
  app.add_option_function<std::string>(
      "RECIPE", [request](const std::string& name) { request->recipe = name; },
      "A recipe's name, or a .toml file [digits]");
  const auto setting = [&](const char* flag, const char* key, const char* help) {
    app.add_option_function<std::string>(
        flag,
        [request, key](const std::string& value) { request->settings.push_back(concat(key, "=", value)); },
        help);
  };
  setting("--data", "data.name", "A data set (see elbo data list), a file, or a folder");
  setting("--epochs", "train.epochs", "Passes over the data");
  setting("--batch", "train.batch", "Examples per batch");
  setting("--seed", "train.seed", "Seed of initial weights, shuffling, noise and held-out examples");
  setting("--precision", "train.precision",
          "Precision of products in a step: fp32, tf32, bf16 or auto [tf32 on CUDA]");
  app.add_option_function<std::vector<std::string>>(
         "--set",
         [request](const std::vector<std::string>& all) {
           request->settings.insert(request->settings.end(), all.begin(), all.end());
         },
         "Any of the recipe's settings, as in --set model.latent=2; may be repeated")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  app.add_option_function<std::string>(
      "--out", [request](const std::string& folder) { request->out = folder; },
      "The run's folder [runs/RECIPE-N]");
  add_device(app, request->device);
  app.add_flag_callback(
      "--no-tune", [request] { request->settings.push_back("train.tune=false"); },
      "On CUDA, do not time the candidates for each product");
  app.add_flag("--resume", request->resume,
               "Continue an interrupted run, or train a run further with --epochs");
  app.add_flag("--force", request->force, "Replace the run in --out");
  app.add_flag("-q,--quiet", request->quiet, "Do not show progress");
  app.add_flag("--json", request->json, "Results as one JSON object");
}

}  // namespace elbo::command
