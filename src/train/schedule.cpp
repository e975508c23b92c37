#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace elbo {
namespace {

double stage_rate(const TrainSettings& settings, std::int64_t epochs_done) {
  std::size_t stage = 0;
  for (std::int64_t end = settings.stage_epochs[0];
       epochs_done >= end && stage + 1 < settings.stage_rates.size();) {
    end += settings.stage_epochs[++stage];
  }
  return settings.stage_rates[stage];
}

/// min(1, step / steps).
double risen(double step, double steps) {
  return step < steps ? step / steps : 1.0;
}

}  // namespace

double learning_rate(const TrainSettings& settings, std::int64_t steps_per_epoch, std::int64_t step) {
  const auto epoch = static_cast<double>(steps_per_epoch), t = static_cast<double>(step);
  const double warmup = settings.warmup_epochs * epoch;
  double rate = settings.learning_rate;
  if (settings.schedule == "step") {
    // A fraction of an epoch may be a whole number of steps but for rounding.
    const double decays = std::floor((t - 1.0) / (settings.decay_epochs * epoch) * (1.0 + 1e-12));
    rate *= std::pow(settings.decay_factor, decays);
  } else if (settings.schedule == "cosine") {
    const double from = std::max(warmup, 1.0), last = static_cast<double>(settings.epochs) * epoch;
    const double progress = last > from ? std::clamp((t - from) / (last - from), 0.0, 1.0) : 0.0;
    const double share = 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
    rate = settings.final_learning_rate + (rate - settings.final_learning_rate) * share;
  } else if (settings.schedule == "staged") {
    rate = stage_rate(settings, (step - 1) / steps_per_epoch);
  }
  return rate * risen(t, warmup);
}

double kl_weight(const Recipe& recipe, std::int64_t steps_per_epoch, std::int64_t step) {
  const ObjectiveSettings& settings = recipe.objective;
  const auto epoch = static_cast<double>(steps_per_epoch), t = static_cast<double>(step);
  if (settings.cycles > 0) {
    // Of whole numbers, so that a cycle begins at 0 however many steps it has.
    const double steps = static_cast<double>(recipe.train.epochs) * epoch;
    const double over = std::fmod((t - 1.0) * static_cast<double>(settings.cycles), steps) / steps;
    return settings.beta * std::min(1.0, over / settings.rising_share);
  }
  return settings.beta * risen(t, settings.warmup_epochs * epoch);
}

double kl_capacity(const ObjectiveSettings& settings, std::int64_t steps_per_epoch, std::int64_t step) {
  return settings.capacity *
         risen(static_cast<double>(step), settings.capacity_epochs * static_cast<double>(steps_per_epoch));
}

bool rates_follow_epochs(const Recipe& recipe) {
  return recipe.train.schedule == "cosine" || recipe.objective.cycles > 0;
}

std::vector<StepRates> epoch_rates(const Recipe& recipe, std::int64_t steps_per_epoch, std::int64_t epoch) {
  std::vector<StepRates> rates(static_cast<std::size_t>(steps_per_epoch));
  std::int64_t step = (epoch - 1) * steps_per_epoch;
  for (StepRates& at : rates) {
    at.learning_rate = static_cast<float>(learning_rate(recipe.train, steps_per_epoch, ++step));
    at.kl_weight = static_cast<float>(kl_weight(recipe, steps_per_epoch, step));
    at.capacity = static_cast<float>(kl_capacity(recipe.objective, steps_per_epoch, step));
  }
  return rates;
}

}  // namespace elbo
