#include "commands/train_job.h"

#include <CLI/CLI.hpp>

#include <algorithm>

#include "commands/command.h"
#include "commands/first_stage.h"
#include "commands/recipe_argument.h"
#include "commands/run_argument.h"
#include "base/array_path.h"
#include "base/folder.h"
#include "base/text.h"
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
  const std::int64_t batches = batches_per_epoch(job.recipe.train, data.train.count);
  const std::int64_t of_step = job.recipe.train.accumulation_steps;
  return report.steps / ((batches + of_step - 1) / of_step);
}

/// A recipe with what settings may leave open, and the settings.
Recipe only_given(const std::vector<std::string>& settings) {
  Recipe recipe;
  recipe.data.name = recipe.model.likelihood = "";
  recipe.data.validation = -1.0;
  for (const std::string& setting : settings) recipe.set(setting);
  return recipe;
}
std::string data_given(const TrainRequest& options) {
  return only_given(options.settings).data.name;
}

/// Whether the recipe follows the data: none is named, and the data is a file or a folder.
bool follows_data(const TrainRequest& options) {
  const std::string name = data_given(options);
  std::error_code ignored;
  const bool there = name == kStandardInput || fs::exists(data::split_array_path(name).file, ignored);
  return !options.recipe && !name.empty() && !is_dataset(name) && there;
}

/// Whether a folder, or one in it, holds picture files.
bool holds_pictures(const fs::path& folder, int depth = 3) {
  constexpr std::string_view kEndings[] = {".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff"};
  std::error_code error;
  if (depth == 0 || !fs::is_directory(folder, error)) return false;
  const auto entries = data::list_folder(folder, error);
  return std::ranges::any_of(entries, [&](const fs::path& entry) {
    const std::string ending = data::lower(entry.extension().string());
    return std::ranges::find(kEndings, ending) != std::end(kEndings) || holds_pictures(entry, depth - 1);
  });
}

/// "customers" for "data/customers.csv.gz".
std::string name_after(const std::string& data) {
  constexpr std::string_view kEndings[] = {".gz",  ".csv", ".tsv", ".txt",  ".npy",
                                           ".npz", ".mat", ".mtx", ".h5ad", ".svm"};
  if (data == kStandardInput) return "table";
  std::error_code error;
  fs::path file = fs::absolute(data::split_array_path(data).file, error).lexically_normal();
  if (!file.has_filename()) file = file.parent_path();
  std::string name = file.filename().string();
  for (const std::string_view ending : kEndings) {
    if (name.size() > ending.size() && name.ends_with(ending)) name.resize(name.size() - ending.size());
  }
  return name.empty() ? "data" : name;
}

std::string recipe_name(const TrainRequest& options) {
  if (options.recipe) return *options.recipe;
  return follows_data(options) ? name_after(data_given(options)) : kDefaultRecipe;
}

/// The recipe with which data is loaded that is not known yet. A tenth is for validation.
Recipe recipe_before_data(const TrainRequest& options) {
  Recipe recipe;
  if (holds_pictures(data_given(options))) recipe = Recipe::named("pictures");
  recipe.name = recipe_name(options);
  recipe.data.validation = 0.1;
  return recipe;
}

}  // namespace

Job new_job(const TrainRequest& options) {
  Job job;
  std::vector<std::string> notes;
  const bool follows = follows_data(options);  // a recipe of its own, or "pictures"
  job.recipe = follows ? recipe_before_data(options) : find_recipe(recipe_name(options), &notes);
  if (follows) job.followed_by = options.settings;
  const std::string own_data = job.recipe.data.name;
  for (const auto& setting : options.settings) job.recipe.set(setting, &notes);
  if (!follows) job.recipe.check_counts(options.settings);
  tell(notes);
  if (!follows && job.recipe.data.name != own_data) job.other_data = job.recipe.data.name;
  job.recipe.data.name = found_from_anywhere(job.recipe.data.name);
  if (!job.recipe.data.codes_of.empty() && !has_first_stage(job.recipe))
    job.recipe.data.codes_of = found_from_anywhere(job.recipe.data.codes_of);
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
  const std::string name = recipe_name(options);
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

namespace {

/// A line of what a recipe that follows the data is.
std::string described(const Recipe& recipe) {
  std::string layers;
  for (const Layer& layer : recipe.model.encoder) layers += concat(layers.empty() ? "" : "-", layer.text());
  return concat("no recipe is named, so the settings follow the data: model.likelihood = \"",
                recipe.model.likelihood, "\", layers of ", layers, ", ", recipe.model.latent,
                " latent dimensions, at most ", recipe.train.epochs,
                recipe.train.epochs == 1 ? " epoch" : " epochs");
}

/// "900 rows to train on, 100 for validation"
std::string splits_of(const Dataset& data) {
  std::string text = concat(data.train.count, data.train.count == 1 ? " row" : " rows", " to train on");
  if (!data.validation.empty()) text += concat(", ", data.validation.count, " for validation");
  if (!data.test.empty()) text += concat(", ", data.test.count, " for testing");
  return text;
}

/// Loads the job's data. Where a tenth of data that a recipe follows is no example, none is held out.
Dataset load_to_follow(Job& job) {
  const bool own_share = job.followed_by && only_given(*job.followed_by).data.validation < 0.0;
  if (!own_share) return load_data(job.recipe);
  try {
    return load_data(job.recipe);
  } catch (const ConfigError&) {
    job.recipe.data.validation = 0.0;
    Dataset data = load_data(job.recipe);
    tell({"too few examples to hold some out for validation"});
    return data;
  }
}

/// The job's recipe, which knew only how to read the data, with all other settings by the data.
Recipe followed(const Job& job, const Dataset& data) {
  Recipe recipe = job.recipe;
  const Recipe own = recipe_for(data, only_given(*job.followed_by).model.likelihood);
  recipe.model = own.model;
  recipe.train = own.train;
  recipe.data.standardize = own.data.standardize;
  recipe.description = concat("Made for the data ", recipe.name);
  const DataSettings places = recipe.data;
  for (const auto& setting : *job.followed_by) recipe.set(setting);
  recipe.data.name = places.name;  // as paths from anywhere
  recipe.data.mask = places.mask;
  recipe.data.codes_of = places.codes_of;
  recipe.data.validation = places.validation;
  return recipe;
}

}  // namespace

Dataset load_job_data(Job& job) {
  Dataset data = load_to_follow(job);
  if (!data.schema.empty())
    tell({concat(job.recipe.data.name == kStandardInput ? "standard input" : job.recipe.data.name, ": ",
                 splits_of(data))});
  if (job.followed_by) {
    const bool pictures = holds_pictures(job.recipe.data.name);
    if (!pictures) job.recipe = followed(job, data);
    job.recipe.check_counts(*job.followed_by);
    tell({pictures ? "no recipe is named: the recipe \"pictures\" is taken" : described(job.recipe)});
  }
  job.recipe = follow_data(std::move(job.recipe), data);
  return data;
}

void claim_run(Job& job) {
  std::error_code error;  // writing the first file will report it
  fs::create_directories(job.folder.parent_path(), error);
  while (!error && !fs::create_directory(job.folder, error) && !error) job.folder = free_run(job.recipe.name);
}

std::int64_t batches_per_epoch(const TrainSettings& train, std::int64_t count) {
  const std::int64_t ordinary =
      train.batch - train.labelled_rows;  // rows of a batch; the others are repeated
  return (count + ordinary - 1) / ordinary;
}

void check_not_beyond(const Job& job, const Dataset& data, const TrainReport& report) {
  if (!report.already_finished || epochs_done(job, data, report) <= job.recipe.train.epochs) return;
  throw ConfigError(concat("--epochs ", job.recipe.train.epochs, ": ", job.folder.string(), " has ",
                           epochs_done(job, data, report), " epochs already; --resume only goes further."));
}

void add_training_options(CLI::App& app, const std::shared_ptr<TrainRequest>& request) {
  app.add_option_function<std::string>(
      "RECIPE", [request](const std::string& name) { request->recipe = name; },
      "A recipe's name, or a .toml file [with --data FILE: settings that follow it; else digits]");
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
