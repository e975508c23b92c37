#include "train/checkpoint.h"

#include <algorithm>
#include <array>
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
constexpr const char* kSums = "training.sums";          // reconstruction, kl, objective, best_loss
constexpr const char* kDataKey = "training.data";
constexpr const char* kPlansKey = "training.products";  // on a GPU

// Settings that may change from the checkpoint to the training that goes on. The data itself is compared, and
// the plans of products are the checkpoint's, tuned or not.
constexpr std::string_view kMayDiffer[] = {"name",      "description",  "data.name",
                                           "data.mask", "train.epochs", "train.tune"};

std::string describe(const DataIdentity& data) {
  return concat(std::hex, data.train, " ", data.validation);
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

void upload(Context& context, VectorView<float> to, const std::vector<float>& from) {
  context.copy_to_device(to.data, from.data(), sizeof(float) * from.size());
}

}  // namespace

void save_checkpoint(const std::filesystem::path& file, const Model::State& model, const DataIdentity& data,
                     const TrainingPosition& position, const TrainingArrays& arrays) {
  const std::array<std::int64_t, 4> counters = {position.epoch, position.epoch_steps, position.steps,
                                                position.best_epoch};
  const auto& costs = position.record.sums;
  const std::array<double, 4> sums = {costs[0], costs[1], costs[2], position.best_loss};
  const nn::ParameterLayout& layout = model.vae->parameters().layout();
  io::SafetensorsWriter writer;
  write_description(writer, FileKind::checkpoint, {model.recipe, model.vae->config().dims, model.picture});
  writer.text(kDataKey, describe(data));
  if (const StoredPlans plans = stored_plans(model); !plans.plans.empty()) {
    writer.text(kPlansKey, plans.to_text());
  }
  writer.tensor(kCounters, {4}, counters);
  writer.tensor(kSums, {4}, sums);
  write_parameters(writer, layout, arrays.values);
  write_parameters(writer, layout, arrays.first_moment, kFirstMoment);
  write_parameters(writer, layout, arrays.second_moment, kSecondMoment);
  if (!arrays.average.empty()) write_parameters(writer, layout, arrays.average, kAverage);
  writer.write(file);
}

TrainingPosition load_checkpoint(const std::filesystem::path& path, Model::State& model,
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
  const auto counters = file.integers(kCounters, {4});
  const auto sums = file.doubles(kSums, {4});
  TrainingPosition position{counters[0], counters[1], counters[2], {{sums[0], sums[1], sums[2]}, 0},
                            counters[3], sums[3]};
  check_position(where, position);

  nn::Parameters& parameters = model.vae->parameters();
  const auto values = read_parameters(file, parameters.layout());
  const auto first = read_parameters(file, parameters.layout(), kFirstMoment);
  const auto second = read_parameters(file, parameters.layout(), kSecondMoment);
  parameters.prepare_training();
  upload(*model.context, parameters.values(), values);
  upload(*model.context, parameters.first_moment(), first);
  upload(*model.context, parameters.second_moment(), second);
  if (model.recipe.train.ema > 0.0) {
    const auto average = read_parameters(file, parameters.layout(), kAverage);
    parameters.prepare_average();
    upload(*model.context, parameters.average(), average);
  }
  return position;
}

StoredPlans checkpoint_plans(const std::filesystem::path& path) {
  try {
    const io::SafetensorsFile file(path);
    return file.metadata().contains(kPlansKey) ? StoredPlans::from_text(file.text(kPlansKey)) : StoredPlans();
  } catch (const Error&) {
    return {};
  }
}

TrainingArrays download_arrays(Model::State& model) {
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

}  // namespace elbo
