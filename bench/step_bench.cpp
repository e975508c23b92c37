// Whole training steps of a recipe's network on random grey bytes kept on the device: gather, forward,
// backward, Adam. Says how fast, and what share of the processor's matrix-product peak, measured in the same
// run between the repeats.

#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench_peaks.h"
#include "model/vae.h"
#include "ops/adam.h"
#include "ops/gather_batch.h"
#include "runtime/check.h"
#include "runtime/graph.h"
#include "support/random.h"

namespace elbo::bench {
namespace {

struct Options {
  std::string recipe = "mnist-deep";
  std::vector<std::string> settings;
  std::int64_t dims = 784;
  std::int64_t examples = 60000;
  int steps = 100;
  int repeats = 15;
  bool breakdown = false;
};

constexpr const char* kUsage =
    "usage: step_bench [--recipe NAME] [--set KEY=VALUE]... [--dims N] [--examples N] [--steps N] [--repeats "
    "N] "
    "[--breakdown]\n"
    "The device is $ELBO_BENCH_DEVICE (cpu, cuda, auto).\n";

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--breakdown") {
      options.breakdown = true;
      continue;
    }
    if (i + 1 == argc) throw ConfigError(concat("unknown or unfinished option ", flag, "\n", kUsage));
    const std::string value = argv[++i];
    if (flag == "--recipe") {
      options.recipe = value;
    } else if (flag == "--set") {
      options.settings.push_back(value);
    } else if (flag == "--dims") {
      options.dims = std::stoll(value);
    } else if (flag == "--examples") {
      options.examples = std::stoll(value);
    } else if (flag == "--steps") {
      options.steps = std::stoi(value);
    } else if (flag == "--repeats") {
      options.repeats = std::stoi(value);
    } else {
      throw ConfigError(concat("unknown option ", flag, "\n", kUsage));
    }
  }
  return options;
}

Recipe recipe_of(const Options& options) {
  Recipe recipe = Recipe::named(options.recipe);
  for (const auto& setting : options.settings) recipe.set(setting);
  return recipe;
}

/// A model in training with its resident data.
class Training {
 public:
  Training(Context& context, const Recipe& recipe, const Options& options)
      : context_(context),
        vae_(context, resolve(recipe.model, options.dims), recipe.train.seed),
        workspace_(vae_, recipe.train.batch, 1, true),
        batch_(workspace_.rows(recipe.train.batch)),
        data_(context, test::Random(1).bytes(options.examples * options.dims)),
        order_(context, test::Random(2).indices(options.examples, options.examples)),
        state_(context, 1) {
    vae_.parameters().prepare_training();
    first_state_.learning_rate = static_cast<float>(recipe.train.learning_rate);
    rewind();
    preprocess_.scale = 1.0f / 255.0f;
    source_.bytes = data_.matrix(options.examples, options.dims);
    source_.permutation = order_.view();
    noise_.seed = recipe.train.seed;
    noise_.time = &state_.data()->noise_time;
  }

  /// To the beginning of the data.
  void rewind() { state_.upload(std::span(&first_state_, 1)); }

  Vae& vae() { return vae_; }
  std::int64_t batch_size() const { return batch_.rows; }

  /// The parts of a step in their order. The backward pass cannot be run without the forward pass before it.
  void advance() { ops::advance_step(context_, state_.data(), batch_.rows, adam_); }
  void gather() {
    ops::gather_batch(context_, {batch_.x, {}, batch_.examples}, source_, preprocess_, state_.data());
  }
  void encode() { vae_.encode(batch_); }
  void sample() { vae_.sample(batch_, noise_); }
  void decode() { vae_.decode(batch_); }
  void score() { vae_.score(batch_, {.scale = 1.0f / static_cast<float>(batch_.rows), .per_row = {}}, true); }
  void forward_backward() { vae_.forward_backward(batch_, noise_, &state_.data()->kl_weight); }
  void adam() {
    Parameters& p = vae_.parameters();
    ops::adam(context_, p.values(), p.gradient(), p.first_moment(), p.second_moment(), adam_, state_.data());
  }
  void step() {
    advance();
    gather();
    forward_backward();
    adam();
  }

 private:
  Context& context_;
  Vae vae_;
  Workspace workspace_;
  Activations batch_;
  Buffer<std::uint8_t> data_;
  Buffer<std::int64_t> order_;
  Buffer<StepState> state_;
  StepState first_state_;
  ops::GatherSource source_;
  ops::Preprocess preprocess_;
  ops::AdamSettings adam_;
  NoiseSource noise_;
};

/// Multiplications and additions of a step's products: forward, and both ways back but for the data's
/// gradient.
double step_flops(Vae& vae, std::int64_t batch) {
  double flops = 0.0;
  const ParameterLayout& layout = vae.parameters().layout();
  for (const auto* layers : {&layout.encoder, &layout.decoder}) {
    for (const LayerInfo& layer : *layers)
      flops += 3.0 * 2.0 * static_cast<double>(batch * layer.in * layer.out);
  }
  const LayerInfo& first = layout.encoder.front();
  return flops - 2.0 * static_cast<double>(batch * first.in * first.out);
}

/// Seconds of one run of `work`, over `count` of them in a row.
double seconds_each(Context& context, int count, const std::function<void()>& work) {
  Graph graph = Graph::record(context, work);
  graph.launch();
  context.synchronize();
  const double begin = now();
  for (int i = 0; i < count; ++i) graph.launch();
  context.synchronize();
  return (now() - begin) / count;
}

using Part = std::pair<const char*, std::function<void()>>;

/// Where a step's time goes on the CPU: each part timed where it stands, so with its operands as cold as
/// there.
void report_in_step(const std::vector<Part>& parts, Training& training, const Options& options) {
  std::vector<std::vector<double>> seconds(parts.size());
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    training.rewind();
    for (int step = 0; step < options.steps; ++step) {
      for (std::size_t i = 0; i < parts.size(); ++i) {
        const double begin = now();
        parts[i].second();
        seconds[i].push_back(now() - begin);
      }
    }
  }
  std::printf("in the step:\n");
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::printf("  %-22s %9.1f us\n", parts[i].first, 1e6 * median(seconds[i]));
  }
}

/// Each part alone, repeated, so with its operands in the nearest cache that holds them.
void report_alone(Context& context, const std::vector<Part>& parts, Training& training,
                  const Options& options) {
  std::printf("alone:\n");
  for (const auto& [name, work] : parts) {
    std::vector<double> seconds;
    for (int i = 0; i < options.repeats; ++i) {
      training.rewind();
      seconds.push_back(seconds_each(context, options.steps, work));
    }
    std::printf("  %-22s %9.1f us\n", name, 1e6 * median(seconds));
  }
}

void report_parts(Context& context, Training& training, const Options& options) {
  const Part advance = {"advance", [&] { training.advance(); }};
  const Part gather = {"gather", [&] { training.gather(); }};
  const Part encode = {"encode", [&] { training.encode(); }};
  const Part sample = {"reparameterize", [&] { training.sample(); }};
  const Part decode = {"decode", [&] { training.decode(); }};
  const Part score = {"likelihood", [&] { training.score(); }};
  const Part all = {"forward and backward", [&] { training.forward_backward(); }};
  const Part adam = {"adam", [&] { training.adam(); }};
  if (!context.is_cuda()) report_in_step({advance, gather, all, adam}, training, options);
  report_alone(context, {advance, gather, encode, sample, decode, score, all, adam}, training, options);
}

void run(const Options& options) {
  Context& device = context();
  const Recipe recipe = recipe_of(options);
  ELBO_CHECK(recipe.train.batch * (options.steps + 1) <= options.examples, ConfigError, options.steps + 1,
             " steps of ", recipe.train.batch, " examples need more than ", options.examples, " of them");
  Training training(device, recipe, options);
  std::vector<double> seconds, peaks;
  for (int i = 0; i < options.repeats; ++i) {
    training.rewind();
    seconds.push_back(seconds_each(device, options.steps, [&] { training.step(); }));
    peaks.push_back(device.is_cuda() ? peak_flops(device) : cpu_peak_flops());
  }
  const double time = median(seconds), peak = median(peaks);
  const double flops = step_flops(training.vae(), training.batch_size());
  std::printf("%s, batch %lld, %s, %d threads, median of %d x %d steps\n", recipe.name.c_str(),
              static_cast<long long>(training.batch_size()), device.device().name().c_str(), device.threads(),
              options.repeats, options.steps);
  std::printf("  %9.1f us a step (fastest repeat %.1f)\n", 1e6 * time,
              1e6 * *std::min_element(seconds.begin(), seconds.end()));
  std::printf("  %9.0f examples/s\n", static_cast<double>(training.batch_size()) / time);
  std::printf("  %9.1f GFLOP/s of %.1f at the peak: %.1f %%\n", 1e-9 * flops / time, 1e-9 * peak,
              100.0 * flops / time / peak);
  if (options.breakdown) report_parts(device, training, options);
}

}  // namespace
}  // namespace elbo::bench

int main(int argc, char** argv) {
  try {
    elbo::bench::run(elbo::bench::parse(argc, argv));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "step_bench: %s\n", error.what());
    return 1;
  }
}
