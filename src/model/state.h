#pragma once
// The implementation of elbo::Model.

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/out_of_memory.h"
#include "data/resident.h"
#include "elbo/model.h"
#include "vae/vae.h"
#include "ops/gemm_plan.h"

namespace elbo {

struct ModelState {
  Recipe recipe;
  PictureShape picture;
  /// The columns of the training data; empty if it was no table. Set by train(), stored with the model.
  Schema schema;
  /// On a GPU, after training: the plans by which products run. Must outlive the context, which asks it.
  std::unique_ptr<ops::GemmChoices> gemm_choices;
  std::unique_ptr<Context> context;  // declared before the members that use it
  std::unique_ptr<Vae> vae;
  /// Per-dimension mean and deviation of the training data with data.standardize; else empty. Set by train(),
  /// stored with the model.
  std::vector<float> standard_mean;
  std::vector<float> standard_deviation;
  /// The same of the conditions of a model that reads columns; empty before training.
  std::vector<float> condition_mean, condition_deviation;
  /// Held by a call that computes: the context and its workspaces serve one at a time.
  std::mutex in_use;
  bool fresh = true;  ///< its parameters are as drawn: neither trained nor read from a file

  data::Standardization standardization() const {
    return {standard_mean, standard_deviation, condition_mean, condition_deviation};
  }

  /// Converts value j of a decoder's row to the data's own scale.
  float in_own_scale(double value, std::int64_t j) const;
  /// The same for whole rows, in place.
  void to_own_scale(std::span<float> rows) const;

  /// Sets the choices that products ask from now on.
  void set_gemm_choices(std::unique_ptr<ops::GemmChoices> choices);

  /// A new model. Throws ConfigError or DeviceError.
  ModelState(const Recipe& recipe, std::int64_t dims, Device device, PictureShape picture);
};

/// Returns call()'s result. It runs alone on the model; memory errors become elbo's.
template <class Call>
auto exclusively(ModelState& state, const Call& call) {
  const std::scoped_lock lock(state.in_use);
  return with_memory_errors(call);
}

/// How the library's own rooms reach a model's implementation.
struct ModelAccess {
  static ModelState& state(Model& model) { return *model.state_; }
  static const ModelState& state(const Model& model) { return *model.state_; }
};

inline ModelState& state_of(Model& model) {
  return ModelAccess::state(model);
}
inline const ModelState& state_of(const Model& model) {
  return ModelAccess::state(model);
}

}  // namespace elbo
