// elbo train

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <numeric>
#include <sstream>

#include "commands/command.h"
#include "commands/first_stage.h"
#include "commands/old_run.h"
#include "drawing/figures.h"
#include "reports/column_table.h"
#include "reports/latent_report.h"
#include "reports/progress.h"
#include "commands/repeat.h"
#include "reports/report.h"
#include "commands/run_argument.h"
#include "base/check.h"
#include "commands/train_job.h"
#include "commands/train_run.h"

namespace elbo::command {
namespace {

int report_interruption(const TrainRequest& options, const Job& job, Json json, const TrainReport& report) {
  json["train"] = report.epochs.empty() ? Json() : to_json(job.recipe, report.epochs.back().train);
  json["test"] = json["active_units"] = nullptr;
  if (options.json) print(json);
  std::cerr << "elbo: interrupted after step " << report.steps
            << "; the state is saved. To continue: elbo train --resume --out "
            << shell_word(job.folder.string()) << std::endl;
  return kInterrupted;
}

std::string in_epochs(std::int64_t epochs) {
  return concat(epochs, epochs == 1 ? " epoch" : " epochs");
}

void print_headline(const Job& job, const Model& model, const TrainReport& report) {
  const auto epochs = std::ssize(report.epochs);
  const auto all = job.recipe.train.epochs;
  std::ostringstream text;
  text << job.recipe.name;
  if (!job.other_data.empty()) text << " with " << job.other_data;
  text << " on " << describe(model.device(), model.recipe().train.precision.value()) << ": ";
  if (all == 0) {
    text << "0 epochs: nothing was trained; these are the initial weights";
  } else if (report.stopped_early) {
    text << "stopped after " << report.epoch << " of " << in_epochs(all) << ": none after epoch "
         << report.best_epoch << " was better";
  } else if (report.already_finished) {
    text << "already finished: " << in_epochs(all);
    if (may_train_longer(job.recipe)) text << "; --epochs " << all + 1 << " goes further";
  } else {
    if (epochs < all) text << in_epochs(all) << ", the last ";
    text << in_epochs(epochs);
  }
  if (epochs > 0) {
    text << (report.stopped_early ? "; " : " in ") << duration(report.seconds) << " ("
         << with_commas(report.examples_per_second) << ' ' << unit_of(model.picture()) << "/s)";
  }
  if (report.skipped_steps > 0) {
    text << '\n'
         << skipped_steps(report.skipped_steps) << " of " << report.steps
         << ": the norm of their gradient was above train.skip_norm, which is " << job.recipe.train.skip_norm
         << ", or not finite";
  }
  std::cout << '\n' << fitted(text.str()) << "\n\n";
}

void print_suggestions(const Job& job, const Model& model) {
  const std::string run = shell_word(job.folder.string());
  std::cout << "\nTry next:\n";
  if (job.recipe.train.epochs == 0) {
    std::cout << "  elbo train --resume --out " << run << " --epochs 10\n";
    return;
  }
  if (model.has_prior()) {
    std::cout << "  elbo eval " << run << " --nll-samples 100\n";
    std::cout << "  elbo sample " << run << " -n 400 --seed 7\n";
  } else {
    std::cout << "  elbo eval " << run << '\n';
  }
  std::cout << "  elbo encode " << run << " --out codes.csv\n";
  if (model.latent() != 2 && model.picture().is_picture()) {
    std::cout << "  elbo train " << run
              << "/recipe.toml --set model.latent=2      a latent plane to look at\n";
  }
}

void print_report(const Job& job, const Model& model, const TrainReport& report, const SplitResults& results,
                  const std::vector<Figure>& figures) {
  print_headline(job, model, report);
  print_table(job.recipe, results);
  if (job.recipe.train.epochs > 0) print_collapse(job.recipe, results.back().second);
  const std::string run = job.folder.string();
  std::cout << "\n" << run << "/\n";
  const auto file = [](const std::string& name, const std::string& what) {
    std::cout << fitted(concat("  ", padded(name, -22), name.size() < 22 ? "" : " ", what)) << '\n';
  };
  if (report.best_epoch > 0) file("model.safetensors", concat("the model, of epoch ", report.best_epoch));
  for (const auto& figure : figures) file(figure.file.filename().string(), figure.what);
  file("metrics.jsonl", "the costs of every epoch");
  file("recipe.toml", "all settings");
  print_suggestions(job, model);
}

/// Says how long a training by settings that follow the data takes at most, by some steps of a model like it.
void tell_time(const Job& job, const Dataset& data, Device device) {
  Model model(job.recipe, data.dims(), device, data.picture);
  const double step = plan_step(model, data).step_seconds;
  const TrainSettings& train = job.recipe.train;
  const auto steps = static_cast<double>(train.epochs * batches_per_epoch(train, data.train.count));
  tell({concat(in_epochs(job.recipe.train.epochs), " take about ", duration(step * steps),
               " here; without improvement it ends earlier")});
}

int run_train(const TrainRequest& options) {
  Job job = job_of(options);
  const Device device = Device::parse(options.device);
  const bool claims = !options.resume && !options.out, in_stages = has_first_stage(job.recipe);
  if (in_stages) job.recipe.validate();  // before the first stage takes its time
  if (in_stages && claims) claim_run(job);
  if (in_stages && !train_first_stage(job, options)) return kInterrupted;
  const Dataset data = load_job_data(job);
  const std::int64_t nll_samples = nll_samples_of(options, job.recipe);
  Model model = new_model(job.recipe, data, device);
  check_trainable(model, data);  // if it cannot be trained, nothing is made or replaced
  if (job.followed_by && !options.quiet && job.recipe.train.epochs > 0) tell_time(job, data, device);
  if (claims && !in_stages) claim_run(job);
  if (options.force) forget_results(job.folder);
  TrainReport report;
  {
    InterruptGuard guard;
    report = run_training(model, data, job, job.resumes, options.quiet);
  }
  check_not_beyond(job, data, report);
  Json json = summary(job, model, report);
  if (report.interrupted) return report_interruption(options, job, std::move(json), report);

  model = Model::load(job.folder, device);
  const auto results = evaluate_splits(model, data, nll_samples);
  const auto figures = write_figures(model, data, job.folder);
  if (!options.json) {
    print_report(job, model, report, results, figures);
    return 0;
  }
  add_results(json, job.recipe, results);
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
  for (const Setting& setting : recipe_settings()) {
    text += concat("  ", padded(setting.name, -26), ' ', setting.description, "\n", std::string(28, ' '),
                   setting.type, " [", setting.default_value, "]\n");
  }
  return text;
}

}  // namespace

void add_train(CLI::App& app, Action& action) {
  auto* command =
      app.add_subcommand("train", "Train a model; its folder then has the model, its figures and pictures");
  auto options = std::make_shared<TrainRequest>();
  add_training_options(*command, options);
  command
      ->add_option("--nll-samples", options->nll_samples,
                   "Samples per example of the held-out data's NLL after training [0: none; with iwae "
                   "objective.samples]")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40));
  auto seeds = std::make_shared<std::int64_t>(0);
  command
      ->add_option("--repeat", *seeds,
                   "Train this many seeds, each into its own folder, and report mean and standard deviation")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1000}));
  command->footer(footer);
  command->callback([options, seeds, &action] {
    action = [options, seeds] { return *seeds > 0 ? run_repeat(*options, *seeds) : run_train(*options); };
  });
}

}  // namespace elbo::command
