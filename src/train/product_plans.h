#pragma once
// The plans of a training's products on a GPU: measured once, kept, and the same again when the training is
// resumed. Nothing here matters on the CPU.

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "data/resident.h"
#include "model/state.h"
#include "ops/product_tuner.h"
#include "train/step_graphs.h"

namespace elbo {

/// Plans by the names of their products, and the GPU that they are for.
struct StoredPlans {
  std::string device;  ///< cuda::fingerprint, and elbo's version
  std::map<std::string, std::string> plans;

  /// JSON. Reading gives nothing if the text is not what this writes.
  std::string to_text() const;
  static StoredPlans from_text(const std::string& text);
};

/// The settled plans of a model's products; empty on the CPU.
StoredPlans stored_plans(const Model::State& model);

/// Where plans come from, in this order.
struct PlanSources {
  StoredPlans checkpoint;        ///< of the training that is resumed
  std::filesystem::path folder;  ///< of the user's cache; empty: none is read or written
  ops::Stopwatch stopwatch;      ///< measures; empty: what the device's figures predict is taken

  /// The user's cache and the device's time; neither where train.tune is false. An emulated GPU has no time.
  static PlanSources of(Model::State& model);
};

/// Steps whose products, on a GPU, run by settled plans, which are not the model's yet.
struct PlannedSteps {
  std::unique_ptr<ops::ProductChoices> choices;  ///< null on the CPU
  std::unique_ptr<StepGraphs> graphs;

  /// Lets whatever else the model computes run by these plans, too.
  void install_choices(Model::State& model);
};

/// Plans are those of the checkpoint, else of the cache, else measured and written there. A cache that is
/// corrupt or cannot be written is done without. Leaves the model's parameters and plans as they are. Throws
/// DeviceError.
PlannedSteps plan_steps(Model::State& model, const data::ResidentData& data,
                        const data::Preprocessor& preprocessor, const PlanSources& sources);

/// The same, with the plans given to the model.
std::unique_ptr<StepGraphs> make_step_graphs(Model::State& model, const data::ResidentData& data,
                                             const data::Preprocessor& preprocessor,
                                             const PlanSources& sources);

}  // namespace elbo
