#pragma once
// The rates of every step of an epoch, computed on the host in double precision, so that they are the same on
// every device. The device has them as a table, like the epoch's order of examples.

#include <cstdint>
#include <vector>

#include "elbo/recipe.h"
#include "math/step_state.h"

namespace elbo {

/// The learning rate of optimizer step t, from 1, of a training with S steps per epoch: min(1, t / W) · r(t),
/// W = warmup_epochs · S, with r(t) by `schedule`:
///   constant: learning_rate;
///   step: learning_rate · decay_factor^⌊(t − 1) / (decay_epochs · S)⌋;
///   cosine (Loshchilov & Hutter 2017, eq. 5, one period): final + (learning_rate − final)·½(1 + cos πp),
///   with
///     p = (t − s) / (epochs · S − s) from s = max(W, 1) on, 0 before;
/// staged: the rate of the stage that contains the step's epoch; after all stages, the last stage's rate.
double learning_rate(const TrainSettings& settings, std::int64_t steps_per_epoch, std::int64_t step);

/// The KL's weight at optimizer step t: β · min(1, t / W) with W = warmup_epochs · S; with cycles, β · min(1,
/// τ / ramp_fraction) with τ, from 0 to 1, the elapsed fraction of its cycle (Fu et al. 2019, eq. 6 and 7).
double kl_weight(const Recipe& recipe, std::int64_t steps_per_epoch, std::int64_t step);
/// The KL's capacity at optimizer step t: capacity · min(1, t / (capacity_epochs · S)).
double kl_capacity(const ObjectiveSettings& settings, std::int64_t steps_per_epoch, std::int64_t step);

/// Whether a step's rates depend on the training's number of epochs, as with cosine and with cycles of the
/// KL's weight.
bool rates_follow_epochs(const Recipe& recipe);

/// The rates of the steps of an epoch, from 1.
std::vector<StepRates> epoch_rates(const Recipe& recipe, std::int64_t steps_per_epoch, std::int64_t epoch);

}  // namespace elbo
