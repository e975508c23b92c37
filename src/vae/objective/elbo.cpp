#include <algorithm>
#include <cmath>

#include "vae/objective/objective.h"

namespace elbo {

ops::RowWeight Objective::likelihood_weight(const Batch& batch) const {
  const auto rows = static_cast<float>(batch.step_rows), samples = static_cast<float>(batch.samples());
  return {.scale = 1.0f / (rows * samples), .per_row = {}};
}

double Objective::terms_cost(double reconstruction, double kl) const {
  return reconstruction + settings_.beta * kl;
}

std::int64_t Objective::settled_after(std::int64_t epochs) const {
  double rises = settings_.warmup_epochs;
  if (settings_.cycles > 0) {
    const auto cycles = static_cast<double>(settings_.cycles);
    rises = (cycles - 1.0 + settings_.ramp_fraction) / cycles * static_cast<double>(epochs);
  }
  return static_cast<std::int64_t>(std::ceil(std::max(rises, settings_.capacity_epochs)));
}

std::unique_ptr<Objective> make_elbo(const ModelConfig& config) {
  const ObjectiveSettings& settings = config.objective;
  if (config.infers_label) return make_class_bound(config);
  if (settings.free_bits > 0.0) return make_free_bits(config);
  if (settings.capacity > 0.0) return make_capacity(config);
  if (settings.code_l1 > 0.0 || settings.code_l2 > 0.0) return make_code_penalty(config);
  return std::make_unique<Objective>(settings);
}

}  // namespace elbo
