#include "reports/latent_report.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <utility>

#include "base/check.h"
#include "reports/column_table.h"
#include "elbo/traits.h"
#include "reports/width.h"

namespace elbo::command {
namespace {

bool has_latents(const Recipe& recipe, const Evaluation& evaluation) {
  return traits_of(recipe).has_prior && !evaluation.units.empty();
}

std::vector<std::size_t> dead_units(const Evaluation& evaluation) {
  std::vector<std::size_t> dead;
  for (std::size_t d = 0; d < evaluation.units.size(); ++d) {
    if (!evaluation.units[d].active()) dead.push_back(d);
  }
  return dead;
}

// The upper limit of the mutual information's estimate, log n.
double information_limit(const AggregatePosterior& aggregate) {
  return std::log(static_cast<double>(aggregate.examples));
}

// "z0 z3 z4", at most a dozen.
std::string names_of(const std::vector<std::size_t>& units) {
  constexpr std::size_t kMax = 12;
  std::string names;
  for (std::size_t i = 0; i < std::min(kMax, units.size()); ++i) {
    names += concat(i ? " z" : "z", units[i]);
  }
  if (units.size() > kMax) names += concat(" and ", units.size() - kMax, " more");
  return names;
}

std::string plain(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", number);
  return text;
}

// Ways to make the model use its latent space more: changes that the recipe allows and has not made yet.
std::string how_to_use_more(const Recipe& recipe) {
  const ObjectiveSettings& o = recipe.objective;
  const bool rises = o.warmup_epochs > 0.0 || o.cycles > 0, bound = traits_of(recipe).bound_samples > 0;
  std::vector<std::string> ways;
  if (o.beta > 0.0) ways.push_back(concat("lower objective.beta (now ", plain(o.beta), ")"));
  if (o.capacity > 0.0) ways.push_back(concat("raise objective.capacity (now ", plain(o.capacity), ")"));
  if (!rises && o.beta > 0.0) ways.emplace_back("set objective.warmup_epochs");
  if (o.free_bits > 0.0) ways.push_back(concat("raise objective.free_bits (now ", plain(o.free_bits), ")"));
  if (o.free_bits == 0.0 && o.capacity == 0.0 && !bound && !traits_of(recipe).infers_label) {
    ways.emplace_back(traits_of(recipe).has_unit_kl ? "set objective.free_bits" : "set objective.capacity");
  }
  if (bound) ways.push_back(concat("raise objective.samples (now ", o.samples, ")"));
  std::string text;
  for (std::size_t i = 0; i < ways.size(); ++i) {
    text += concat(i == 0 ? "" : i + 1 == ways.size() ? " or " : ", ", ways[i]);
  }
  return text;
}

/// The dead dimensions' part of the KL, if it has parts.
std::string carried_in_words(double carried, const Recipe& recipe, const Evaluation& evaluation) {
  if (!traits_of(recipe).has_unit_kl) return "the posterior means there hardly move with x.";
  return concat(fixed(carried), " of ", fixed(evaluation.terms.kl), " nats of KL.");
}

void print_aggregate(const AggregatePosterior& aggregate) {
  constexpr double kNear = 0.5;  // nats
  const double limit = information_limit(aggregate);
  std::string text =
      concat("The KL of ", aggregate.examples, " examples, ", fixed(aggregate.kl),
             " nats: ", fixed(aggregate.mutual_information), " ± ", fixed(aggregate.standard_error),
             " mutual information\nof x and z (at most log n = ", fixed(limit), "), ",
             fixed(aggregate.divergence), " KL of the aggregate posterior from\nthe prior.");
  if (aggregate.mutual_information > limit - kNear)
    text += " At its limit the first says little: it may be larger, and the other smaller.";
  std::cout << '\n' << (has_table_width() ? wrapped(text) : text) << '\n';
}

}  // namespace

void add_latents(Json& json, const Recipe& recipe, const Evaluation& evaluation,
                 const std::optional<AggregatePosterior>& aggregate) {
  if (!has_latents(recipe, evaluation)) return;
  json["kl_per_dimension"] = nullptr;
  if (traits_of(recipe).has_unit_kl) {
    json["kl_per_dimension"] = Json::array();
    for (const auto& unit : evaluation.units) json["kl_per_dimension"].push_back(unit.kl.value());
  }
  json["dead_units"] = dead_units(evaluation);
  json["collapse"] = collapse_report(recipe, evaluation);
  if (!aggregate) return;
  json["mutual_information"] = aggregate->mutual_information;
  json["mutual_information_error"] = aggregate->standard_error;
  json["mutual_information_limit"] = information_limit(*aggregate);
  json["aggregate_kl"] = aggregate->divergence;
  json["aggregate_examples"] = aggregate->examples;
}

void print_latents(const Recipe& recipe, const Evaluation& evaluation,
                   const std::optional<AggregatePosterior>& aggregate) {
  if (!has_latents(recipe, evaluation)) return;
  if (aggregate) print_aggregate(*aggregate);
  if (!traits_of(recipe).has_unit_kl) {
    std::cout << '\n'
              << wrapped("The KL is of all latent dimensions together: the prior is no product of them.")
              << '\n';
    return;
  }
  std::vector<std::pair<std::string, double>> kl;
  for (std::size_t d = 0; d < evaluation.units.size(); ++d)
    kl.emplace_back(concat("z", d), evaluation.units[d].kl.value());
  std::cout << "\nKL of each latent dimension, nats\n";
  print_parts(std::move(kl));
}

std::vector<std::string> collapse_report(const Recipe& recipe, const Evaluation& evaluation) {
  // One example cannot show whether a mean varies.
  if (!has_latents(recipe, evaluation) || evaluation.examples < 2) return {};
  const auto dead = dead_units(evaluation);
  if (dead.empty()) return {};
  const auto all = evaluation.units.size();
  if (dead.size() == all) {
    return {concat("Posterior collapse: ", all == 1 ? "the latent dimension is" : "all latent dimensions are",
                   " dead (KL ", fixed(evaluation.terms.kl), " nats): the decoder makes no use of z."),
            concat("To change it: ", how_to_use_more(recipe), "; train longer; or use a weaker decoder.")};
  }
  double carried = 0.0;
  for (const auto d : dead) carried += evaluation.units[d].kl.value_or(0.0);
  // If dead dimensions carry most of the KL, the model has not learned yet, and fewer dimensions would not
  // help.
  const bool spare = traits_of(recipe).has_unit_kl && carried < 0.1 * evaluation.terms.kl;
  return {concat(dead.size(), " of ", all, " latent dimensions ", dead.size() == 1 ? "is" : "are", " dead (",
                 names_of(dead), "): ", carried_in_words(carried, recipe, evaluation)),
          concat(spare ? concat("model.latent=", all - dead.size(), " should do as well; to")
                       : std::string("Train for longer; to"),
                 " have more of them used, ", how_to_use_more(recipe), ".")};
}

void print_collapse(const Recipe& recipe, const Evaluation& evaluation) {
  const auto lines = collapse_report(recipe, evaluation);
  if (!lines.empty()) std::cout << '\n';
  for (const auto& line : lines) std::cout << wrapped(line) << '\n';
}

}  // namespace elbo::command
