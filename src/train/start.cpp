#include "train/start.h"

#include <utility>

#include "base/check.h"
#include "model/conditions.h"
#include "model/model_file.h"
#include "recipe/conditions.h"
#include "train/input_mean.h"
#include "train/output_bias.h"
#include "train/step_sizes.h"
#include "elbo/train.h"

namespace elbo {
namespace {

DataIdentity identity_of(const Dataset& data, bool labels_read) {
  DataIdentity identity;
  identity.train = data::fingerprint(data.train, labels_read);
  if (!data.validation.empty()) identity.validation = data::fingerprint(data.validation, labels_read);
  return identity;
}

void check_counters(const std::filesystem::path& file, const TrainingPosition& position,
                    std::int64_t steps_per_epoch) {
  if (position.epoch_steps >= steps_per_epoch ||
      position.steps != position.epoch * steps_per_epoch + position.epoch_steps) {
    throw DataError(concat(file.string(), ": its counters do not fit epochs of ", steps_per_epoch,
                           " steps. The file is corrupt."));
  }
}

void read_run(const ModelState& model, const Dataset& data, const RunFolder& folder, TrainingStart& start) {
  Checkpoint checkpoint = read_checkpoint(folder.checkpoint(), model, start.identity);
  const StepSizes sizes(model.recipe.train, data.train.count);
  check_counters(folder.checkpoint(), checkpoint.position, sizes.steps_per_epoch());
  if (model.recipe.train.patience > 0 && checkpoint.position.best_epoch > 0) {
    start.best = read_parameters(io::SafetensorsFile(folder.best_model()), model.vae->parameters().layout());
  }
  start.checkpoint = std::move(checkpoint);
}

/// Sets the initial parameters of a new model that depend on the data.
void start_from_data(const ModelState& model, const Examples& train, TrainingStart& start) {
  if (model.recipe.model.output_bias == OutputBias::data) start.output_bias = output_bias_of(model, train);
  const Prior* prior = model.vae->prior();
  if (!prior || !prior->starts_from_data()) return;
  start.values = prior->start_values(model.vae->run(), input_mean(model, start.statistics, train));
}

void set_values(ModelState& model, const StartValues& start) {
  nn::Parameters& parameters = model.vae->parameters();
  model.context->copy_to_device(parameters.vector(start.parameter, parameters.values()).data,
                                start.values.data(), sizeof(float) * start.values.size());
}

void restart_optimizer(ModelState& model) {
  nn::Parameters& parameters = model.vae->parameters();
  parameters.restart_average();
  for (const VectorView<float> moment : {parameters.first_moment(), parameters.second_moment()}) {
    model.context->fill_zero(moment.data, sizeof(float) * static_cast<std::size_t>(moment.size));
  }
}

}  // namespace

namespace {

data::Standardization value_statistics(const ModelState& model, const Examples& train) {
  if (!model.recipe.data.standardize) return model.standardization();
  data::Standardization statistics = data::standardization(train);
  for (std::size_t j = 0; j < statistics.mean.size(); ++j) {
    if (model.vae->likelihood().standardizes(static_cast<std::int64_t>(j))) continue;
    statistics.mean[j] = 0.0f;
    statistics.deviation[j] = 1.0f;
  }
  return statistics;
}

}  // namespace

data::Standardization training_statistics(const ModelState& model, const Examples& train) {
  data::Standardization statistics = value_statistics(model, train);
  add_condition_statistics(model, train, statistics);
  return statistics;
}

TrainingStart read_start(const Model& model, const Dataset& data, const TrainOptions& options,
                         RunFolder* folder) {
  const ModelState& state = state_of(model);
  state.recipe.validate();
  check_trainable(model, data);
  if (options.resume && !folder) throw ConfigError("resuming a training needs the folder of its run.");
  TrainingStart start;
  start.statistics = training_statistics(state, data.train);
  start.schema = data.schema;
  start.identity = identity_of(data, reads_label(state.recipe.model));
  if (options.resume && folder->claim_checkpoint()) {
    read_run(state, data, *folder, start);
  } else if (state.fresh) {
    start_from_data(state, data.train, start);
  }
  return start;
}

void install_start(ModelState& model, TrainingStart& start) {
  model.schema = std::move(start.schema);
  model.standard_mean = std::move(start.statistics.mean);
  model.standard_deviation = std::move(start.statistics.deviation);
  model.condition_mean = std::move(start.statistics.condition_mean);
  model.condition_deviation = std::move(start.statistics.condition_deviation);
  if (start.checkpoint) {
    arrays_to_device(model, std::exchange(start.checkpoint->arrays, {}));
  } else {
    if (!start.output_bias.empty()) set_output_bias(model, start.output_bias);
    for (const StartValues& values : start.values) set_values(model, values);
    restart_optimizer(model);
  }
  model.fresh = false;
}

}  // namespace elbo
