#include "train/memory.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/memory.h"
#include "base/out_of_memory.h"
#include "evaluation/importance.h"
#include "ops/cpu_rounding.h"
#include "ops/linear_likelihood.h"
#include "train/step_sizes.h"
#include "vae/workspace.h"

namespace elbo {
namespace {

std::size_t bytes_of(std::int64_t count, std::size_t size) {
  return static_cast<std::size_t>(count) * size;
}

std::size_t size_of(const Examples& examples) {
  const CsrRows& sparse = examples.sparse;
  return examples.bytes.size() + (examples.floats.size() + sparse.values.size()) * sizeof(float) +
         sparse.columns.size() * sizeof(std::int32_t) + sparse.starts.size() * sizeof(std::int64_t);
}

/// What decides how much memory a training needs.
struct Needs {
  const VaeParts& parts;
  bool missing = false;  ///< batches have a mask
  const Recipe& recipe;
  const Dataset& data;
  Device device;
  bool writes_files = true;

  const nn::ParameterLayout& layout() const { return parts.layout; }
  bool averages() const { return recipe.train.ema > 0.0; }
  std::int64_t examples() const {
    const std::int64_t limit = recipe.data.limit, count = data.train.count;
    return limit > 0 ? std::min(limit, count) : count;
  }
  std::int64_t validation() const {
    if (!data.validation.empty()) return data.validation.count;
    return std::llround(recipe.data.validation * static_cast<double>(data.train.count));
  }
  /// Whether train() copies the data to divide or to limit it.
  bool divides() const {
    return examples() < data.train.count || (recipe.data.validation > 0.0 && data.validation.empty()) ||
           (recipe.data.test > 0.0 && data.test.empty());
  }
};

std::size_t parameter_bytes(const Needs& needs) {
  const int arrays = needs.averages() ? 5 : 4;  // values, gradient, two moments, average
  return bytes_of(arrays * needs.layout().size, sizeof(float)) +
         needs.layout().constants.size() * sizeof(std::int32_t);
}

std::size_t activation_bytes(const Needs& needs) {
  const StepSizes sizes(needs.recipe.train, needs.examples());
  const WorkspaceSize step = workspace_size(needs.parts, needs.missing, sizes.batch,
                                            needs.recipe.objective.samples, Purpose::training);
  if (needs.device.is_cuda()) return step.bytes + step.batch_bytes;  // the next step's batch
  const Precision precision = needs.recipe.train.precision.value_or(default_training_precision(needs.device));
  return step.bytes + ops::cpu::operand_bytes(precision, std::max(step.largest, needs.layout().largest()));
}

std::size_t evaluation_bytes(const Needs& needs) {
  const std::int64_t rows = bound_rows(needs.parts, needs.device, std::numeric_limits<std::int64_t>::max());
  const std::int64_t examples = std::max(needs.validation(), needs.examples());
  const auto bytes = [&](std::int64_t of_batch, std::int64_t samples) {
    return workspace_size(needs.parts, needs.missing, std::min(of_batch, examples), samples, Purpose::bound)
        .bytes;
  };
  const std::int64_t samples = needs.parts.objective->bound_samples();
  if (samples == 0) return bytes(rows, 1);
  const ImportanceBatch batch = importance_batch(rows, samples);
  return bytes(rows, 1) + bytes(batch.rows, batch.samples);
}

std::size_t data_bytes(const Needs& needs) {
  const std::int64_t all = needs.data.train.count, trained = needs.examples();
  const std::size_t stored = size_of(needs.data.train);
  const double share = all > 0 ? static_cast<double>(trained) / static_cast<double>(all) : 0.0;
  const auto resident = static_cast<std::size_t>(share * static_cast<double>(stored));
  const std::int64_t rows = StepSizes(needs.recipe.train, trained).examples;
  std::size_t orders = bytes_of(2 * rows + needs.validation(), sizeof(std::int64_t));
  if (needs.recipe.data.standardize) orders += bytes_of(trained + needs.validation(), sizeof(double));
  const std::size_t validation = needs.device.is_cuda() ? size_of(needs.data.validation) : 0;
  return resident + validation + orders + (needs.divides() ? stored : 0);
}

std::size_t copied_bytes(const Needs& needs) {
  const std::int64_t size = needs.layout().size;
  const bool keeps_best = needs.validation() > 0 && (needs.writes_files || needs.recipe.train.patience > 0);
  if (!needs.writes_files) return bytes_of(keeps_best ? 2 * size : size, sizeof(float));
  std::int64_t filters = 0;  // files have them in another order
  for (const nn::TensorInfo& tensor : needs.layout().tensors) {
    if (tensor.filter.height > 0) filters += tensor.size();
  }
  const int arrays = needs.averages() ? 4 : 3;
  return bytes_of(arrays * (size + filters) + (keeps_best ? size : 0), sizeof(float));
}

TrainingMemory memory_of(const Needs& needs) {
  return {.parameters = parameter_bytes(needs),
          .activations = activation_bytes(needs),
          .evaluation = evaluation_bytes(needs),
          .data = data_bytes(needs),
          .copies = copied_bytes(needs)};
}

/// What the model has of it already.
std::size_t held_bytes(nn::Parameters& parameters) {
  return bytes_of(parameters.values().size + parameters.gradient().size + parameters.first_moment().size +
                      parameters.second_moment().size + parameters.average().size,
                  sizeof(float));
}

void require(const TrainingMemory& memory, Device device, std::size_t held) {
  if (device.is_cuda()) return require_memory(memory.copies, "copying the parameters for their files");
  const std::size_t total = memory.total();
  require_memory(total > held ? total - held : 0,
                 concat("the training (parameters ", in_bytes(memory.parameters), ", activations ",
                        in_bytes(memory.activations), ", evaluation ", in_bytes(memory.evaluation), ", data ",
                        in_bytes(memory.data), ", copies of parameters ", in_bytes(memory.copies), ")"));
}

}  // namespace

TrainingMemory training_memory(const Recipe& recipe, const Dataset& data, Device device) {
  return with_memory_errors([&] {
    if (data.train.empty()) throw DataError(concat("the data ", data.name, " has no examples to train on."));
    recipe.validate();
    const ModelConfig config = resolve(recipe, data.dims(), data.picture);
    const VaeParts parts(config, ops::nll_parts(device, data.dims()));
    return memory_of({parts, config.missing, recipe, data, device});
  });
}

void check_memory(const Recipe& recipe, const Dataset& data, Device device) {
  require(training_memory(recipe, data, device), device, 0);
}

void require_training_memory(const ModelState& model, const Dataset& data, const TrainOptions& options) {
  const Device device = model.context->device();
  const Vae& vae = *model.vae;
  const Needs needs = {vae.parts(), vae.config().missing,   model.recipe, data,
                       device,      !options.folder.empty()};
  require(memory_of(needs), device, held_bytes(model.vae->parameters()));
}

}  // namespace elbo
