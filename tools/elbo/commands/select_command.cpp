// elbo select

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <memory>

#include "commands/command.h"
#include "io/file.h"
#include "reports/progress.h"
#include "commands/repeat.h"
#include "commands/run_argument.h"
#include "base/check.h"
#include "commands/selection.h"
#include "commands/train_job.h"
#include "elbo/traits.h"

namespace elbo::command {
namespace {

constexpr std::int64_t kNllSamples = 100;

struct SelectRequest {
  TrainRequest train;
  std::vector<std::int64_t> latents;
  std::int64_t seeds = 1;
};

void check_latents(std::vector<std::int64_t>& latents) {
  std::sort(latents.begin(), latents.end());
  if (latents.empty() || latents.front() < 1) {
    throw ConfigError("--latent takes the sizes to compare, each at least 1, as in --latent 1,2,5,10,20.");
  }
  if (std::adjacent_find(latents.begin(), latents.end()) != latents.end()) {
    throw ConfigError("--latent names a size twice.");
  }
}

Json selection_json(const Job& job, const Selection& selection, std::int64_t nll_samples) {
  Json json = {{"run", job.folder.string()},
               {"recipe", job.recipe.name},
               {"data", job.recipe.data.name},
               {"split", selection.split},
               {"nll_samples", nll_samples},
               {"criterion", selection.by_nll ? "nll" : "elbo"},
               {"best", selection.best_size().latent},
               {"selected", selection.chosen_size().latent},
               {"rule", selection.rule()}};
  for (const Size& size : selection.sizes) {
    Json entry = {{"latent", size.latent},
                  {"elbo", to_json(size.elbo)},
                  {"kl", to_json(size.kl)},
                  {"nll", size.nll ? to_json(*size.nll) : Json()},
                  {"active_units", to_json(size.active_units)},
                  {"above_lowest", size.above},
                  {"above_lowest_standard_error", size.above_error ? Json(*size.above_error) : Json()},
                  {"runs", size.runs}};
    json["sizes"].push_back(std::move(entry));
  }
  return json;
}

int run_select(SelectRequest request) {
  TrainRequest& train = request.train;
  train.several = true;
  check_latents(request.latents);
  for (const std::string& setting : train.settings) {
    if (setting.starts_with("model.latent=")) throw ConfigError(setting + ": --latent gives the sizes.");
  }
  Job job = job_of(train);
  const ModelTraits traits = traits_of(job.recipe);
  if (!traits.has_prior) {
    throw ConfigError("elbo select compares bounds on log p(x), which an autoencoder does not have.");
  }
  const std::int64_t nll_samples = train.nll_samples.value_or(kNllSamples);
  if (traits.bound_samples > 0 && nll_samples == 0) {
    throw ConfigError(concat("--nll-samples 0 compares by the ELBO, which may fall where objective.kind = \"",
                             job.recipe.objective.kind, "\" makes a model better: use some samples."));
  }
  const auto [split, same_examples] = held_out(job.recipe);
  begin_several(job, train);
  const InterruptGuard guard;
  std::vector<Size> sizes;
  for (const std::int64_t latent : request.latents) {
    Job one = job;
    one.recipe.model.latent = latent;
    one.folder /= concat("latent-", latent);
    auto runs = train_seeds(one, request.seeds, train, nll_samples, split);
    if (std::ssize(runs) < request.seeds) {
      std::cerr << "elbo: interrupted at " << latent
                << " dimensions; the state is saved. To continue: the same command with "
                << "--resume --out " << shell_word(job.folder.string()) << std::endl;
      return kInterrupted;
    }
    sizes.push_back(size_of(latent, split, std::move(runs), held_out_costs(one, request.seeds)));
  }
  const Selection selection = select(std::move(sizes), split, same_examples);
  const Json json = selection_json(job, selection, nll_samples);
  io::write_file(job.folder / "select.json", json.dump(1) + "\n");
  draw_selection(selection).write_png(job.folder / "select.png");
  if (train.json) {
    print(json);
    return 0;
  }
  std::cout << '\n' << job.recipe.name << ", " << split << " data, nats per example\n\n";
  print_selection(selection);
  std::cout << "\n"
            << job.folder.string() << "/\n  latent-D/seed-S       a run of each\n  select.json, select.png\n";
  return 0;
}

}  // namespace

void add_select(CLI::App& app, Action& action) {
  auto* command =
      app.add_subcommand("select", "Train several latent sizes and find where a larger size stops helping");
  auto request = std::make_shared<SelectRequest>();
  // The request owns the training's options.
  add_training_options(*command, std::shared_ptr<TrainRequest>(request, &request->train));
  command->add_option("--latent", request->latents, "The sizes to compare, as in 1,2,5,10,20")
      ->delimiter(',')
      ->required();
  command->add_option("--repeat", request->seeds, "Number of seeds for each size")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1000}))
      ->capture_default_str();
  command
      ->add_option("--nll-samples", request->train.nll_samples,
                   "Samples per example of the NLL by which sizes are compared; 0: compare by the ELBO")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40))
      ->default_str(std::to_string(kNllSamples));
  command->callback([request, &action] { action = [request] { return run_select(*request); }; });
}

}  // namespace elbo::command
