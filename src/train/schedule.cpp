#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/check.h"
#include "recipe/choices.h"

namespace elbo {
namespace {

/// An optimizer step, counted from 1.
struct Moment {
  const TrainSettings& settings;
  std::int64_t steps_per_epoch;
  std::int64_t step;

  double epoch() const { return static_cast<double>(steps_per_epoch); }
  double t() const { return static_cast<double>(step); }
  double warmup() const { return settings.warmup_epochs * epoch(); }
};

double constant_rate(const Moment& at) {
  return at.settings.learning_rate;
}

double step_rate(const Moment& at) {
  // Corrects for rounding, as a fraction of an epoch may be a whole number of steps.
  const double decays = std::floor((at.t() - 1.0) / (at.settings.decay_epochs * at.epoch()) * (1.0 + 1e-12));
  return at.settings.learning_rate * std::pow(at.settings.decay_factor, decays);
}

double cosine_rate(const Moment& at) {
  const double rate = at.settings.learning_rate, final_rate = at.settings.final_learning_rate;
  const double from = std::max(at.warmup(), 1.0), last = static_cast<double>(at.settings.epochs) * at.epoch();
  const double progress = last > from ? std::clamp((at.t() - from) / (last - from), 0.0, 1.0) : 0.0;
  const double share = 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
  return final_rate + (rate - final_rate) * share;
}

double staged_rate(const Moment& at) {
  const TrainSettings& settings = at.settings;
  const std::int64_t epochs_done = (at.step - 1) / at.steps_per_epoch;
  std::size_t stage = 0;
  for (std::int64_t end = settings.stage_epochs[0];
       epochs_done >= end && stage + 1 < settings.stage_rates.size();) {
    end += settings.stage_epochs[++stage];
  }
  return settings.stage_rates[stage];
}

constexpr std::string_view kOfConstant[] = {"train.learning_rate"};
constexpr std::string_view kOfStep[] = {"train.learning_rate", "train.decay_epochs", "train.decay_factor"};
constexpr std::string_view kOfCosine[] = {"train.learning_rate", "train.final_learning_rate"};
constexpr std::string_view kOfStaged[] = {"train.stage_epochs", "train.stage_rates"};

struct Schedule : Choice {
  double (*rate)(const Moment&);  ///< before the warmup
  bool knows_the_end = false;     ///< its rates depend on the training's number of epochs
};

constexpr Schedule kSchedules[] = {{{"constant", kOfConstant}, constant_rate},
                                   {{"step", kOfStep}, step_rate},
                                   {{"cosine", kOfCosine}, cosine_rate, true},
                                   {{"staged", kOfStaged}, staged_rate}};

/// Checks settings that did not pass through Recipe::validate(), which has the helpful message.
const Schedule& schedule_of(const TrainSettings& settings) {
  if (const Schedule* schedule = find_row(kSchedules, settings.schedule)) return *schedule;
  throw ConfigError(concat("train.schedule = \"", settings.schedule, "\" is not known"));
}

/// min(1, step / steps).
double risen(double step, double steps) {
  return step < steps ? step / steps : 1.0;
}

}  // namespace

std::span<const Choice> schedule_choices() {
  static const auto choices = choices_of(kSchedules);
  return choices;
}

double learning_rate(const TrainSettings& settings, std::int64_t steps_per_epoch, std::int64_t step) {
  const Moment at{settings, steps_per_epoch, step};
  return schedule_of(settings).rate(at) * risen(at.t(), at.warmup());
}

double kl_weight(const Recipe& recipe, std::int64_t steps_per_epoch, std::int64_t step) {
  const ObjectiveSettings& settings = recipe.objective;
  const auto epoch = static_cast<double>(steps_per_epoch), t = static_cast<double>(step);
  if (settings.cycles > 0) {
    // Computed from whole numbers, so that a cycle begins at exactly 0.
    const double steps = static_cast<double>(recipe.train.epochs) * epoch;
    const double over = std::fmod((t - 1.0) * static_cast<double>(settings.cycles), steps) / steps;
    return settings.beta * std::min(1.0, over / settings.ramp_fraction);
  }
  return settings.beta * risen(t, settings.warmup_epochs * epoch);
}

double kl_capacity(const ObjectiveSettings& settings, std::int64_t steps_per_epoch, std::int64_t step) {
  return settings.capacity *
         risen(static_cast<double>(step), settings.capacity_epochs * static_cast<double>(steps_per_epoch));
}

bool rates_follow_epochs(const Recipe& recipe) {
  return schedule_of(recipe.train).knows_the_end || recipe.objective.cycles > 0;
}

bool may_train_longer(const Recipe& recipe) {
  const TrainSettings& train = recipe.train;
  const auto& stages = train.stage_epochs;
  const bool in_stages = train.schedule != "staged" ||
                         std::accumulate(stages.begin(), stages.end(), std::int64_t{0}) > train.epochs;
  return in_stages && !rates_follow_epochs(recipe);
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
