#include "train/checkpoint.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string_view>

#include "model/model_file.h"
#include "recipe/keys.h"
#include "base/check.h"
#include "train/schedule.h"

namespace elbo {
namespace {

constexpr const char* kFirstMoment = "adam.first_moment.";
constexpr const char* kSecondMoment = "adam.second_moment.";
constexpr const char* kAverage = "average.";
constexpr const char* kCounters = "training.counters";  // epoch, epoch_steps, steps, best_epoch
constexpr const char* kSums = "training.sums";          // reconstruction, kl, objective, best_objective
constexpr const char* kSkipped = "training.skipped";    // in all, in a row; with train.skip_norm
constexpr const char* kDataKey = "training.data";
constexpr const char* kPlansKey = "training.products";  // on a GPU

// Settings that may differ between the checkpoint and the resumed training. The data itself is compared, and
// the plans of products are the checkpoint's, tuned or not.
constexpr std::string_view kMayDiffer[] = {"name",      "description",  "data.name",
                                           "data.mask", "train.epochs", "train.tune"};

std::string hexadecimal(std::uint64_t value) {
  char digits[16];
  return {digits, std::to_chars(std::begin(digits), std::end(digits), value, 16).ptr};
}

std::string describe(const DataIdentity& data) {
  return concat(hexadecimal(data.train), " ", hexadecimal(data.validation));
}

void check_recipe(const std::string& where, const Recipe& saved, const Recipe& asked) {
  const bool epochs_fixed = rates_follow_epochs(saved);
  for (const RecipeKey& key : recipe_keys()) {
    if (std::ranges::count(kMayDiffer, key.name) && !(epochs_fixed && key.name == "train.epochs")) continue;
    const std::string before = key.to_toml(saved), now = key.to_toml(asked);
    if (before == now) continue;
    throw ConfigError(concat(where, " was trained with ", key.name, " = ", before, ", but now it is ", now,
                             ".\nResume with the same settings, or train anew into another folder."));
  }
}

void check_position(const std::string& where, const TrainingPosition& p) {
  if (p.epoch < 0 || p.epoch_steps < 0 || p.steps < p.epoch_steps || p.best_epoch < 0 ||
      p.best_epoch > p.epoch) {
    throw DataError(concat(where, ", tensor \"", kCounters,
                           "\": its counters contradict each other. The file is corrupt."));
  }
}

/// Reads the counts of skipped steps, given `steps` in all.
SkippedSteps read_skipped(const io::SafetensorsFile& file, std::int64_t steps) {
  const auto counts = file.integers(kSkipped, {2});
  if (counts[1] < 0 || counts[0] < counts[1] || steps < counts[0]) {
    throw DataError(concat(file.path().string(), ", tensor \"", kSkipped,
                           "\": its counters contradict each other. The file is corrupt."));
  }
  SkippedSteps skipped;
  skipped.total = static_cast<std::uint64_t>(counts[0]);
  skipped.in_a_row = static_cast<std::uint64_t>(counts[1]);
  return skipped;
}

TrainingPosition read_position(const io::SafetensorsFile& file, bool skips) {
  const auto counters = file.integers(kCounters, {4});
  const auto sums = file.doubles(kSums, {4});
  TrainingPosition position{counters[0], counters[1], counters[2], {{sums[0], sums[1], sums[2]}, 0},
                            counters[3], sums[3]};
  check_position(file.path().string(), position);
  if (skips) position.record.skipped = read_skipped(file, position.steps);
  return position;
}

TrainingArrays read_arrays(const io::SafetensorsFile& file, const nn::ParameterLayout& layout, bool average) {
  TrainingArrays arrays;
  arrays.values = read_parameters(file, layout);
  arrays.first_moment = read_parameters(file, layout, kFirstMoment);
  arrays.second_moment = read_parameters(file, layout, kSecondMoment);
  if (average) arrays.average = read_parameters(file, layout, kAverage);
  return arrays;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& file, const ModelState& model, const DataIdentity& data,
                     const TrainingPosition& position, const TrainingArrays& arrays) {
  const std::array<std::int64_t, 4> counters = {position.epoch, position.epoch_steps, position.steps,
                                                position.best_epoch};
  const auto& costs = position.record.sums;
  const std::array<double, 4> sums = {costs[0], costs[1], costs[2], position.best_objective};
  const std::array<std::int64_t, 2> skipped = {static_cast<std::int64_t>(position.record.skipped.total),
                                               static_cast<std::int64_t>(position.record.skipped.in_a_row)};
  const nn::ParameterLayout& layout = model.vae->parameters().layout();
  io::SafetensorsWriter writer;
  write_description(writer, FileKind::checkpoint, {model.recipe, model.vae->config().dims, model.picture});
  writer.text(kDataKey, describe(data));
  if (const StoredPlans plans = stored_plans(model); !plans.plans.empty()) {
    writer.text(kPlansKey, plans.to_text());
  }
  writer.tensor(kCounters, {4}, counters);
  writer.tensor(kSums, {4}, sums);
  if (model.recipe.train.skip_norm > 0.0) writer.tensor(kSkipped, {2}, skipped);
  write_parameters(writer, layout, arrays.values);
  write_parameters(writer, layout, arrays.first_moment, kFirstMoment);
  write_parameters(writer, layout, arrays.second_moment, kSecondMoment);
  if (!arrays.average.empty()) write_parameters(writer, layout, arrays.average, kAverage);
  writer.write(file);
}

Checkpoint read_checkpoint(const std::filesystem::path& path, const ModelState& model,
                           const DataIdentity& data) {
  const io::SafetensorsFile file(path);
  const std::string where = path.string();
  const ModelDescription saved = read_description(file, FileKind::checkpoint);
  check_recipe(where, saved.recipe, model.recipe);
  const std::int64_t dims = model.vae->config().dims;
  if (saved.dims != dims) {
    throw DataError(concat(where, " was trained on rows of ", saved.dims, " values, but the data has ", dims,
                           ". Resume with the same data, or train anew into another folder."));
  }
  if (file.text(kDataKey) != describe(data)) {
    throw DataError(
        concat(where, " was trained on other data than ", model.recipe.data.name,
               " as it is now (its checksum differs).\nResume with the same data, or train anew into "
               "another folder."));
  }
  Checkpoint checkpoint;
  checkpoint.position = read_position(file, model.recipe.train.skip_norm > 0.0);
  checkpoint.arrays = read_arrays(file, model.vae->parameters().layout(), model.recipe.train.ema > 0.0);
  if (file.metadata().contains(kPlansKey)) checkpoint.plans = StoredPlans::from_text(file.text(kPlansKey));
  return checkpoint;
}

TrainingArrays arrays_to_host(ModelState& model) {
  nn::Parameters& parameters = model.vae->parameters();
  TrainingArrays arrays;
  const auto start = [&](std::vector<float>& host, VectorView<const float> device) {
    host.resize(static_cast<std::size_t>(device.size));
    model.context->copy_to_host(host.data(), device.data, sizeof(float) * host.size());
  };
  start(arrays.values, parameters.values());
  start(arrays.first_moment, parameters.first_moment());
  start(arrays.second_moment, parameters.second_moment());
  if (parameters.averages()) start(arrays.average, parameters.average());
  model.context->synchronize();
  return arrays;
}

void arrays_to_device(ModelState& model, const TrainingArrays& arrays) {
  nn::Parameters& parameters = model.vae->parameters();
  const auto upload = [&](VectorView<float> device, const std::vector<float>& host) {
    model.context->copy_to_device(device.data, host.data(), sizeof(float) * host.size());
  };
  parameters.prepare_training();
  if (!arrays.average.empty()) parameters.prepare_average();
  upload(parameters.values(), arrays.values);
  upload(parameters.first_moment(), arrays.first_moment);
  upload(parameters.second_moment(), arrays.second_moment);
  if (!arrays.average.empty()) upload(parameters.average(), arrays.average);
}

}  // namespace elbo
