#pragma once
// The plans of a training's products on a GPU: measured once, kept, and used again when the training is
// resumed. Nothing here matters on the CPU.

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "data/resident.h"
#include "model/state.h"
#include "ops/gemm_tuner.h"
#include "train/step_graphs.h"

namespace elbo {

/// Plans by the names of their products, and their GPU.
struct StoredPlans {
  std::string device;  ///< cuda::fingerprint, and elbo's version
  std::map<std::string, std::string> plans;

  /// JSON. Reading returns nothing if the text is not in this format.
  std::string to_text() const;
  static StoredPlans from_text(const std::string& text);
};

/// The settled plans of a model's products; empty on the CPU.
StoredPlans stored_plans(const ModelState& model);

/// The sources of plans, in this order.
struct PlanSources {
  StoredPlans checkpoint;        ///< plans of the resumed training
  std::filesystem::path folder;  ///< the user's cache; empty: none is read or written
  ops::Stopwatch stopwatch;      ///< measures; empty: plans are predicted from the device's figures

  /// The user's cache and the device's stopwatch; neither if train.tune is false. An emulated GPU has no
  /// stopwatch.
  static PlanSources of(ModelState& model);
};

/// Steps whose products, on a GPU, run by settled plans. The model does not have the plans yet.
struct PlannedSteps {
  std::unique_ptr<ops::GemmChoices> choices;  ///< null on the CPU
  std::unique_ptr<StepGraphs> graphs;

  /// Makes the model's other computations use these plans, too.
  void install_choices(ModelState& model);
};

/// Takes plans from the checkpoint, else from the cache, else by measurement, which it writes to the cache. A
/// cache that is corrupt or cannot be written is ignored. Does not change the model's parameters and plans.
/// Throws DeviceError.
PlannedSteps plan_steps(ModelState& model, const data::ResidentData& data,
                        const data::Preprocessor& preprocessor, const PlanSources& sources);

/// The same, with the plans given to the model.
std::unique_ptr<StepGraphs> make_step_graphs(ModelState& model, const data::ResidentData& data,
                                             const data::Preprocessor& preprocessor,
                                             const PlanSources& sources);

}  // namespace elbo
