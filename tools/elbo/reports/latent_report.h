#pragma once
// Reports the information in the latent dimensions, and advises about dead ones.

#include <optional>
#include <string>
#include <vector>

#include "elbo/elbo.h"
#include "reports/report.h"

namespace elbo::command {

/// Adds "kl_per_dimension", "dead_units" (their numbers, from 0), "collapse" (the collapse report's lines)
/// and, if given, "mutual_information", "mutual_information_error", "mutual_information_limit",
/// "aggregate_kl" and "aggregate_examples". Adds nothing for an autoencoder.
void add_latents(Json& json, const Recipe& recipe, const Evaluation& evaluation,
                 const std::optional<AggregatePosterior>& aggregate = {});

/// The same in words: the KL of each dimension, largest first, and how it divides.
void print_latents(const Recipe& recipe, const Evaluation& evaluation,
                   const std::optional<AggregatePosterior>& aggregate);

/// The dead latent dimensions, their KL, and what to change: two lines, or none if every dimension is active
/// or the model is an autoencoder.
std::vector<std::string> collapse_report(const Recipe& recipe, const Evaluation& evaluation);

/// The report after an empty line, if there is anything to say.
void print_collapse(const Recipe& recipe, const Evaluation& evaluation);

}  // namespace elbo::command
