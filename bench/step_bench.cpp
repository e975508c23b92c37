// Whole training steps of a recipe's network on random grey bytes kept on the device: gather, forward,
// backward, Adam. Says how fast, and what share of the processor's matrix-product peak, measured in the same
// run between the repeats.

#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench_peaks.h"
#include "data/resident.h"
#include "model/state.h"
#include "ops/record_loss.h"
#include "runtime/check.h"
#include "runtime/graph.h"
#include "support/random.h"
#include "train/step_runner.h"

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

Examples random_bytes(const Options& options) {
  Examples examples;
  examples.count = options.examples;
  examples.dims = options.dims;
  examples.bytes = test::Random(1).bytes(options.examples * options.dims);
  return examples;
}

/// A model in training: whole steps as `elbo train` runs them, and their parts one by one.
class Training {
 public:
  Training(const Recipe& recipe, const Options& options)
      : model_(recipe, options.dims, bench_device(), {}),
        data_(*model_.context, random_bytes(options)),
        preprocessor_(*model_.context, recipe.data, true, {}, {}),
        runner_(model_, data_, preprocessor_),
        workspace_(*model_.vae, recipe.train.batch, 1, true),
        batch_(workspace_.rows(recipe.train.batch)),
        state_(*model_.context, 1),
        record_(*model_.context, 1) {
    noise_.seed = recipe.train.seed;
    noise_.time = &state_.data()->noise_time;
    rewind();
  }

  /// To the beginning of the data.
  void rewind() {
    runner_.begin(1, 0, 0, {});
    StepState state;
    state.learning_rate = static_cast<float>(model_.recipe.train.learning_rate);
    state_.upload(std::span<const StepState>(&state, 1));
    record_.fill_zero();
    device().synchronize();
  }

  Context& device() { return *model_.context; }
  Vae& vae() { return *model_.vae; }
  std::int64_t batch_size() const { return batch_.rows; }
  std::int64_t steps_per_epoch() const { return runner_.steps_per_epoch(); }

  void step() { runner_.step(); }

  /// The parts in their order. The backward pass cannot be run without the forward pass before it.
  void advance() { ops::advance_step(device(), state_.data(), batch_.rows, adam_); }
  void gather() {
    ops::gather_batch(device(), {batch_.x, {}, batch_.examples}, data_.source(),
                      preprocessor_.keyed(0, nullptr), state_.data());
  }
  void encode() { vae().encode(batch_); }
  void sample() { vae().sample(batch_, noise_); }
  void decode() { vae().decode(batch_); }
  void score() {
    vae().score(batch_, {.scale = 1.0f / static_cast<float>(batch_.rows), .per_row = {}}, true);
  }
  void forward_backward() { vae().forward_backward(batch_, noise_, &state_.data()->kl_weight); }
  void record() {
    LossRecord* const to = record_.data();
    ops::record_loss(device(), to->sums, &to->first_bad_step, batch_.nll, batch_.kl, state_.data());
  }
  void adam() {
    Parameters& p = vae().parameters();
    ops::adam(device(), p.values(), p.gradient(), p.first_moment(), p.second_moment(), adam_, state_.data());
  }

 private:
  Model::State model_;
  data::ResidentData data_;
  data::Preprocessor preprocessor_;
  StepRunner runner_;
  Workspace workspace_;
  Activations batch_;
  Buffer<StepState> state_;
  Buffer<LossRecord> record_;
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

/// Seconds of one run of `work`, over `count` of them in a row. On a GPU they are launches of a recorded
/// graph.
double seconds_each(Context& device, int count, const std::function<void()>& work) {
  Graph graph = Graph::record(device, work);
  graph.launch();
  device.synchronize();
  const double begin = now();
  for (int i = 0; i < count; ++i) graph.launch();
  device.synchronize();
  return (now() - begin) / count;
}

/// Seconds of one training step, over the first `count` of an epoch but for the very first.
double seconds_a_step(Training& training, int count) {
  training.rewind();
  training.step();
  training.device().synchronize();
  const double begin = now();
  for (int i = 0; i < count; ++i) training.step();
  training.device().synchronize();
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
void report_alone(const std::vector<Part>& parts, Training& training, const Options& options) {
  std::printf("alone:\n");
  for (const auto& [name, work] : parts) {
    std::vector<double> seconds;
    for (int i = 0; i < options.repeats; ++i) {
      training.rewind();
      seconds.push_back(seconds_each(training.device(), options.steps, work));
    }
    std::printf("  %-22s %9.1f us\n", name, 1e6 * median(seconds));
  }
}

void report_parts(Training& training, const Options& options) {
  const Part advance = {"advance", [&] { training.advance(); }};
  const Part gather = {"gather", [&] { training.gather(); }};
  const Part encode = {"encode", [&] { training.encode(); }};
  const Part sample = {"reparameterize", [&] { training.sample(); }};
  const Part decode = {"decode", [&] { training.decode(); }};
  const Part score = {"likelihood", [&] { training.score(); }};
  const Part all = {"forward and backward", [&] { training.forward_backward(); }};
  const Part record = {"record loss", [&] { training.record(); }};
  const Part adam = {"adam", [&] { training.adam(); }};
  if (!training.device().is_cuda()) report_in_step({advance, gather, all, record, adam}, training, options);
  report_alone({gather, encode, sample, decode, score, all, record, adam}, training, options);
}

void run(const Options& options) {
  const Recipe recipe = recipe_of(options);
  Training training(recipe, options);
  Context& device = training.device();
  ELBO_CHECK(options.steps < training.steps_per_epoch(), ConfigError, "an epoch of ", options.examples,
             " examples has fewer steps than ", options.steps + 1);
  std::vector<double> seconds, peaks;
  for (int i = 0; i < options.repeats; ++i) {
    seconds.push_back(seconds_a_step(training, options.steps));
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
  if (options.breakdown) report_parts(training, options);
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
