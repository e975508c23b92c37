#include "recipe/rules.h"

#include <numeric>

#include "base/check.h"
#include "math/likelihoods/list.h"
#include "recipe/conditions.h"
#include "recipe/picture_settings.h"

namespace elbo {
namespace {

void refuse(bool wrong, const char* why) {
  if (wrong) throw ConfigError(why);
}

void check_data(const Recipe& recipe) {
  const DataSettings& data = recipe.data;
  if (data.validation + data.test >= 1.0) {
    throw ConfigError(concat("data.validation and data.test are ", data.validation, " and ", data.test,
                             ", which leaves no example to train on."));
  }
  if (data.standardize && data.binarize != Binarize::none) {
    throw ConfigError(concat("data.standardize and data.binarize = ", recipe.value("data.binarize"),
                             " contradict each other."));
  }
  check_picture_settings(data);
  refuse(!data.codes_of.empty() && (!data.mask.empty() || data.binarize != Binarize::none),
         "data.codes_of makes codes of the data, to which data.mask and data.binarize do not apply; leave "
         "them out.");
  refuse(recipe.model.encode_mask && data.missing == MissingValues::error && data.mask.empty(),
         "model.encode_mask shows the encoder which values are missing, but none may be missing; set "
         "data.missing = "
         "\"mask\" as well, or name a data.mask.");
}

void check_bounds(const std::vector<double>& bounds) {
  // Compares the bounds in fp32, in which they are used.
  refuse(!bounds.empty() &&
             (bounds.size() != 2 || !(static_cast<float>(bounds[0]) < static_cast<float>(bounds[1]))),
         "model.log_variance_bounds has two numbers, the lower one first, or none: as [-6, 2].");
}

/// A bound that a value lies at has no gradient: it would stay there.
void check_prior_bounds(const ModelSettings& model) {
  const auto& bounds = model.log_variance_bounds;
  refuse(model.prior == "conditional" && bounds.size() == 2 && !(bounds[0] < 0.0 && 0.0 < bounds[1]),
         "the log-variance of model.prior = \"conditional\" begins at 0: model.log_variance_bounds must lie "
         "on both "
         "sides of it, as [-6, 2].");
}

void check_likelihood(const Recipe& recipe) {
  const auto likelihood = likelihood_named(recipe.model.likelihood);
  const DataSettings& data = recipe.data;
  if (!likelihood) return;
  const Support support = likelihood_support(*likelihood);
  if (data.standardize && (support == Support::unit_interval || support == Support::unit_mean)) {
    throw ConfigError(concat("data.standardize moves values out of [0, 1], where model.likelihood = \"",
                             recipe.model.likelihood,
                             "\" needs them; take a gaussian, or no standardizing."));
  }
  if (support != Support::classes && support != Support::counts) return;
  const std::string_view values = support == Support::classes ? "the numbers of classes" : "counts";
  const struct {
    bool set;
    const char* key;
  } changes[] = {{data.standardize, "data.standardize"},
                 {data.binarize != Binarize::none, "data.binarize"},
                 {recipe.objective.corruption != "none", "objective.corruption"}};
  for (const auto& [set, key] : changes) {
    if (!set) continue;
    throw ConfigError(concat(key, " computes with values, but those of model.likelihood = \"",
                             recipe.model.likelihood, "\" are ", values, "; leave it out."));
  }
}

/// Values of a table's columns are of different kinds.
void check_mixed(const Recipe& recipe) {
  if (recipe.model.likelihood != "mixed") return;
  refuse(recipe.data.binarize != Binarize::none,
         "data.binarize takes values in [0, 1], but model.likelihood = \"mixed\" takes each column as it is; "
         "leave it out.");
  refuse(
      recipe.objective.corruption != "none",
      "objective.corruption computes with values, but model.likelihood = \"mixed\" takes classes and counts "
      "too; leave it out.");
}

void check_objective(const ObjectiveSettings& o) {
  refuse(o.free_bits > 0.0 && o.capacity > 0.0,
         "objective.free_bits and objective.capacity both say what the KL costs: use one.");
  refuse(o.warmup_epochs > 0.0 && o.cycles > 0,
         "objective.warmup_epochs and objective.cycles both say how the KL's weight rises: use one.");
  refuse(o.corruption != "none" && o.corruption_amount == 0.0,
         "objective.corruption needs an objective.corruption_amount: a standard deviation (gaussian) or the "
         "fraction of values that masking drops.");
  refuse(o.corruption == "masking" && o.corruption_amount >= 1.0,
         "objective.corruption_amount is a fraction below 1 for objective.corruption = \"masking\".");
}

void check_labelled_rows(const TrainSettings& train) {
  if (train.labelled_rows == 0 || train.labelled_rows < train.batch) return;
  throw ConfigError(concat("train.labelled_rows is ", train.labelled_rows,
                           ", which leaves no row of a train.batch of ", train.batch, " to other examples."));
}

void check_stages(const TrainSettings& train) {
  if (train.stage_epochs.empty() || train.stage_epochs.size() != train.stage_rates.size()) {
    throw ConfigError(
        concat("train.stage_epochs has ", train.stage_epochs.size(), " stages and train.stage_rates ",
               train.stage_rates.size(),
               ": train.schedule = \"staged\" needs a length and a rate for each, at least one."));
  }
  const auto stages = std::accumulate(train.stage_epochs.begin(), train.stage_epochs.end(), 0.0);
  if (static_cast<double>(train.epochs) > stages) {
    throw ConfigError(concat("train.epochs is ", train.epochs,
                             ", but the stages of train.stage_epochs end after ", stages,
                             ": lengthen a stage, or train for fewer epochs."));
  }
}

void check_schedule(const TrainSettings& train) {
  if (train.schedule == "staged") check_stages(train);
  if (train.schedule == "cosine" && train.final_learning_rate > train.learning_rate) {
    throw ConfigError(concat("train.final_learning_rate is ", train.final_learning_rate,
                             ", above train.learning_rate, which is ", train.learning_rate, "."));
  }
}

void check_gradient(const TrainSettings& train) {
  if (train.normalize_gradient && train.clip_norm > 0.0) {
    throw ConfigError(concat("train.clip_norm is ", train.clip_norm,
                             ", but with train.normalize_gradient the gradient of each tensor has the norm 1 "
                             "whatever it was: use one."));
  }
  if (train.skip_norm > 0.0 && train.skip_norm < 1e-30) {
    throw ConfigError(
        concat("train.skip_norm is ", train.skip_norm, ", which fp32 takes for 0; 0 skips none."));
  }
  if (train.skip_norm > 0.0 && train.clip_norm >= train.skip_norm) {
    throw ConfigError(concat("train.clip_norm is ", train.clip_norm, ", but steps whose norm is above ",
                             "train.skip_norm, which is ", train.skip_norm,
                             ", are skipped before: nothing would be clipped. Lower train.clip_norm."));
  }
}

}  // namespace

void check_rules(const Recipe& recipe) {
  check_schedule(recipe.train);
  check_gradient(recipe.train);
  check_labelled_rows(recipe.train);
  check_data(recipe);
  check_bounds(recipe.model.log_variance_bounds);
  check_prior_bounds(recipe.model);
  check_condition(recipe);
  check_likelihood(recipe);
  check_mixed(recipe);
  check_objective(recipe.objective);
}

}  // namespace elbo
