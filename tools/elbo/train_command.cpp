// elbo train

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include "command.h"
#include "figures.h"
#include "io/nearest.h"
#include "latent_report.h"
#include "model/recipe_keys.h"
#include "progress.h"
#include "recipe_argument.h"
#include "report.h"
#include "run_folder.h"
#include "runtime/check.h"

namespace elbo::command {
namespace {

namespace fs = std::filesystem;

struct TrainOptionsRead {
  std::optional<std::string> recipe;
  std::optional<std::string> out;
  std::string device = "auto";
  /// Recipe settings, "key=value", those of options of their own first.
  std::vector<std::string> settings;
  bool resume = false;
  bool force = false;
  bool json = false;
  bool quiet = false;
};

constexpr const char* kRunFiles[] = {"recipe.toml", "metrics.jsonl", "model.safetensors", "last.safetensors",
                                     "checkpoint.safetensors"};

bool holds_run(const fs::path& folder) {
  return std::any_of(std::begin(kRunFiles), std::end(kRunFiles),
                     [&](const char* name) { return fs::exists(folder / name); });
}

// A folder that a training left before it had a model to keep, as one that diverged at once does.
bool holds_only_a_beginning(const fs::path& folder) {
  return fs::exists(folder / "recipe.toml") && fs::exists(folder / "metrics.jsonl") &&
         !fs::exists(folder / "model.safetensors") && !fs::exists(folder / "last.safetensors");
}

fs::path numbered_run(const std::string& recipe, int number) {
  std::string name = recipe;
  std::replace(name.begin(), name.end(), '/', '-');
  return fs::path("runs") / concat(name, "-", number);
}

// runs/<recipe>-<n> with the first n that is free.
fs::path free_run(const std::string& recipe) {
  int number = 1;
  while (fs::exists(numbered_run(recipe, number))) ++number;
  return numbered_run(recipe, number);
}

// Of runs/<recipe>-<n>, that with the highest n.
fs::path latest_run(const std::string& recipe) {
  int number = 1;
  if (!fs::exists(numbered_run(recipe, number))) {
    throw ConfigError(concat("there is no run of \"", recipe,
                             "\" to resume in runs/; name its folder: elbo train --resume --out DIR."));
  }
  while (fs::exists(numbered_run(recipe, number + 1))) ++number;
  return numbered_run(recipe, number);
}

// A run must find its data again whatever folder it is used from.
std::string found_from_anywhere(const std::string& data) {
  if (is_dataset(data)) return data;
  std::error_code error;
  const bool exists = fs::exists(data, error);
  return exists ? fs::absolute(data).lexically_normal().string() : data;
}

// What to train and where.
struct Job {
  Recipe recipe;
  fs::path folder;
  std::string command;     // what trains by this recipe once more: "elbo train digits --data x.npy"
  std::string other_data;  // as the user named it; empty where it is the recipe's own
};

// Where the data is another than that of the recipe called so, it has to be named.
void name_the_data(Job& job, const std::string& recipe, const std::string& own, const std::string& given) {
  job.command = "elbo train " + shell_word(recipe);
  if (given == own) return;
  job.other_data = given;
  job.command += " --data " + shell_word(given);
}

// `recipe`, where the user named one, must be the run's own.
void check_is_run_of(const std::string& recipe, const Job& job) {
  const bool folder = fs::is_directory(recipe);
  std::error_code ignored;
  if (folder ? fs::equivalent(recipe, job.folder, ignored) : find_recipe(recipe).name == job.recipe.name)
    return;
  throw ConfigError(concat("--resume goes on with the run's own recipe: ", job.folder.string(),
                           " is a run of \"", job.recipe.name, "\", not of \"", recipe, "\"."));
}

Job resumed_job(const TrainOptionsRead& options) {
  Job job;
  const std::string name = options.recipe.value_or(kDefaultRecipe);
  job.folder = options.out ? fs::path(*options.out) : holds_run(name) ? fs::path(name) : latest_run(name);
  if (!fs::exists(job.folder / "recipe.toml")) {
    throw IoError(concat(job.folder.string(), " holds no run to resume: it has no recipe.toml."));
  }
  job.recipe = Recipe::from_file(job.folder / "recipe.toml");
  if (options.recipe) check_is_run_of(*options.recipe, job);
  const auto names = Recipe::names();
  const bool shipped = std::find(names.begin(), names.end(), job.recipe.name) != names.end();
  name_the_data(job, shipped ? job.recipe.name : (job.folder / "recipe.toml").string(),
                shipped ? Recipe::named(job.recipe.name).data.name : job.recipe.data.name,
                job.recipe.data.name);
  for (const auto& setting : options.settings) {
    if (!setting.starts_with("train.epochs=")) {
      throw ConfigError(
          concat("--resume goes on with the run's own recipe; only --epochs can be another, not ",
                 setting.substr(0, setting.find('=')), "."));
    }
    job.recipe.set(setting);
  }
  return job;
}

Job new_job(const TrainOptionsRead& options) {
  Job job;
  const std::string name = options.recipe.value_or(kDefaultRecipe);
  job.recipe = find_recipe(name);
  const std::string own_data = job.recipe.data.name;
  for (const auto& setting : options.settings) job.recipe.set(setting);
  job.recipe.validate();
  name_the_data(job, name, own_data, job.recipe.data.name);
  job.recipe.data.name = found_from_anywhere(job.recipe.data.name);
  job.folder = options.out ? fs::path(*options.out) : free_run(job.recipe.name);
  if (holds_run(job.folder) && !options.force && !holds_only_a_beginning(job.folder)) {
    throw ConfigError(concat(job.folder.string(),
                             " holds a run already; --resume goes on with it, --force replaces it, "
                             "--out names another folder."));
  }
  return job;
}

// Epochs that a run whose steps are all done has behind it.
std::int64_t epochs_done(const Job& job, const Dataset& data, const TrainReport& report) {
  const auto batch = job.recipe.train.batch;
  return report.steps / ((data.train.count + batch - 1) / batch);
}

// A run that was found finished must not have been asked for less.
void check_not_beyond(const Job& job, const Dataset& data, const TrainReport& report) {
  if (!report.already_finished || epochs_done(job, data, report) <= job.recipe.train.epochs) return;
  throw ConfigError(concat("--epochs ", job.recipe.train.epochs, ": ", job.folder.string(), " has ",
                           epochs_done(job, data, report), " epochs already; --resume only goes further."));
}

// Makes the folder of a run that was given none; another number where somebody was quicker.
void claim_run(Job& job) {
  std::error_code error;  // told by the first file that is written
  fs::create_directories(job.folder.parent_path(), error);
  while (!error && !fs::create_directory(job.folder, error) && !error) job.folder = free_run(job.recipe.name);
}

// The stored model's costs on every split there is.
std::vector<std::pair<std::string, Evaluation>> evaluate_splits(Model& model, const Dataset& data) {
  std::vector<std::pair<std::string, Evaluation>> results;
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
          {"interrupted", report.interrupted},
          {"already_finished", report.already_finished}};
}

int report_interruption(const TrainOptionsRead& options, const Job& job, Json json,
                        const TrainReport& report) {
  json["train"] = report.epochs.empty() ? Json() : to_json(job.recipe, report.epochs.back().train);
  json["test"] = json["active_units"] = nullptr;
  if (options.json) print(json);
  std::cerr << "elbo: interrupted after step " << report.steps
            << "; the state is saved. To go on: elbo train --resume --out " << shell_word(job.folder.string())
            << std::endl;
  return kInterrupted;
}

std::string in_epochs(std::int64_t epochs) {
  return concat(epochs, epochs == 1 ? " epoch" : " epochs");
}

void print_headline(const Job& job, const Model& model, const TrainReport& report) {
  const auto epochs = std::ssize(report.epochs);
  const auto all = job.recipe.train.epochs;
  std::cout << '\n' << job.recipe.name;
  if (!job.other_data.empty()) std::cout << " with " << job.other_data;
  std::cout << " on " << describe(model.device(), parse_precision(model.recipe().train.precision)) << ": ";
  if (all == 0) {
    std::cout << "0 epochs: nothing was trained; these are the initial weights";
  } else if (report.already_finished) {
    std::cout << "already finished: " << in_epochs(all) << "; --epochs " << all + 1 << " goes further";
  } else {
    if (epochs < all) std::cout << in_epochs(all) << ", the last ";
    std::cout << in_epochs(epochs);
  }
  if (epochs > 0) {
    std::cout << " in " << duration(report.seconds) << " (" << with_commas(report.examples_per_second) << ' '
              << unit_of(model.picture()) << "/s)";
  }
  std::cout << "\n\n";
}

void print_suggestions(const Job& job, const Model& model) {
  const std::string run = shell_word(job.folder.string());
  std::cout << "\nTry next:\n";
  if (job.recipe.train.epochs == 0) {
    std::cout << "  elbo train --resume --out " << run << " --epochs 10\n";
    return;
  }
  if (job.recipe.model.kind == "vae") {
    std::cout << "  elbo eval " << run << " --nll-samples 100\n";
    std::cout << "  elbo sample " << run << " -n 400 --seed 7\n";
  } else {
    std::cout << "  elbo eval " << run << '\n';
  }
  std::cout << "  elbo encode " << run << " --out codes.csv\n";
  if (model.latent() != 2 && model.picture().is_picture()) {
    std::cout << "  " << job.command << " --set model.latent=2      a latent plane to look at\n";
  }
}

void print_report(const Job& job, const Model& model, const TrainReport& report,
                  const std::vector<std::pair<std::string, Evaluation>>& results,
                  const std::vector<Figure>& figures) {
  print_headline(job, model, report);
  print_table(job.recipe, results);
  if (job.recipe.train.epochs > 0) print_collapse(job.recipe, results.back().second);
  const std::string run = job.folder.string();
  std::cout << "\n" << run << "/\n";
  const auto file = [](const std::string& name, const std::string& what) {
    std::cout << "  " << name << std::string(name.size() < 22 ? 22 - name.size() : 1, ' ') << what << '\n';
  };
  if (report.best_epoch > 0) file("model.safetensors", concat("the model, of epoch ", report.best_epoch));
  for (const auto& figure : figures) file(figure.file.filename().string(), figure.what);
  file("metrics.jsonl", "the costs of every epoch");
  file("recipe.toml", "all settings");
  print_suggestions(job, model);
}

int run_train(const TrainOptionsRead& options) {
  if (options.recipe == "") throw ConfigError("RECIPE is empty; see elbo train --help for those there are.");
  if (options.out == "") throw ConfigError("--out is empty; it takes the run's folder.");
  Job job = options.resume ? resumed_job(options) : new_job(options);
  const Device device = Device::parse(options.device);
  const Dataset data = load_data(job.recipe);
  Model model(job.recipe, data.dims(), device, data.picture);
  if (!options.resume && !options.out) claim_run(job);
  TrainReport report;
  {
    ProgressLine progress(job.recipe, unit_of(data.picture), options.quiet);
    InterruptGuard guard;
    TrainOptions call;
    call.folder = job.folder;
    call.resume = options.resume;
    call.on_progress = [&](const Progress& now) { progress.step(now); };
    call.on_epoch = [&](const EpochMetrics& metrics) { progress.epoch(metrics); };
    call.stop = InterruptGuard::requested;
    report = train(model, data, call);
  }
  check_not_beyond(job, data, report);
  Json json = summary(job, model, report);
  if (report.interrupted) return report_interruption(options, job, std::move(json), report);

  model = Model::load(job.folder, device);
  const auto results = evaluate_splits(model, data);
  const auto figures = write_figures(model, data, job.folder);
  if (!options.json) {
    print_report(job, model, report, results, figures);
    return 0;
  }
  for (const char* split : {"train", "validation", "test"}) json[split] = nullptr;
  for (const auto& [split, evaluation] : results) json[split] = to_json(job.recipe, evaluation.terms);
  json["active_units"] = results.back().second.active_units;
  add_latents(json, job.recipe, results.back().second);
  json["squared_error"] = results.back().second.squared_error;
  for (const auto& figure : figures) json["figures"].push_back(figure.file.string());
  print(json);
  return 0;
}

std::string footer() {
  std::string text = "Recipes:\n";
  for (const auto& name : Recipe::names()) {
    text += concat("  ", name, std::string(name.size() < 24 ? 24 - name.size() : 1, ' '),
                   Recipe::named(name).description, "\n");
  }
  text += "\nKeys for --set and for recipes of your own (defaults in brackets):\n";
  const Recipe defaults;
  for (const auto& key : recipe_keys()) {
    text += concat("  ", key.name, std::string(key.name.size() < 26 ? 26 - key.name.size() : 1, ' '), key.doc,
                   "\n", std::string(28, ' '), key.type(), " [", key.to_toml(defaults), "]\n");
  }
  return text;
}

}  // namespace

void add_train(CLI::App& app, Action& action) {
  auto* command =
      app.add_subcommand("train", "Train a model; its folder then holds the model, its figures and pictures");
  auto options = std::make_shared<TrainOptionsRead>();
  command->add_option_function<std::string>(
      "RECIPE", [options](const std::string& name) { options->recipe = name; },
      "A recipe's name, or a .toml file [digits]");
  const auto setting = [&](const char* flag, const char* key, const char* help) {
    command->add_option_function<std::string>(
        flag,
        [options, key](const std::string& value) { options->settings.push_back(concat(key, "=", value)); },
        help);
  };
  setting("--data", "data.name", "A data set (see elbo data list), a file, or a folder");
  setting("--epochs", "train.epochs", "Passes over the data");
  setting("--batch", "train.batch", "Examples a step");
  setting("--seed", "train.seed", "Of initial weights, shuffling and noise");
  setting("--precision", "train.precision", "Of products in a step: fp32, tf32, bf16 or auto [tf32 on CUDA]");
  command
      ->add_option_function<std::vector<std::string>>(
          "--set",
          [options](const std::vector<std::string>& all) {
            options->settings.insert(options->settings.end(), all.begin(), all.end());
          },
          "Any of the recipe's settings, as in --set model.latent=2; may be given again and again")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command->add_option_function<std::string>(
      "--out", [options](const std::string& folder) { options->out = folder; },
      "The run's folder [runs/RECIPE-N]");
  add_device(*command, options->device);
  command->add_flag_callback(
      "--no-tune", [options] { options->settings.push_back("train.tune=false"); },
      "On CUDA, do not time what can compute each product");
  command->add_flag("--resume", options->resume,
                    "Go on with an interrupted run, or with --epochs train one further");
  command->add_flag("--force", options->force, "Replace the run in --out");
  command->add_flag("-q,--quiet", options->quiet, "No progress");
  command->add_flag("--json", options->json, "Results as one JSON object");
  command->footer(footer);
  command->callback([options, &action] { action = [options] { return run_train(*options); }; });
}

}  // namespace elbo::command
