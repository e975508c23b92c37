// Whole training steps, and epochs, on pictures kept on the device: gather, forward, backward, Adam. Reports
// the time and the share of the processor's matrix-product peak, which is measured in the same run between
// the repeats. For bench/compare.py it writes JSON.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bench_peaks.h"
#include "elbo/version.h"
#include "base/check.h"
#include "step_parts.h"
#include "step_training.h"

namespace elbo::bench {
namespace {

using nlohmann::ordered_json;

struct Options {
  std::string recipe = "mnist-deep", device;
  std::vector<std::string> settings;
  std::vector<std::int64_t> widths;
  std::int64_t batch = 0;
  std::string precision;
  std::int64_t dims = 784;
  std::int64_t examples = 60000;
  int steps = 100;
  int repeats = 15;
  int epochs = 0;
  int graph_steps = 0;
  bool overlap = false;
  bool breakdown = false, json = false, serve = false;
};

void declare(CLI::App& app, Options& options) {
  app.add_option("--recipe", options.recipe, "recipe with the network and settings")->capture_default_str();
  app.add_option("--set", options.settings, "KEY=VALUE of the recipe")->allow_extra_args(false);
  app.add_option("--widths", options.widths, "input, hidden…, latent: 784,400,400,20")->delimiter(',');
  app.add_option("--batch", options.batch, "examples per step");
  app.add_option("--precision", options.precision,
                 "precision of the products: fp32, tf32, bf16, instead of the recipe's");
  app.add_option("--dims", options.dims, "values of an example, if --widths is not given")
      ->capture_default_str();
  app.add_option("--examples", options.examples)->capture_default_str();
  app.add_option("--steps", options.steps, "timed steps per repeat")->capture_default_str();
  app.add_option("--repeats", options.repeats)->capture_default_str();
  app.add_option("--epochs", options.epochs,
                 "whole epochs to time, including shuffling and the shorter last batch");
  app.add_option("--graph-steps", options.graph_steps, "steps of one graph on a GPU; 0: the fastest number");
  app.add_flag("--overlap", options.overlap, "a product's grid may begin while the previous one ends");
  app.add_option("--device", options.device, "cpu, cuda[:i], auto; default $ELBO_BENCH_DEVICE");
  app.add_flag("--breakdown", options.breakdown, "time each part of a step too");
  app.add_flag("--json", options.json, "one JSON object on stdout");
  app.add_flag("--serve", options.serve,
               "write a JSON line when ready, and one with a repeat for every line read");
}

/// Sets "key=[a, b]" from some of the widths.
void set_list(Recipe& recipe, const char* key, const std::vector<std::int64_t>& widths) {
  recipe.set(concat(key, "=", ordered_json(widths).dump()));
}

Recipe recipe_of(const Options& options) {
  Recipe recipe = Recipe::named(options.recipe);
  if (const auto& widths = options.widths; !widths.empty()) {
    ELBO_CHECK(widths.size() >= 2, ConfigError, "--widths names the input's width and the latent's at least");
    set_list(recipe, "model.encoder", {widths.begin() + 1, widths.end() - 1});
    set_list(recipe, "model.decoder", {widths.rbegin() + 1, widths.rend() - 1});
    recipe.model.latent = widths.back();
  }
  if (options.batch > 0) recipe.train.batch = options.batch;
  for (const auto& setting : options.settings) recipe.set(setting);
  if (ModelSettings& model = recipe.model; !model.condition.empty() && model.condition_classes.empty())
    for (int pattern = 0; pattern < 10; ++pattern) model.condition_classes.push_back(std::to_string(pattern));
  return recipe;
}

/// The seconds of one training step, over the first `count` of an epoch, or a few more if they come in
/// graphs.
double seconds_a_step(Training& training, int count) {
  training.begin_epoch();
  training.device().synchronize();
  const double begin = now();
  const std::int64_t given = training.run_steps(count);
  training.device().synchronize();
  return (now() - begin) / static_cast<double>(given);
}

double seconds_an_epoch(Training& training) {
  training.device().synchronize();
  const double begin = now();
  training.run_epoch();
  training.device().synchronize();
  return now() - begin;
}

double measured_peak(Context& device) {
  // The CPU's peak varies with the machine's load.
  return device.is_cuda() ? peak_flops(device) : measure_peak_flops(device);
}

struct Result {
  std::vector<double> steps, epochs, peaks;
};

Result measure(Training& training, const Options& options) {
  Result result;
  seconds_a_step(training, options.steps);  // the first run loads code and data
  for (int i = 0; i < options.repeats; ++i) {
    result.steps.push_back(seconds_a_step(training, options.steps));
    result.peaks.push_back(measured_peak(training.device()));
  }
  for (int i = 0; i < options.epochs; ++i) result.epochs.push_back(seconds_an_epoch(training));
  return result;
}

void print(Training& training, const Options& options, const Result& result) {
  const double time = median(result.steps), peak = median(result.peaks);
  const double flops = step_flops(training);
  const Context& device = training.device();
  std::printf("%s, batch %lld, %s, %d threads, median of %d x %d steps\n", training.recipe().name.c_str(),
              static_cast<long long>(training.batch_size()), device.device().name().c_str(), device.threads(),
              options.repeats, options.steps);
  std::printf("  %9.1f us a step (fastest repeat %.1f)\n", 1e6 * time,
              1e6 * *std::min_element(result.steps.begin(), result.steps.end()));
  std::printf("  %9.0f examples/s\n", static_cast<double>(training.batch_size()) / time);
  std::printf("  %9.1f GFLOP/s", 1e-9 * flops / time);
  if (peak > 0.0) {
    std::printf(" of %.1f at the peak, %s: %.1f %%", 1e-9 * peak, yardstick(device.device()),
                100.0 * flops / time / peak);
  }
  std::printf("\n  %9.1f MFLOP a step (K = %lld)\n", 1e-6 * flops,
              static_cast<long long>(training.samples()));
  if (device.is_cuda()) {
    const GraphShape shape = training.runner().largest_graph().shape();
    std::printf("  graphs of %d steps: %zu nodes, %zu edges, %zu on the longest path\n",
                training.runner().graph_steps(), shape.nodes, shape.edges, shape.longest_path);
  }
  if (!result.epochs.empty()) {
    const double epoch = median(result.epochs);
    std::printf("  %9.4f s an epoch of %lld examples, median of %d: %.0f examples/s\n", epoch,
                static_cast<long long>(training.examples()), options.epochs,
                static_cast<double>(training.examples()) / epoch);
  }
}

/// The processor's or the GPU's name.
std::string described(Device device) {
  for (const DeviceInfo& info : devices()) {
    if (info.device == device) return info.description;
  }
  return device.name();
}

/// The same facts as the peers in bench/peers report.
ordered_json about(Training& training, const Options& options) {
  const Recipe& recipe = training.recipe();
  ordered_json widths = {training.vae().config().dims};
  for (const Layer& layer : recipe.model.encoder) {
    widths.push_back(layer.width() ? ordered_json(*layer.width()) : ordered_json(layer.text()));
  }
  widths.push_back(recipe.model.latent);
  const Context& device = training.device();
  ordered_json json = {{"tool", "elbo"},
                       {"recipe", recipe.name},
                       {"batch", training.batch_size()},
                       {"widths", widths},
                       {"precision", precision_name(device.precision())},
                       {"steps", options.steps},
                       {"device", described(device.device())},
                       {"threads", nullptr},
                       {"versions", {{"elbo", version()}}},
                       {"settings", ordered_json::object()}};
  if (!device.is_cuda()) json["threads"] = device.threads();
  if (device.is_cuda()) {
    json["settings"]["graph_steps"] = training.runner().graph_steps();
    json["settings"]["overlap"] = options.overlap;
  }
  return json;
}

std::vector<double> scaled(std::vector<double> values, double factor) {
  for (double& value : values) value *= factor;
  return values;
}

void print_json(Training& training, const Options& options, const Result& result) {
  const double time = median(result.steps), peak = median(result.peaks);
  const double flops = step_flops(training);
  ordered_json json = about(training, options);
  json["median_us"] = 1e6 * time;
  json["repeats_us"] = scaled(result.steps, 1e6);
  json["examples_per_second"] = static_cast<double>(training.batch_size()) / time;
  json["gflops"] = 1e-9 * flops / time;
  json["peak_gflops"] = peak > 0.0 ? ordered_json(1e-9 * peak) : ordered_json();
  json["peak_by"] = peak > 0.0 ? ordered_json(yardstick(training.device().device())) : ordered_json();
  if (!result.epochs.empty()) json["epoch_seconds"] = result.epochs;
  json["negative_elbo"] = training.negative_elbo();
  std::cout << json.dump() << std::endl;
}

/// Runs repeats on request, so that another program can take turns with it.
void serve(Training& training, const Options& options) {
  seconds_a_step(training, options.steps);
  std::cout << about(training, options).dump() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const double seconds = seconds_a_step(training, options.steps);
    std::cout << ordered_json{{"us", 1e6 * seconds}, {"negative_elbo", training.negative_elbo()}}.dump()
              << std::endl;
  }
}

/// The recipe's precision on the device.
std::string precision_of(const Recipe& recipe, Device device) {
  return std::string(precision_name(recipe.train.precision.value_or(default_training_precision(device))));
}

void run(Options options) {
  const Recipe recipe = recipe_of(options);
  const Device device = options.device.empty() ? bench_device() : Device::parse(options.device);
  if (options.precision.empty()) options.precision = precision_of(recipe, device);
  const std::int64_t dims = options.widths.empty() ? options.dims : options.widths.front();
  Training training(recipe, device, parse_precision(options.precision), dims, options.examples,
                    {.graph_steps = options.graph_steps, .overlap = options.overlap});
  ELBO_CHECK(options.steps * training.batch_size() <= options.examples, ConfigError, options.examples,
             " examples are fewer than ", options.steps, " batches of ", training.batch_size());
  if (options.serve) return serve(training, options);
  const Result result = measure(training, options);
  if (options.json) return print_json(training, options, result);
  print(training, options, result);
  if (options.breakdown) report_parts(training, options.steps, options.repeats);
}

}  // namespace
}  // namespace elbo::bench

int main(int argc, char** argv) {
  elbo::bench::Options options;
  CLI::App app("Times training steps.");
  elbo::bench::declare(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    elbo::bench::run(options);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "step_bench: %s\n", error.what());
    return 1;
  }
}
