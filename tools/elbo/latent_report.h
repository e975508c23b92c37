#pragma once
// What the latent dimensions carry, what to do about those that carry nothing, and what each value costs.

#include <optional>
#include <string>
#include <vector>

#include "elbo/elbo.h"
#include "report.h"

namespace elbo::command {

/// Adds "kl_per_dimension", "dead_units" (their numbers, from 0), "collapse" (the collapse report's lines)
/// and, where it is given, "mutual_information", "mutual_information_limit", "aggregate_kl" and
/// "aggregate_examples". Nothing for an autoencoder.
void add_latents(Json& json, const Recipe& recipe, const Evaluation& evaluation,
                 const std::optional<AggregatePosterior>& aggregate = {});

/// The same in words: the KL of each dimension, largest first, and how it divides.
void print_latents(const Recipe& recipe, const Evaluation& evaluation,
                   const std::optional<AggregatePosterior>& aggregate);

/// Adds "reconstruction_per_value".
void add_values(Json& json, const Evaluation& evaluation);

/// The same in words, largest first, by the data's names of its columns. Nothing of pictures, whose pixels no
/// list tells anything of.
void print_values(const Dataset& data, const Evaluation& evaluation);

/// Which latent dimensions are dead, what KL they carry, and what to change: two lines, or none where every
/// dimension is active or the model is an autoencoder.
std::vector<std::string> collapse_report(const Recipe& recipe, const Evaluation& evaluation);

/// The report after an empty line, if there is anything to say.
void print_collapse(const Recipe& recipe, const Evaluation& evaluation);

}  // namespace elbo::command
